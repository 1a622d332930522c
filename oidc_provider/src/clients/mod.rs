//! Relying parties: who they are, what they may ask, and how they are registered.

mod assertions;
mod choices;
mod fetched;
pub mod initial;
mod keys;
mod metadata;
pub mod redirect;
mod refreshing;
mod registration;
mod rows;
mod rules;
mod settings;
mod told;

pub use assertions::{spend_assertion, sweep};
pub use choices::{
    AccessTokenForm, ApplicationType, AuthMethod, CertificateName, Consent, GrantType, NotAWord, Pkce, Profile,
    RefreshUse, RequestObjectAlg, SubjectType,
};
pub use fetched::FetchedKeys;
pub use initial::{InitialToken, InitialTokenError, NewInitialToken, Terms};
pub use keys::{KeysProblem, keys, keys_anew, verified};
pub use metadata::{BadMember, Metadata};
pub use redirect::RedirectProblem;
pub use refreshing::Exchange;
pub use registration::{Ensured, NewSecret, Registration, RegistrationError, ensure, register, remove, renew_secret};
pub use rows::{
    Secrets, SelfRegistered, by_id, drop_secret, list, registration_hash, secret_hash, set_registered, strangers,
    with_secrets,
};
pub use rules::checked as acceptable;
pub use settings::ClientSettings;
pub use told::{metadata, unusual};

use crate::oidc::acr;
use crate::oidc::scope::Scope;
use samekey_shared::clock::UnixTime;
use samekey_shared::methods::Level;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The public name of a relying party: letters, digits and `-._~`, at most 64.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ClientId(String);

/// Not a client id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client id has 1 to 64 characters, of A-Z a-z 0-9 - . _ ~")]
pub struct NotAClientId;

impl FromStr for ClientId {
    type Err = NotAClientId;
    fn from_str(text: &str) -> Result<Self, NotAClientId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
            return Err(NotAClientId);
        }
        Ok(Self(text.to_owned()))
    }
}

impl ClientId {
    /// The id as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a client can keep a secret (RFC 6749 section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientKind {
    /// A web application: authenticates with its secret at the token endpoint.
    Confidential,
    /// An app on somebody's device or in a browser: has no secret, PKCE alone binds its codes.
    Public,
}

impl ClientKind {
    /// Its word in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confidential => "confidential",
            Self::Public => "public",
        }
    }
}

impl ClientKind {
    /// Whose redirect addresses they are.
    pub fn owner(self) -> redirect::Owner {
        match self {
            Self::Confidential => redirect::Owner::Confidential,
            Self::Public => redirect::Owner::Public,
        }
    }
}

impl FromStr for ClientKind {
    type Err = RegistrationError;
    fn from_str(text: &str) -> Result<Self, RegistrationError> {
        match text {
            "confidential" => Ok(Self::Confidential),
            "public" => Ok(Self::Public),
            _ => Err(RegistrationError::Kind),
        }
    }
}

/// A registered relying party, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Client {
    /// Its public name.
    pub id: ClientId,
    /// What people see on the consent and sign-in pages.
    pub name: String,
    /// Whether it keeps a secret.
    pub kind: ClientKind,
    /// What the operator decided.
    pub settings: ClientSettings,
    /// When it was registered.
    pub created_at: UnixTime,
}

impl Client {
    /// The level that a name stands for: one of ours, or one of the client's own names for it.
    pub fn level(&self, name: &str) -> Option<Level> {
        let ours = self.settings.acr_aliases.get(name).map_or(name, String::as_str);
        acr::level(ours)
    }

    /// How it proves who it is.
    pub fn auth_method(&self) -> AuthMethod {
        match self.kind {
            ClientKind::Confidential => self.settings.auth_method,
            ClientKind::Public => AuthMethod::None,
        }
    }

    /// Who shares its pairwise names (OpenID Connect Core section 8.1): the host of its `sector_identifier_uri`, or the one
    /// host of its redirect addresses; without either it is alone.
    pub fn sector(&self) -> String {
        let settings = &self.settings;
        let address = settings
            .sector_identifier_uri
            .as_ref()
            .or(settings.redirect_uris.first());
        let host = address.and_then(|address| redirect::host(address));
        host.unwrap_or_else(|| format!("client:{}", self.id))
    }

    /// Whether it may ask `/token` for this.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.settings.grant_types.contains(&grant)
    }

    /// Whether it may ask for this scope: for one of those it is registered for, or, where it is registered for none by name,
    /// for any but administration.
    pub fn may_ask(&self, scope: Scope) -> bool {
        match &self.settings.scopes {
            Some(named) => named.contains(scope.name()),
            None => scope != Scope::Administration,
        }
    }

    /// Whether a request of this client may come without a PKCE challenge.
    pub fn may_omit_pkce(&self) -> bool {
        self.kind == ClientKind::Confidential && self.settings.pkce == Pkce::Optional
    }

    /// The registered redirect address that a request names exactly.
    pub fn redirect<'a>(&self, named: &'a str) -> Option<&'a str> {
        let known = self
            .settings
            .redirect_uris
            .iter()
            .any(|uri| redirect::matches(uri, named));
        known.then_some(named)
    }

    /// The registered place after signing out that a request names exactly.
    pub fn post_logout_redirect<'a>(&self, named: &'a str) -> Option<&'a str> {
        let known = self
            .settings
            .post_logout_redirect_uris
            .iter()
            .any(|uri| redirect::matches(uri, named));
        known.then_some(named)
    }

    /// The origins that its pages may call us from (CORS).
    pub fn origins(&self) -> impl Iterator<Item = String> + '_ {
        let uris = self.settings.redirect_uris.iter();
        uris.filter(|uri| uri.starts_with("http"))
            .filter_map(|uri| redirect::origin(uri))
    }
}
