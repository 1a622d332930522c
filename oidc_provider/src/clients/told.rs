//! A client's settings as metadata again: the client information response (RFC 7591 section 3.2.1).

use super::metadata::Metadata;
use super::{CertificateName, Client, ClientSettings, GrantType};
use serde_json::{Map, Value};

/// What is registered, without anything secret. Members without a value are left out.
pub fn metadata(client: &Client) -> Map<String, Value> {
    let document = serde_json::to_value(written(client)).unwrap_or_default();
    let Value::Object(members) = document else {
        return Map::new();
    };
    members.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// What of the settings is other than usual, under their own names: for lists that show the usual ones in words.
pub fn unusual(settings: &ClientSettings) -> Vec<(String, String)> {
    const IN_WORDS: [&str; 7] = [
        "redirect-uris",
        "post-logout-redirect-uris",
        "pkce",
        "consent",
        "id-token-alg",
        "acr-aliases",
        "auth-method",
    ];
    let Ok(Value::Object(all)) = serde_json::to_value(settings) else {
        return Vec::new();
    };
    let told = all.into_iter().filter(|(name, _)| !IN_WORDS.contains(&name.as_str()));
    told.map(|(name, value)| match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    })
    .collect()
}

fn some<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn written(client: &Client) -> Metadata {
    let settings = &client.settings;
    let on = |flag: bool| flag.then_some(true);
    let code = settings.grant_types.contains(&GrantType::AuthorizationCode);
    let name = settings.tls_client_auth.clone();
    let (mut dn, mut dns, mut uri, mut ip, mut email) = (None, None, None, None, None);
    match name {
        Some(CertificateName::SubjectDn(text)) => dn = Some(text),
        Some(CertificateName::SanDns(text)) => dns = Some(text),
        Some(CertificateName::SanUri(text)) => uri = Some(text),
        Some(CertificateName::SanIp(address)) => ip = Some(address.to_string()),
        Some(CertificateName::SanEmail(text)) => email = Some(text),
        None => {}
    }
    Metadata {
        redirect_uris: some(&settings.redirect_uris),
        response_types: Some(if code { vec!["code".to_owned()] } else { Vec::new() }),
        grant_types: Some(settings.grant_types.iter().map(ToString::to_string).collect()),
        application_type: Some(settings.application_type.to_string()),
        contacts: some(&settings.contacts),
        client_name: Some(client.name.clone()),
        logo_uri: settings.logo_uri.clone(),
        client_uri: settings.client_uri.clone(),
        policy_uri: settings.policy_uri.clone(),
        tos_uri: settings.tos_uri.clone(),
        jwks_uri: settings.jwks_uri.clone(),
        jwks: settings.jwks.clone(),
        sector_identifier_uri: settings.sector_identifier_uri.clone(),
        subject_type: Some(settings.subject_type.to_string()),
        scope: settings
            .scopes
            .as_ref()
            .map(|scopes| scopes.iter().cloned().collect::<Vec<_>>().join(" ")),
        id_token_signed_response_alg: Some(settings.id_token_alg.to_string()),
        userinfo_signed_response_alg: settings.userinfo_alg.map(|alg| alg.to_string()),
        introspection_signed_response_alg: settings.introspection_alg.map(|alg| alg.to_string()),
        authorization_signed_response_alg: settings.response_alg.map(|alg| alg.to_string()),
        request_object_signing_alg: settings.request_object_alg.map(|alg| alg.to_string()),
        token_endpoint_auth_method: Some(client.auth_method().registered_name().to_owned()),
        token_endpoint_auth_signing_alg: settings.auth_signing_alg.map(|alg| alg.to_string()),
        default_max_age: settings.default_max_age,
        require_auth_time: Some(settings.require_auth_time),
        default_acr_values: some(&settings.default_acr_values),
        initiate_login_uri: settings.initiate_login_uri.clone(),
        request_uris: some(&settings.request_uris),
        post_logout_redirect_uris: some(&settings.post_logout_redirect_uris),
        backchannel_logout_uri: settings.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: on(settings.backchannel_logout_session_required),
        frontchannel_logout_uri: settings.frontchannel_logout_uri.clone(),
        frontchannel_logout_session_required: on(settings.frontchannel_logout_session_required),
        tls_client_auth_subject_dn: dn,
        tls_client_auth_san_dns: dns,
        tls_client_auth_san_uri: uri,
        tls_client_auth_san_ip: ip,
        tls_client_auth_san_email: email,
        tls_client_certificate_bound_access_tokens: on(settings.certificate_bound),
        dpop_bound_access_tokens: on(settings.dpop_bound),
        require_pushed_authorization_requests: on(settings.require_pushed),
        require_signed_request_object: on(settings.require_request_object),
        ..Metadata::default()
    }
}
