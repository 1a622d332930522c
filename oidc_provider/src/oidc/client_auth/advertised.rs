//! What discovery tells of client authentication (RFC 8414 section 2, RFC 8705 section 5).

use crate::app::routes;
use crate::clients::AuthMethod;
use crate::config::ProviderConfig;
use crate::keys::Alg;
use serde_json::{Value, json};

/// The methods that can work here: certificates only where one can reach us and, for the first of the two kinds, where
/// somebody vouches for them.
pub fn methods(config: &ProviderConfig) -> Vec<&'static str> {
    let tls = &config.mutual_tls;
    let works = |method: &AuthMethod| match method {
        AuthMethod::TlsClientAuth => tls.is_on() && tls.authorities.is_some(),
        AuthMethod::SelfSignedTlsClientAuth => tls.is_on(),
        // A name of ours for the two that follow it.
        AuthMethod::ClientSecret => false,
        _ => true,
    };
    let methods = AuthMethod::ALL.iter().copied().filter(works);
    methods.map(AuthMethod::name).collect()
}

/// The members of the document.
pub fn advertised(config: &ProviderConfig) -> Vec<(&'static str, Value)> {
    let methods = methods(config);
    let confidential: Vec<_> = methods.iter().filter(|method| **method != "none").collect();
    let algs = json!(Alg::ALL.map(Alg::name));
    let mut members = vec![
        ("token_endpoint_auth_methods_supported", json!(methods)),
        ("token_endpoint_auth_signing_alg_values_supported", algs.clone()),
        // Whoever asks about tokens proves who it is; whoever takes one back shows it.
        ("introspection_endpoint_auth_methods_supported", json!(confidential)),
        ("introspection_endpoint_auth_signing_alg_values_supported", algs.clone()),
        ("revocation_endpoint_auth_methods_supported", json!(methods)),
        ("revocation_endpoint_auth_signing_alg_values_supported", algs),
    ];
    if config.mutual_tls.is_on() {
        // RFC 8705 section 3.3.
        members.push(("tls_client_certificate_bound_access_tokens", json!(true)));
    }
    if let Some(address) = &config.mutual_tls.address {
        let aliases = json!({
            "token_endpoint": address.at(routes::TOKEN),
            "userinfo_endpoint": address.at(routes::USERINFO),
            "introspection_endpoint": address.at(routes::INTROSPECT),
            "revocation_endpoint": address.at(routes::REVOKE),
            "pushed_authorization_request_endpoint": address.at(routes::PAR),
        });
        members.push(("mtls_endpoint_aliases", aliases));
    }
    members
}
