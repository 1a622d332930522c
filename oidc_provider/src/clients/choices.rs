//! The choices among a client's settings, each a closed list with the specifications' own words.

use crate::keys::Alg;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Whether the person is asked before the application learns who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// The operator decided for everybody: an application of their own.
    #[default]
    Given,
    /// Each person is asked once for each set of scopes.
    Asked,
}

/// Whether codes must be bound by PKCE (RFC 7636). Always so for public clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pkce {
    /// A request without a challenge is refused.
    #[default]
    Required,
    /// A confidential client too old to send one; the nonce and its secret remain.
    Optional,
}

/// A closed list whose members each have one word on the wire.
macro_rules! words {
    ($(#[$outer:meta])* $type:ident, $what:literal { $($(#[$doc:meta])* $name:ident = $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$doc])* #[serde(rename = $word)] $name,)+
        }

        impl $type {
            /// Each of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its word.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = NotAWord;
            fn from_str(text: &str) -> Result<Self, NotAWord> {
                let found = Self::ALL.iter().copied().find(|one| one.name() == text);
                found.ok_or(NotAWord { what: $what, words: &[$($word),+] })
            }
        }
    };
}

/// A word that is not in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} is one of: {list}", list = words.join(", "))]
pub struct NotAWord {
    what: &'static str,
    words: &'static [&'static str],
}

words! {
    /// How a client proves who it is (OpenID Connect Core section 9, RFC 8705 section 2): this one way and no other.
    AuthMethod, "an authentication method" {
        /// Its secret, by whichever of the two ways its library sends it, one at a time. A name of ours: an operator need not
        /// know what a library does, while an application that registers itself says which of the next two it is.
        ClientSecret = "client_secret",
        /// Its secret, in the `Authorization` header (RFC 6749 section 2.3.1).
        ClientSecretBasic = "client_secret_basic",
        /// Its secret, in the form.
        ClientSecretPost = "client_secret_post",
        /// A JWT that its key signed (RFC 7523).
        PrivateKeyJwt = "private_key_jwt",
        /// A certificate of an authority that the operator named (RFC 8705 section 2.1).
        TlsClientAuth = "tls_client_auth",
        /// A certificate whose key is registered (RFC 8705 section 2.2).
        SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
        /// Not at all: a public client.
        None = "none",
    }
}

impl AuthMethod {
    /// Whether it shows a secret that we gave out.
    pub fn has_secret(self) -> bool {
        matches!(
            self,
            Self::ClientSecret | Self::ClientSecretBasic | Self::ClientSecretPost
        )
    }

    /// Its name in the specifications.
    pub fn registered_name(self) -> &'static str {
        match self {
            Self::ClientSecret => Self::ClientSecretBasic.name(),
            method => method.name(),
        }
    }

    /// Whether a request that shows a secret by `used` may come from a client of this method.
    pub fn takes_secret_by(self, used: Self) -> bool {
        used.has_secret() && (self == used || self == Self::ClientSecret)
    }

    /// Whether it needs a client certificate.
    pub fn has_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }
}

words! {
    /// What a client may ask `/token` for.
    GrantType, "a grant type" {
        /// RFC 6749 section 4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 section 6.
        RefreshToken = "refresh_token",
        /// RFC 6749 section 4.4.
        ClientCredentials = "client_credentials",
        /// RFC 8628.
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// RFC 8693.
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
    }
}

words! {
    /// What its access tokens look like.
    AccessTokenForm, "an access token" {
        /// A text that only we can read anything from.
        Opaque = "opaque",
        /// A signed JWT (RFC 9068).
        Jwt = "jwt",
    }
}

words! {
    /// When it gets refresh tokens, if it is registered for them.
    RefreshUse, "a use of refresh tokens" {
        /// For `offline_access` (OpenID Connect Core section 11).
        OfflineAccess = "offline-access",
        /// Always; without `offline_access` they end with the session.
        Session = "session",
    }
}

words! {
    /// Which set of rules holds for it as a whole.
    Profile, "a profile" {
        /// OpenID Connect and OAuth 2.1.
        Plain = "plain",
        /// The FAPI 2.0 Security Profile.
        Fapi2 = "fapi2",
        /// The same with FAPI 2.0 Message Signing.
        Fapi2Signed = "fapi2-signed",
    }
}

words! {
    /// How people are called in its tokens (OpenID Connect Core section 8).
    SubjectType, "a subject type" {
        /// By one name everywhere.
        Public = "public",
        /// By a name that only applications of one sector know.
        Pairwise = "pairwise",
    }
}

words! {
    /// Where the application runs (OpenID Connect Registration section 2).
    ApplicationType, "an application type" {
        /// On a server.
        Web = "web",
        /// On somebody's device.
        Native = "native",
    }
}

/// How request objects are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestObjectAlg {
    /// `none`: not at all, which must be asked for by registration (OpenID Connect Core section 6.1).
    Unsigned,
    /// With this algorithm.
    Signed(Alg),
}

impl fmt::Display for RequestObjectAlg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("none"),
            Self::Signed(alg) => alg.fmt(f),
        }
    }
}

impl FromStr for RequestObjectAlg {
    type Err = crate::keys::NotAnAlg;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::Unsigned),
            alg => alg.parse().map(Self::Signed),
        }
    }
}

/// What a certificate of `tls_client_auth` must name (RFC 8705 section 2.1.2): one of these, and exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateName {
    /// Its subject, as RFC 4514 writes names.
    SubjectDn(String),
    /// A DNS name among its alternative names.
    SanDns(String),
    /// A URI among them.
    SanUri(String),
    /// An address among them.
    SanIp(std::net::IpAddr),
    /// A mail address among them.
    SanEmail(String),
}
