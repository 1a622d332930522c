//! The plan of the basic profile with `response_mode=form_post`: `oidcc-formpost-basic-certification-test-plan`.

use crate::modules::{claims, codes, happy, prompts, request_objects, requests};
use crate::suite::Mode;

#[tokio::test]
async fn oidcc_server() {
    happy::server(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    requests::response_type_missing(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_idtoken_signature() {
    happy::idtoken_signature(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    happy::idtoken_unsigned(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    happy::userinfo_get(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    happy::userinfo_post_header(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_userinfo_post_body() {
    happy::userinfo_post_body(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    happy::without_nonce(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_scope_profile() {
    claims::scope_profile(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_scope_email() {
    claims::scope_email(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_scope_address() {
    claims::scope_address(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_scope_phone() {
    claims::scope_phone(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_scope_all() {
    claims::scope_all(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_alternate_happy_flow() {
    happy::alternate_happy_flow(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_display_page() {
    prompts::display_page(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_display_popup() {
    prompts::display_popup(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_prompt_login() {
    prompts::prompt_login(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    prompts::prompt_none_not_logged_in(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    prompts::prompt_none_logged_in(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_max_age_1() {
    prompts::max_age_1(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_max_age_10000() {
    prompts::max_age_10000(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    happy::unknown_parameter(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    prompts::id_token_hint(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_login_hint() {
    prompts::login_hint(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_ui_locales() {
    prompts::ui_locales(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_claims_locales() {
    prompts::claims_locales(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    claims::acr_values(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_codereuse() {
    codes::codereuse(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    codes::codereuse_30seconds(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    requests::registered_redirect_uri(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    happy::post_request(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    happy::server_client_secret_post(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    request_objects::unsigned_by_reference(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    request_objects::unsigned(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_claims_essential() {
    claims::claims_essential(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    request_objects::with_redirect_uri(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_refresh_token() {
    codes::refresh_token(Mode::FormPost).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    happy::valid_pkce(Mode::FormPost).await;
}
