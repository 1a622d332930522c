//! Row 16: whoever is locked, removed or unregistered is so everywhere, at once.

use crate::relying_party::RelyingParty;
use crate::scene::{Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::{self, ClientKind, Consent};
use samekey_shared::accounts::{AccountState, rows};

#[tokio::test]
async fn a_locked_account_loses_session_codes_and_tokens_at_once() {
    for state in [AccountState::Locked, AccountState::Disabled] {
        let scene = Scene::new();
        let (wiki, browser) = (scene.wiki(), scene.browser());
        let code = scene
            .sign_in(&browser, &wiki.request(&[]))
            .await
            .returned("code")
            .unwrap();
        let token = wiki.redeem(&code, &[]).await.json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let unspent = browser.get(&wiki.request(&[])).await.returned("code").unwrap();
        scene
            .test
            .realm
            .store
            .write(|tx| rows::set_state(tx, scene.ann, state))
            .unwrap();
        assert_eq!(wiki.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(wiki.redeem(&unspent, &[]).await.json()["error"], "invalid_grant");
        let silent = browser.get(&wiki.request(&[("prompt", "none")])).await;
        assert_eq!(silent.returned("error").as_deref(), Some("login_required"));
        assert_eq!(browser.get("/").await.location(), "/login");
    }
}

#[tokio::test]
async fn an_application_removed_while_somebody_signs_in_gets_nothing() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let asks_code = scene.with_password(&browser, &wiki.request(&[])).await;
    scene
        .test
        .realm
        .store
        .write(|tx| clients::remove(tx, &"wiki".parse().unwrap()))
        .unwrap();
    let end = browser
        .press(&asks_code.location(), "code", &[("code", &scene.code())])
        .await;
    assert_eq!(end.status, StatusCode::BAD_REQUEST);
    assert!(end.body.contains("unknown_application"));
}

#[tokio::test]
async fn consent_withdrawn_stops_a_token() {
    let scene = Scene::new();
    let mut asking = settings();
    asking.consent = Consent::Asked;
    let secret = scene.register("shop", ClientKind::Confidential, asking).unwrap();
    let shop = RelyingParty::new(&scene, "shop", Some(&secret));
    let browser = scene.browser();
    let asks = scene.sign_in(&browser, &shop.request(&[])).await;
    let code = browser
        .press(&asks.location(), "allow", &[])
        .await
        .returned("code")
        .unwrap();
    let token = shop.redeem(&code, &[]).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(shop.userinfo(&token).await.status, StatusCode::OK);
    scene
        .test
        .realm
        .store
        .write(|tx| tx.execute("DELETE FROM consents", &[]))
        .unwrap();
    assert_eq!(shop.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
}
