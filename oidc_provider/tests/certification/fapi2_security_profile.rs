//! The plan of the FAPI 2.0 Security Profile: `fapi2-security-profile-final-test-plan`, with client authentication by private_key_jwt and
//! by mTLS, tokens bound by DPoP and by mTLS, as OpenID Connect and as plain OAuth. What is about bindings stands in `fapi2_sender`.

use crate::fapi::{Fapi, Messages, corners, pushed, requests, tokens, variants};

const MESSAGES: &[Messages] = &[Messages::Plain];

/// Runs a module in every selection of the plan's variants.
async fn every(module: impl AsyncFn(&Fapi)) {
    for variant in variants(MESSAGES) {
        module(&Fapi::new(variant)).await;
    }
}

/// Runs a module in two selections that share nothing.
async fn each(module: impl AsyncFn(&Fapi)) {
    for variant in corners(MESSAGES) {
        module(&Fapi::new(variant)).await;
    }
}

#[tokio::test]
async fn fapi2_security_profile_final_discovery_end_point_verification() {
    each(requests::discovery).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_happy_flow() {
    every(requests::happy_flow).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_user_rejects_authentication() {
    each(requests::user_rejects_authentication).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_without_state_success() {
    each(requests::without_state).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_without_nonce_success() {
    each(requests::without_nonce).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success() {
    each(requests::nonce_of_64).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_other_scope_order_succeeds() {
    each(requests::other_scope_order).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_test_claims_parameter_identity_claims() {
    each(requests::claims_parameter).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object() {
    each(requests::different_nonce_outside).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object() {
    each(requests::different_state_outside).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_long_nonce() {
    each(requests::long_nonce).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_long_state() {
    each(requests::long_state).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_state_only_outside_request_object_not_used() {
    each(requests::state_only_outside).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails() {
    each(requests::object_without_redirect_uri).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_registered_redirect_uri() {
    each(requests::unregistered_redirect_uri).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri() {
    each(requests::unregistered_redirect_uri).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails() {
    each(requests::without_par).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request() {
    each(requests::object_without_redirect_uri).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_response_type_code_idtoken_fails() {
    each(requests::response_type_code_id_token).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_response_type_token_fails() {
    each(requests::response_type_token).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_id_in_token_endpoint() {
    each(tokens::client_id_of_another).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client() {
    each(tokens::code_of_another).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second() {
    each(tokens::code_again).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_refresh_token() {
    each(tokens::refreshed).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code() {
    each(tokens::code_too_late).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails() {
    each(tokens::assertion_by_rs256).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint() {
    each(tokens::no_assertion).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails() {
    each(tokens::assertion_expired).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails() {
    each(tokens::assertion_for_another).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails() {
    each(tokens::assertion_without_sub).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds() {
    each(pushed::reused_before_the_end).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_reuse_request_uri() {
    each(pushed::reused).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_to_use_expired_request_uri() {
    each(pushed::expired).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted() {
    each(pushed::assertion_8_seconds_ahead).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails() {
    each(pushed::assertion_60_seconds_ahead).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client() {
    each(pushed::of_another_client).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param() {
    each(pushed::request_uri_in_the_form).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_invalid_http_method() {
    each(pushed::wrong_method).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_pkce_required() {
    each(requests::pkce_required).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_pkce_code_verifier_required() {
    each(tokens::verifier_required).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected() {
    each(tokens::verifier_wrong).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_plain_pkce_rejected() {
    each(requests::plain_pkce).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_without_duplicate_parameters() {
    each(pushed::without_duplicate_parameters).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_array_as_audience_fails() {
    each(pushed::audience_in_a_list).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails() {
    each(pushed::audience_of_par).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails() {
    each(pushed::audience_of_token).await;
}
