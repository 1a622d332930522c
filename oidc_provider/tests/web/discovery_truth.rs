//! Row 46, from both sides: each member of the metadata stands here with the test that exercises it, and of the choices that
//! others offer, those that ours does not name are refused.

use crate::scene::{ISSUER, Scene};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// A member, and what exercises it: `file::test` of this folder, or of the certification modules.
const PROVED: &[(&str, &str)] = &[
    ("issuer", "discovery::names_endpoints_that_answer"),
    ("authorization_endpoint", "discovery::names_endpoints_that_answer"),
    ("token_endpoint", "discovery::names_endpoints_that_answer"),
    (
        "userinfo_endpoint",
        "userinfo::takes_the_token_in_each_place_and_in_one_only",
    ),
    ("jwks_uri", "discovery::every_advertised_algorithm_has_a_published_key"),
    (
        "introspection_endpoint",
        "introspect::tells_what_a_token_is_good_for_as_it_is_now",
    ),
    (
        "revocation_endpoint",
        "revoke::takes_back_what_is_the_callers_and_says_nothing_of_the_rest",
    ),
    (
        "registration_endpoint",
        "register::there_is_no_such_address_unless_the_operator_wants_it",
    ),
    (
        "pushed_authorization_request_endpoint",
        "par::a_pushed_request_is_answered_once_and_its_page_can_be_loaded_again",
    ),
    (
        "require_pushed_authorization_requests",
        "par::who_must_push_gets_nothing_by_query",
    ),
    (
        "device_authorization_endpoint",
        "connect::a_device_is_signed_in_by_its_person_and_gets_its_tokens_once",
    ),
    ("end_session_endpoint", "rp_initiated::oidcc_rp_initiated_logout"),
    (
        "check_session_iframe",
        "session::oidcc_session_management_rp_initiated_logout",
    ),
    (
        "backchannel_logout_supported",
        "backchannel::oidcc_backchannel_rp_initiated_logout",
    ),
    (
        "backchannel_logout_session_supported",
        "backchannel::oidcc_backchannel_rp_initiated_logout",
    ),
    (
        "frontchannel_logout_supported",
        "frontchannel::oidcc_frontchannel_rp_initiated_logout",
    ),
    (
        "frontchannel_logout_session_supported",
        "frontchannel::oidcc_frontchannel_rp_initiated_logout",
    ),
    (
        "scopes_supported",
        "discovery::every_advertised_choice_works_and_others_are_refused",
    ),
    (
        "response_types_supported",
        "discovery::every_advertised_choice_works_and_others_are_refused",
    ),
    (
        "response_modes_supported",
        "discovery::every_advertised_choice_works_and_others_are_refused",
    ),
    (
        "authorization_signing_alg_values_supported",
        "jarm::the_algorithm_is_the_registered_one_or_that_of_its_id_tokens",
    ),
    (
        "grant_types_supported",
        "discovery_truth::what_is_not_advertised_is_refused",
    ),
    (
        "subject_types_supported",
        "register::pairwise_names_differ_by_sector_and_only_by_sector",
    ),
    (
        "id_token_signing_alg_values_supported",
        "token::another_implementation_accepts_each_signature",
    ),
    (
        "userinfo_signing_alg_values_supported",
        "userinfo::is_signed_where_that_was_registered",
    ),
    (
        "introspection_signing_alg_values_supported",
        "introspect::is_signed_for_whoever_asks_for_that",
    ),
    (
        "token_endpoint_auth_methods_supported",
        "client_auth::a_client_has_one_method_and_uses_one_at_a_time",
    ),
    (
        "token_endpoint_auth_signing_alg_values_supported",
        "client_auth::each_algorithm_proves_a_client_and_only_its_own_does",
    ),
    (
        "introspection_endpoint_auth_methods_supported",
        "introspect::tells_nobody_else_anything",
    ),
    (
        "introspection_endpoint_auth_signing_alg_values_supported",
        "client_auth::each_algorithm_proves_a_client_and_only_its_own_does",
    ),
    (
        "revocation_endpoint_auth_methods_supported",
        "revoke::a_public_client_takes_back_its_own",
    ),
    (
        "revocation_endpoint_auth_signing_alg_values_supported",
        "client_auth::each_algorithm_proves_a_client_and_only_its_own_does",
    ),
    (
        "mtls_endpoint_aliases",
        "client_auth::discovery_tells_of_certificates_only_where_one_can_come",
    ),
    (
        "tls_client_certificate_bound_access_tokens",
        "certificates::a_bound_token_works_over_its_own_certificate_alone",
    ),
    (
        "code_challenge_methods_supported",
        "discovery_truth::what_is_not_advertised_is_refused",
    ),
    (
        "dpop_signing_alg_values_supported",
        "dpop::a_bound_token_works_with_a_proof_of_its_key_and_in_no_other_way",
    ),
    (
        "acr_values_supported",
        "discovery::every_advertised_choice_works_and_others_are_refused",
    ),
    ("claims_supported", "discovery::names_every_claim_that_it_tells"),
    (
        "claim_types_supported",
        "claims::each_scope_brings_its_claims_at_userinfo_and_no_other",
    ),
    (
        "claims_parameter_supported",
        "claims::what_is_asked_by_name_comes_where_it_was_asked",
    ),
    (
        "request_parameter_supported",
        "basic::oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported",
    ),
    (
        "request_uri_parameter_supported",
        "basic::oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported",
    ),
    (
        "require_request_uri_registration",
        "basic::oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported",
    ),
    (
        "request_object_signing_alg_values_supported",
        "basic::oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported",
    ),
    (
        "require_signed_request_object",
        "basic::oidcc_ensure_request_object_with_redirect_uri",
    ),
    ("authorization_response_iss_parameter_supported", "basic::oidcc_server"),
    (
        "prompt_values_supported",
        "discovery::every_advertised_choice_works_and_others_are_refused",
    ),
    ("display_values_supported", "basic::oidcc_display_page"),
    ("ui_locales_supported", "language::an_application_may_say_the_language"),
];

#[tokio::test]
async fn discovery_truth() {
    let metadata = Scene::new().browser().get(DISCOVERY).await.json();
    let proofs: BTreeMap<&str, &str> = PROVED.iter().copied().collect();
    assert_eq!(proofs.len(), PROVED.len(), "a member stands here twice");
    for member in metadata.as_object().unwrap().keys() {
        let proof = proofs.get(member.as_str());
        let proof = proof.unwrap_or_else(|| panic!("{member} is advertised, and no test of it is named here"));
        let (file, test) = proof.split_once("::").unwrap();
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let there = ["web", "certification"].iter().any(|folder| {
            let source = std::fs::read_to_string(tests.join(folder).join(format!("{file}.rs")));
            source.is_ok_and(|source| source.contains(&format!("async fn {test}()")))
        });
        assert!(there, "{member}: there is no test {proof}");
    }
}

/// What others offer of each choice.
const ELSEWHERE: &[(&str, &[&str])] = &[
    (
        "grant_types_supported",
        &[
            "password",
            "implicit",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:saml2-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:openid:params:grant-type:ciba",
        ],
    ),
    (
        "response_types_supported",
        &[
            "token",
            "id_token",
            "code id_token",
            "code token",
            "id_token token",
            "none",
        ],
    ),
    (
        "response_modes_supported",
        &[
            "fragment",
            "web_message",
            "fragment.jwt",
            "query.jwt",
            "form_post.jwt",
            "jwt",
        ],
    ),
    ("code_challenge_methods_supported", &["plain", "S512"]),
    ("prompt_values_supported", &["create", "enroll"]),
];

#[tokio::test]
async fn what_is_not_advertised_is_refused() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    scene
        .sign_in(&browser, &wiki.request(&[]))
        .await
        .returned("code")
        .unwrap();
    let metadata = browser.get(DISCOVERY).await.json();
    for (member, words) in ELSEWHERE {
        let named: BTreeSet<&str> = metadata[*member]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one.as_str())
            .collect();
        for word in words.iter().filter(|word| !named.contains(*word)) {
            if *member == "grant_types_supported" {
                let refused = wiki.redeem("x", &[("grant_type", word)]).await.json();
                assert_eq!(refused["error"], "unsupported_grant_type", "{word}");
            } else {
                let parameter = match *member {
                    "response_types_supported" => "response_type",
                    "response_modes_supported" => "response_mode",
                    "code_challenge_methods_supported" => "code_challenge_method",
                    _ => "prompt",
                };
                let refused = browser.get(&wiki.request(&[(parameter, word)])).await;
                assert!(refused.returned("code").is_none(), "{parameter}={word}");
                let error = refused
                    .returned("error")
                    .unwrap_or_else(|| panic!("{parameter}={word}: no error"));
                let expected = ["invalid_request", "unsupported_response_type"];
                assert!(expected.contains(&error.as_str()), "{parameter}={word}: {error}");
            }
        }
    }
    for absent in [
        "backchannel_authentication_endpoint",
        "service_documentation",
        "op_policy_uri",
    ] {
        assert!(metadata.get(absent).is_none(), "{absent}: of {ISSUER}");
    }
}
