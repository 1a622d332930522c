//! What a client's settings must hold, whoever wrote them: the operator, an administrator, or the client itself.

use super::redirect::{self, Owner};
use super::{AuthMethod, CertificateName, ClientKind, ClientSettings, GrantType, Pkce, RegistrationError, SubjectType};
use crate::jose::JwkSet;
use crate::oidc::client_auth::distinguished;
use crate::oidc::{acr, fapi2};

/// Most addresses of one kind.
const MOST: usize = 32;
/// Longest text that is no address: a mail address, a scope, a level.
const LONGEST: usize = 255;

/// The settings in the one way they are stored, or what is wrong with them.
pub fn checked(kind: ClientKind, settings: &ClientSettings) -> Result<ClientSettings, RegistrationError> {
    let mut settings = settings.clone();
    if kind == ClientKind::Public {
        settings.auth_method = AuthMethod::None;
    }
    addresses(kind.owner(), &settings)?;
    kind_fits(kind, &settings)?;
    authentication(&settings)?;
    pairwise(&settings)?;
    links(&settings)?;
    lists(&settings)?;
    let contradictions = fapi2::contradictions(kind, &settings);
    if !contradictions.is_empty() {
        return Err(RegistrationError::Profile(contradictions));
    }
    Ok(settings)
}

fn wrong(name: &'static str, why: &'static str) -> RegistrationError {
    RegistrationError::Setting { name, why }
}

fn addresses(owner: Owner, settings: &ClientSettings) -> Result<(), RegistrationError> {
    let returns = settings.grant_types.contains(&GrantType::AuthorizationCode);
    if returns && settings.redirect_uris.is_empty() {
        return Err(RegistrationError::NoRedirect);
    }
    if settings.redirect_uris.len() > MOST || settings.post_logout_redirect_uris.len() > MOST {
        return Err(RegistrationError::TooMany);
    }
    for uri in settings.redirect_uris.iter().chain(&settings.post_logout_redirect_uris) {
        redirect::acceptable(uri, owner).map_err(|why| RegistrationError::Redirect { uri: uri.clone(), why })?;
    }
    Ok(())
}

fn kind_fits(kind: ClientKind, settings: &ClientSettings) -> Result<(), RegistrationError> {
    if settings.grant_types.is_empty() {
        return Err(wrong("grant-types", "a client needs at least one"));
    }
    match kind {
        ClientKind::Public if settings.pkce == Pkce::Optional => Err(RegistrationError::PublicPkce),
        ClientKind::Public if settings.grant_types.contains(&GrantType::ClientCredentials) => Err(wrong(
            "grant-types",
            "a public client has no credentials of its own (RFC 6749 section 4.4)",
        )),
        ClientKind::Confidential if settings.auth_method == AuthMethod::None => Err(wrong(
            "auth-method",
            "a confidential client proves who it is; make it public",
        )),
        _ => Ok(()),
    }
}

fn authentication(settings: &ClientSettings) -> Result<(), RegistrationError> {
    if settings.jwks.is_some() && settings.jwks_uri.is_some() {
        return Err(wrong("jwks", "not together with jwks-uri"));
    }
    if let Some(keys) = &settings.jwks {
        JwkSet::parse(keys).map_err(RegistrationError::Keys)?;
    }
    if let Some(uri) = &settings.jwks_uri {
        callable("jwks-uri", uri)?;
    }
    let has_keys = settings.jwks.is_some() || settings.jwks_uri.is_some();
    match settings.auth_method {
        AuthMethod::PrivateKeyJwt | AuthMethod::SelfSignedTlsClientAuth if !has_keys => {
            Err(wrong("jwks", "this auth-method needs jwks or jwks-uri"))
        }
        AuthMethod::TlsClientAuth => certificate_name(settings.tls_client_auth.as_ref()),
        _ if settings.tls_client_auth.is_some() => {
            Err(wrong("tls-client-auth", "only with auth-method tls_client_auth"))
        }
        _ => Ok(()),
    }
}

fn certificate_name(name: Option<&CertificateName>) -> Result<(), RegistrationError> {
    let readable = match name {
        None => {
            return Err(wrong(
                "tls-client-auth",
                "auth-method tls_client_auth needs the name in the certificate",
            ));
        }
        Some(CertificateName::SubjectDn(text)) => distinguished(text).is_some_and(|text| !text.is_empty()),
        Some(CertificateName::SanDns(text) | CertificateName::SanUri(text) | CertificateName::SanEmail(text)) => {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
        }
        Some(CertificateName::SanIp(_)) => true,
    };
    if readable {
        Ok(())
    } else {
        Err(wrong(
            "tls-client-auth",
            "the name cannot be read (subject-dn as in RFC 4514)",
        ))
    }
}

/// OpenID Connect Core section 8.1: without a `sector_identifier_uri` all redirect addresses have one host.
fn pairwise(settings: &ClientSettings) -> Result<(), RegistrationError> {
    if let Some(uri) = &settings.sector_identifier_uri {
        callable("sector-identifier-uri", uri)?;
        return Ok(());
    }
    if settings.subject_type == SubjectType::Public {
        return Ok(());
    }
    let mut hosts = settings.redirect_uris.iter().map(|uri| redirect::host(uri));
    let first = hosts.next().flatten();
    if first.is_some() && hosts.all(|host| host == first) {
        Ok(())
    } else {
        Err(wrong(
            "sector-identifier-uri",
            "pairwise needs it where the redirect addresses have not one host",
        ))
    }
}

/// What people and programs are sent to: https, or http on this machine; never a scheme that runs code.
fn links(settings: &ClientSettings) -> Result<(), RegistrationError> {
    let shown = [
        ("logo-uri", &settings.logo_uri),
        ("client-uri", &settings.client_uri),
        ("policy-uri", &settings.policy_uri),
        ("tos-uri", &settings.tos_uri),
        ("backchannel-logout-uri", &settings.backchannel_logout_uri),
        ("frontchannel-logout-uri", &settings.frontchannel_logout_uri),
        ("initiate-login-uri", &settings.initiate_login_uri),
    ];
    for (name, uri) in shown {
        if let Some(uri) = uri {
            callable(name, uri)?;
        }
    }
    // OpenID Connect Core section 4.
    let begins = settings.initiate_login_uri.as_deref();
    if begins.is_some_and(|uri| !uri.starts_with("https://")) {
        return Err(wrong("initiate-login-uri", "only https"));
    }
    // OpenID Connect Front-Channel Logout section 2.
    if let Some(uri) = &settings.frontchannel_logout_uri {
        let origin = redirect::origin(uri);
        let own = settings
            .redirect_uris
            .iter()
            .any(|known| redirect::origin(known) == origin);
        if !own {
            return Err(wrong(
                "frontchannel-logout-uri",
                "of the same origin as a redirect address",
            ));
        }
    }
    for uri in &settings.request_uris {
        callable("request-uris", uri.split('#').next().unwrap_or_default())?;
    }
    Ok(())
}

fn callable(name: &'static str, uri: &str) -> Result<(), RegistrationError> {
    redirect::acceptable(uri, Owner::Confidential).map_err(|why| RegistrationError::Address { name, why })
}

fn lists(settings: &ClientSettings) -> Result<(), RegistrationError> {
    let longest = [
        settings.request_uris.len(),
        settings.resources.len(),
        settings.contacts.len(),
        settings.default_acr_values.len(),
        settings.acr_aliases.len(),
        settings.scopes.as_ref().map_or(0, std::collections::BTreeSet::len),
    ];
    if longest.into_iter().any(|number| number > MOST) {
        return Err(RegistrationError::TooMany);
    }
    if let Some(unknown) = settings.acr_aliases.values().find(|ours| acr::level(ours).is_none()) {
        return Err(RegistrationError::Alias(unknown.clone()));
    }
    // RFC 6749 section 3.3.
    let is_word = |word: &String| word.len() <= LONGEST && is_plain(word) && !word.contains(['"', '\\']);
    if !settings.scopes.iter().flatten().all(is_word) || !settings.default_acr_values.iter().all(is_word) {
        return Err(wrong("scopes", "words without blanks, quotes and backslashes"));
    }
    if !settings.contacts.iter().all(is_word) {
        return Err(wrong("contacts", "mail addresses"));
    }
    // RFC 8707 section 2.
    let is_resource = |uri: &String| {
        let absolute = url::Url::parse(uri).is_ok();
        absolute && uri.len() <= 2000 && is_plain(uri) && !uri.contains('#')
    };
    if !settings.resources.iter().all(is_resource) {
        return Err(wrong("resources", "absolute addresses without a fragment (RFC 8707)"));
    }
    if settings
        .default_max_age
        .is_some_and(|seconds| !(0..=31_536_000).contains(&seconds))
    {
        return Err(wrong("default-max-age", "seconds, at most a year"));
    }
    Ok(())
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}
