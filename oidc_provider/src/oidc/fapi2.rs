//! The FAPI 2.0 Security Profile (Final, 2025) and Message Signing: each clause for authorization servers that our other rules do
//! not hold for everybody already is a function here, named after what it asks and numbered as there.
//!
//! Who is registered with `profile: fapi2` gets the whole and nothing weaker: registration refuses what contradicts it, and each
//! endpoint asks here again. For everybody hold already: metadata (5.3.2.1-1), no password grant (-2), no open redirector
//! (-7), the issuer alone as a client assertion's audience (-8), clocks a little ahead (-13), codes used once (5.3.2.2-9),
//! `iss` in answers (-7), 303 and never 307 (-10, -11).

use crate::clients::{
    ApplicationType, AuthMethod, Client, ClientKind, ClientSettings, GrantType, Pkce, Profile, RequestObjectAlg,
};
use crate::keys::Alg;
use std::fmt;

/// Seconds that a code of the profile lives at most (5.3.2.1-11).
const CODE_SECONDS: i64 = 60;

/// What signatures of the profile are made with (5.4.1-2).
const ALGS: [Alg; 3] = [Alg::Ps256, Alg::Es256, Alg::EdDsa];

/// Whether the profile holds for this client.
pub fn is(client: &Client) -> bool {
    client.settings.profile != Profile::Plain
}

/// 5.4.1-2: what this client may sign with, and be told things with.
pub fn algs(client: &Client) -> &'static [Alg] {
    if is(client) { &ALGS } else { &Alg::ALL }
}

/// 5.3.2.1-4 and -5: whether its access tokens must be bound to a key of its own, by DPoP or by its certificate.
pub fn must_bind(client: &Client) -> bool {
    is(client)
}

/// 5.3.2.1-9: whether its refresh tokens change with each use. The profile wants them kept: they are bound to its key
/// already.
pub fn rotates_refresh(client: &Client) -> bool {
    !is(client)
}

/// 5.3.2.1-11: how long its codes live, where others' live so many seconds.
pub fn code_seconds(client: &Client, configured: i64) -> i64 {
    if is(client) {
        configured.min(CODE_SECONDS)
    } else {
        configured
    }
}

/// 5.3.2.2-3: whether its requests must have been pushed.
pub fn must_push(client: &Client) -> bool {
    is(client) || client.settings.require_pushed
}

/// 5.3.2.2-8: whether an answer may go there: over TLS, or to an app on the person's own device.
pub fn may_return_to(client: &Client, redirect_uri: &str) -> bool {
    !is(client) || protected(redirect_uri, client.settings.application_type)
}

/// Message Signing 5.3.1: whether its requests must come signed, as the client may also have registered (RFC 9101 section
/// 10.5).
pub fn must_sign(client: &Client) -> bool {
    client.settings.profile == Profile::Fapi2Signed || client.settings.require_request_object
}

/// Message Signing 5.4.2: whether its answers are signed (JARM), whatever it asks for.
pub fn signs_answers(client: &Client) -> bool {
    client.settings.profile == Profile::Fapi2Signed
}

fn protected(redirect_uri: &str, application: ApplicationType) -> bool {
    let loopback = ["http://127.0.0.1", "http://[::1]"].iter().any(|host| {
        let rest = redirect_uri.strip_prefix(host);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
    });
    redirect_uri.starts_with("https://") || (loopback && application == ApplicationType::Native)
}

/// A setting that the profile does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The setting, as it is written.
    pub setting: &'static str,
    /// What the profile asks.
    pub wanted: Wanted,
    /// Where it says so.
    pub clause: &'static str,
}

/// What the profile asks of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A client that keeps a secret or a key.
    Confidential,
    /// Authentication by a key of its own.
    OwnKey,
    /// No device flow: its requests can be neither pushed nor bound by PKCE.
    NoDeviceCode,
    /// PKCE with S256.
    S256,
    /// Addresses that nobody between can read.
    Protected,
    /// A strong signature.
    Alg,
    /// Requests that are pushed, and none fetched.
    Pushed,
    /// The keys that sign its requests.
    Keys,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Confidential => "a confidential client",
            Self::OwnKey => "private_key_jwt, tls_client_auth or self_signed_tls_client_auth",
            Self::NoDeviceCode => "no device_code: its requests can be neither pushed nor bound by PKCE",
            Self::S256 => "PKCE with S256",
            Self::Protected => "https, or a native application's http://127.0.0.1 and http://[::1]",
            Self::Alg => "PS256, ES256 or EdDSA",
            Self::Pushed => "requests that are pushed",
            Self::Keys => "the keys that sign its requests, in jwks or jwks-uri",
        })
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            wanted,
            clause,
        } = self;
        write!(f, "{setting}: the profile wants {wanted} (FAPI 2.0, {clause})")
    }
}

/// Everything in these settings that the profile they name does not allow; empty for clients of no profile.
pub fn contradictions(kind: ClientKind, settings: &ClientSettings) -> Vec<Contradiction> {
    if settings.profile == Profile::Plain {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut hold = |holds: bool, setting, wanted, clause| {
        if !holds {
            found.push(Contradiction {
                setting,
                wanted,
                clause,
            });
        }
    };
    hold(
        kind == ClientKind::Confidential,
        "kind",
        Wanted::Confidential,
        "5.3.2.1-3",
    );
    hold(
        settings.auth_method == AuthMethod::PrivateKeyJwt || settings.auth_method.has_certificate(),
        "auth-method",
        Wanted::OwnKey,
        "5.3.2.1-6",
    );
    hold(
        !settings.grant_types.contains(&GrantType::DeviceCode),
        "grant-types",
        Wanted::NoDeviceCode,
        "5.3.2.2",
    );
    hold(settings.pkce == Pkce::Required, "pkce", Wanted::S256, "5.3.2.2-5");
    let safe = |uri: &String| protected(uri, settings.application_type);
    hold(
        settings.redirect_uris.iter().all(safe),
        "redirect-uris",
        Wanted::Protected,
        "5.3.2.2-8",
    );
    for (setting, alg) in [
        ("id-token-alg", Some(settings.id_token_alg)),
        ("auth-signing-alg", settings.auth_signing_alg),
        ("access-token-alg", settings.access_token_alg),
        ("userinfo-alg", settings.userinfo_alg),
        ("introspection-alg", settings.introspection_alg),
        ("response-alg", settings.response_alg),
    ] {
        hold(
            alg.is_none_or(|alg| ALGS.contains(&alg)),
            setting,
            Wanted::Alg,
            "5.4.1-2",
        );
    }
    let signed = match settings.request_object_alg {
        None => true,
        Some(RequestObjectAlg::Signed(alg)) => ALGS.contains(&alg),
        Some(RequestObjectAlg::Unsigned) => false,
    };
    hold(signed, "request-object-alg", Wanted::Alg, "5.4.1-2");
    hold(
        settings.request_uris.is_empty(),
        "request-uris",
        Wanted::Pushed,
        "5.3.2.2-3",
    );
    if settings.profile == Profile::Fapi2Signed {
        hold(
            settings.jwks.is_some() || settings.jwks_uri.is_some(),
            "jwks",
            Wanted::Keys,
            "Message Signing 5.3.1",
        );
    }
    found
}

/// Settings of the profile to begin with, all that a registration leaves open being its own: addresses and keys.
pub fn fitting() -> ClientSettings {
    ClientSettings {
        profile: Profile::Fapi2,
        auth_method: AuthMethod::PrivateKeyJwt,
        id_token_alg: Alg::Ps256,
        require_pushed: true,
        dpop_bound: true,
        ..ClientSettings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(change: impl Fn(&mut ClientSettings)) -> Vec<&'static str> {
        let mut settings = fitting();
        settings.redirect_uris = vec!["https://app.example/cb".into()];
        change(&mut settings);
        let found = contradictions(ClientKind::Confidential, &settings);
        found.into_iter().map(|one| one.setting).collect()
    }

    type Change = fn(&mut ClientSettings);

    #[test]
    fn each_weaker_setting_is_named() {
        assert!(named(|_| {}).is_empty());
        assert_eq!(contradictions(ClientKind::Public, &fitting())[0].setting, "kind");
        let cases: [(&str, Change); 12] = [
            ("auth-method", |s| s.auth_method = AuthMethod::ClientSecretBasic),
            ("auth-signing-alg", |s| s.auth_signing_alg = Some(Alg::Rs256)),
            ("grant-types", |s| {
                s.grant_types.insert(GrantType::DeviceCode);
            }),
            ("pkce", |s| s.pkce = Pkce::Optional),
            ("redirect-uris", |s| {
                s.redirect_uris = vec!["http://localhost/cb".into()];
            }),
            ("id-token-alg", |s| s.id_token_alg = Alg::Rs256),
            ("access-token-alg", |s| s.access_token_alg = Some(Alg::Rs256)),
            ("userinfo-alg", |s| s.userinfo_alg = Some(Alg::Rs256)),
            ("response-alg", |s| s.response_alg = Some(Alg::Rs256)),
            ("request-object-alg", |s| {
                s.request_object_alg = Some(RequestObjectAlg::Unsigned);
            }),
            ("request-uris", |s| {
                s.request_uris = vec!["https://app.example/r".into()];
            }),
            ("jwks", |s| s.profile = Profile::Fapi2Signed),
        ];
        for (setting, change) in cases {
            assert_eq!(named(change), [setting]);
        }
        // All at once, each by its name.
        let all = named(|settings| {
            for (_, change) in cases {
                change(settings);
            }
        });
        assert_eq!(all.len(), cases.len(), "{all:?}");
        assert!(
            named(|s| *s = ClientSettings::default()).is_empty(),
            "without the profile none of it holds"
        );
    }

    #[test]
    fn only_a_native_application_is_answered_without_tls_and_only_on_its_own_device() {
        use ApplicationType::{Native, Web};
        assert!(protected("https://app.example/cb", Web));
        assert!(protected("http://127.0.0.1:8080/cb", Native) && protected("http://[::1]/cb", Native));
        for (uri, application) in [
            ("http://127.0.0.1/cb", Web),
            ("http://localhost/cb", Native),
            ("http://127.0.0.1.evil.example/cb", Native),
            ("com.example.app:/cb", Native),
        ] {
            assert!(!protected(uri, application), "{uri}");
        }
    }
}
