//! The plan of the basic profile: `oidcc-basic-certification-test-plan`.

use crate::modules::{claims, codes, happy, prompts, request_objects, requests};
use crate::suite::Mode;

#[tokio::test]
async fn oidcc_server() {
    happy::server(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    requests::response_type_missing(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_idtoken_signature() {
    happy::idtoken_signature(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    happy::idtoken_unsigned(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    happy::userinfo_get(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    happy::userinfo_post_header(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_userinfo_post_body() {
    happy::userinfo_post_body(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    happy::without_nonce(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_scope_profile() {
    claims::scope_profile(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_scope_email() {
    claims::scope_email(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_scope_address() {
    claims::scope_address(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_scope_phone() {
    claims::scope_phone(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_scope_all() {
    claims::scope_all(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_alternate_happy_flow() {
    happy::alternate_happy_flow(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_display_page() {
    prompts::display_page(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_display_popup() {
    prompts::display_popup(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_prompt_login() {
    prompts::prompt_login(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    prompts::prompt_none_not_logged_in(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    prompts::prompt_none_logged_in(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_max_age_1() {
    prompts::max_age_1(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_max_age_10000() {
    prompts::max_age_10000(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    happy::unknown_parameter(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    prompts::id_token_hint(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_login_hint() {
    prompts::login_hint(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_ui_locales() {
    prompts::ui_locales(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_claims_locales() {
    prompts::claims_locales(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    claims::acr_values(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_codereuse() {
    codes::codereuse(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    codes::codereuse_30seconds(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    requests::registered_redirect_uri(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    happy::post_request(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    happy::server_client_secret_post(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    request_objects::unsigned_by_reference(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    request_objects::unsigned(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_claims_essential() {
    claims::claims_essential(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    request_objects::with_redirect_uri(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_refresh_token() {
    codes::refresh_token(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    happy::valid_pkce(Mode::Query).await;
}
