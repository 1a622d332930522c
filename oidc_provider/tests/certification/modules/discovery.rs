//! What the metadata must say and be (OpenID Connect Discovery 1.0 sections 3 and 4, RFC 8414 section 2).

use crate::scene::ISSUER;
use crate::suite::{DISCOVERY, Mode, Suite, jwks};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;

/// Members of the registry (IANA, OAuth Authorization Server Metadata) that a provider of ours may use.
const KNOWN: &str = "issuer authorization_endpoint token_endpoint userinfo_endpoint jwks_uri registration_endpoint \
    scopes_supported response_types_supported response_modes_supported grant_types_supported acr_values_supported \
    subject_types_supported id_token_signing_alg_values_supported userinfo_signing_alg_values_supported \
    request_object_signing_alg_values_supported token_endpoint_auth_methods_supported \
    token_endpoint_auth_signing_alg_values_supported display_values_supported claim_types_supported claims_supported \
    service_documentation claims_locales_supported ui_locales_supported claims_parameter_supported \
    request_parameter_supported request_uri_parameter_supported require_request_uri_registration op_policy_uri op_tos_uri \
    revocation_endpoint revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported \
    introspection_endpoint introspection_endpoint_auth_methods_supported \
    introspection_endpoint_auth_signing_alg_values_supported introspection_signing_alg_values_supported \
    code_challenge_methods_supported tls_client_certificate_bound_access_tokens mtls_endpoint_aliases \
    device_authorization_endpoint dpop_signing_alg_values_supported pushed_authorization_request_endpoint \
    require_pushed_authorization_requests require_signed_request_object authorization_signing_alg_values_supported \
    authorization_response_iss_parameter_supported end_session_endpoint check_session_iframe \
    frontchannel_logout_supported frontchannel_logout_session_supported backchannel_logout_supported \
    backchannel_logout_session_supported prompt_values_supported protected_resources";

/// `oidcc-discovery-endpoint-verification`
pub async fn verification() {
    let suite = Suite::new(Mode::Query);
    let page = suite.browser.get(DISCOVERY).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.headers[CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("application/json")
    );
    let metadata = page.json();
    assert_eq!(
        metadata["issuer"], ISSUER,
        "the address that was asked, without the well-known path"
    );
    endpoints(&metadata);
    shapes(&metadata);
    let has = |member: &str, word: &str| metadata[member].as_array().unwrap().iter().any(|one| one == word);
    for (member, word) in [
        ("response_types_supported", "code"),
        ("subject_types_supported", "public"),
        ("id_token_signing_alg_values_supported", "RS256"),
        ("scopes_supported", "openid"),
        ("grant_types_supported", "authorization_code"),
        ("code_challenge_methods_supported", "S256"),
        ("claims_supported", "sub"),
    ] {
        assert!(has(member, word), "{member} lacks {word}");
    }
    assert!(!has("id_token_signing_alg_values_supported", "none"));
    for member in ["code_challenge_methods_supported", "response_modes_supported"] {
        assert!(!has(member, "plain") && !has(member, "fragment"), "{member}");
    }
    let challenges = metadata["code_challenge_methods_supported"].as_array().unwrap();
    assert_eq!(challenges.len(), 1, "S256 and nothing weaker");
    jwks::fetch(&suite.browser).await;
}

/// Every address is ours, over https, without query and fragment.
fn endpoints(metadata: &Value) {
    for member in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ] {
        assert!(metadata[member].is_string(), "{member} is missing");
    }
    for (member, value) in metadata.as_object().unwrap() {
        let is_address = ["_endpoint", "_uri", "_iframe", "issuer"]
            .iter()
            .any(|end| member.ends_with(end));
        if let Some(address) = value.as_str().filter(|_| is_address) {
            assert!(address.starts_with(ISSUER), "{member}: {address}");
            assert!(!address.contains(['?', '#']), "{member}: {address}");
        }
    }
}

/// The schema: each member known, lists of distinct words, scopes and languages well written.
fn shapes(metadata: &Value) {
    let known: Vec<&str> = KNOWN.split_whitespace().collect();
    for (member, value) in metadata.as_object().unwrap() {
        assert!(known.contains(&member.as_str()), "{member} is in no registry");
        if member.ends_with("_supported") && !value.is_boolean() {
            let words: Vec<&str> = value
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one.as_str().unwrap())
                .collect();
            let mut distinct = words.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), words.len(), "{member} repeats itself");
            assert!(
                !words.is_empty() && words.iter().all(|word| !word.is_empty()),
                "{member}"
            );
        }
    }
    let scope = |b: u8| b == 0x21 || (0x23..=0x5B).contains(&b) || (0x5D..=0x7E).contains(&b);
    for word in metadata["scopes_supported"].as_array().unwrap() {
        assert!(word.as_str().unwrap().bytes().all(scope), "{word}");
    }
    for tag in metadata["ui_locales_supported"].as_array().unwrap() {
        let tag = tag.as_str().unwrap();
        let parts: Vec<&str> = tag.split('-').collect();
        let language = parts[0].len() >= 2 && parts[0].bytes().all(|b| b.is_ascii_lowercase());
        let region = parts[1..]
            .iter()
            .all(|part| (2..=8).contains(&part.len()) && part.is_ascii());
        assert!(language && region, "{tag} is no language tag (RFC 5646)");
    }
}
