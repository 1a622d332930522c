//! The plan of logout asked for by relying parties (OpenID Connect RP-Initiated Logout 1.0).

use crate::browser::Page;
use crate::scene::ISSUER;
use crate::suite::{Mode, Suite, Tokens};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use samekey_provider::http::params::encode;
use samekey_provider::keys::{Alg, rotate};

/// A person who came through the ordinary flow.
pub async fn signed_in(suite: &Suite) -> Tokens {
    suite.tokens(&suite.ask()).await
}

/// Sends the browser to the end-session endpoint that the metadata names.
pub async fn log_out(suite: &Suite, params: &[(&str, &str)]) -> Page {
    let metadata = suite.metadata().await;
    let endpoint = metadata["end_session_endpoint"].as_str().unwrap();
    let path = endpoint.strip_prefix(ISSUER).unwrap();
    suite
        .browser
        .get(&format!("{path}?{}", encode(params.iter().copied())))
        .await
}

/// The same with all that makes it go through without a question: the hint of these tokens, the registered address, and a state.
pub async fn log_out_with(suite: &Suite, id_token: &str, state: &str) -> Page {
    let back = back(suite);
    let params = [
        ("id_token_hint", id_token),
        ("post_logout_redirect_uri", back.as_str()),
        ("state", state),
    ];
    log_out(suite, &params).await
}

pub fn back(suite: &Suite) -> String {
    suite.one.redirect_uri.replace("/callback", "/post_logout_redirect")
}

/// Afterwards nobody is signed in: `prompt=none` gives an error.
pub async fn is_over(suite: &Suite) {
    let silent = suite.authorize(&suite.ask().with("prompt", "none")).await;
    assert_eq!(silent.callback.error(), "login_required");
    assert!(silent.questions.is_empty());
}

/// A page, not a redirect, and the person is signed in still.
async fn is_refused(suite: &Suite, page: &Page) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    assert!(
        page.body.contains("href=\"/logout\""),
        "the person can sign out themselves"
    );
    let silent = suite.authorize(&suite.ask().with("prompt", "none")).await;
    silent.callback.code();
}

/// A question, and the page that says so once the person agreed.
async fn agrees(suite: &Suite, page: &Page) {
    assert!(page.body.contains("Sign out?"), "{}", page.body);
    let over = suite.browser.post("/sign-out", &[("csrf", &page.field("csrf"))]).await;
    assert!(over.body.contains("You are signed out"), "{}", over.body);
    is_over(suite).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let metadata = Suite::new(Mode::Query).metadata().await;
    let endpoint = metadata["end_session_endpoint"].as_str().unwrap();
    assert!(endpoint.starts_with("https://"), "{endpoint}");
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let suite = Suite::new(Mode::Query);
    let tokens = signed_in(&suite).await;
    let page = log_out_with(&suite, &tokens.id_token, "left & gone").await;
    let back = back(&suite);
    assert_eq!(page.location(), format!("{back}?state=left%20%26%20gone"));
    is_over(&suite).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let suite = Suite::new(Mode::Query);
    let tokens = signed_in(&suite).await;
    let params = [
        ("id_token_hint", tokens.id_token.as_str()),
        ("post_logout_redirect_uri", "https://example.com/"),
        ("state", "s"),
    ];
    let page = log_out(&suite, &params).await;
    is_refused(&suite, &page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let suite = Suite::new(Mode::Query);
    let tokens = signed_in(&suite).await;
    let claims = tokens.id_token.split('.').nth(1).unwrap();
    let header = BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
    for signature in ["", tokens.id_token.rsplit('.').next().unwrap()] {
        let unsigned = format!("{header}.{claims}.{signature}");
        let page = log_out_with(&suite, &unsigned, "s").await;
        is_refused(&suite, &page).await;
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let suite = Suite::new(Mode::Query);
    signed_in(&suite).await;
    let back = back(&suite);
    let page = log_out(&suite, &[("post_logout_redirect_uri", &back), ("state", "s")]).await;
    is_refused(&suite, &page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    let suite = Suite::new(Mode::Query);
    signed_in(&suite).await;
    let page = log_out(&suite, &[]).await;
    agrees(&suite, &page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let suite = Suite::new(Mode::Query);
    let tokens = signed_in(&suite).await;
    let page = log_out(&suite, &[("id_token_hint", &tokens.id_token), ("state", "s")]).await;
    assert!(page.body.contains("You are signed out"), "{}", page.body);
    is_over(&suite).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let suite = Suite::new(Mode::Query);
    let tokens = signed_in(&suite).await;
    let back = back(&suite);
    let params = [
        ("id_token_hint", tokens.id_token.as_str()),
        ("post_logout_redirect_uri", back.as_str()),
    ];
    assert_eq!(log_out(&suite, &params).await.location(), back);
    is_over(&suite).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    let suite = Suite::new(Mode::Query);
    signed_in(&suite).await;
    let page = log_out(&suite, &[("state", "s")]).await;
    agrees(&suite, &page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let suite = Suite::new(Mode::Query);
    let tokens = signed_in(&suite).await;
    let added = format!("{}?foo=bar", back(&suite));
    let params = [
        ("id_token_hint", tokens.id_token.as_str()),
        ("post_logout_redirect_uri", added.as_str()),
        ("state", "s"),
    ];
    let page = log_out(&suite, &params).await;
    is_refused(&suite, &page).await;
}

/// A token with every claim right, signed by somebody else.
#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let es256 = |settings: &mut samekey_provider::clients::ClientSettings| settings.id_token_alg = Alg::Es256;
    let suite = Suite::with(Mode::Query, "", es256);
    signed_in(&suite).await;
    let elsewhere = Suite::with(Mode::Query, "", es256);
    let (app, realm) = (&elsewhere.scene.app, &elsewhere.scene.test.realm);
    let keyring = realm.keyring().unwrap();
    rotate(&realm.store, &keyring, realm.entropy.as_ref(), 1, &mut |_| Ok(())).unwrap();
    app.follow_rotation().unwrap();
    let foreign = signed_in(&elsewhere).await;
    assert_ne!(foreign.header["kid"], signed_in(&suite).await.header["kid"]);
    let page = log_out_with(&suite, &foreign.id_token, "s").await;
    is_refused(&suite, &page).await;
}
