//! A whole sign-in: user name, password, code, application.

use crate::relying_party::claims;
use crate::scene::{CALLBACK, ISSUER, PASSWORD, Scene};
use axum::http::StatusCode;
use openidconnect::core::CoreJwsSigningAlgorithm;

#[tokio::test]
async fn password_and_code_open_the_application() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let back = scene.sign_in(&browser, &wiki.request(&[])).await;
    assert!(
        back.location().starts_with(&format!("{CALLBACK}?code=")),
        "{}",
        back.location()
    );
    assert_eq!(back.returned("state").as_deref(), Some("st"));
    assert_eq!(back.returned("iss").as_deref(), Some(ISSUER));
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    let tokens = tokens.json();
    let id_token = tokens["id_token"].as_str().unwrap();
    let verified = wiki
        .verified(id_token, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256)
        .await;
    assert_eq!(verified.subject().as_str(), scene.ann.to_string());
    assert_eq!(verified.auth_context_ref().unwrap().as_str(), "urn:samekey:acr:mfa");
    assert_eq!(claims(id_token)["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(claims(id_token)["auth_time"], scene.now());
    let userinfo = wiki.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(userinfo["sub"], scene.ann.to_string());
    assert_eq!(userinfo["preferred_username"], "ann");
    // Signed in already: the second application is opened without a question.
    let again = browser.get(&wiki.request(&[])).await;
    assert!(again.returned("code").is_some());
    assert_eq!(PASSWORD.len(), 21);
}
