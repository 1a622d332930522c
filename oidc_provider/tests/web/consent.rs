//! The question of consent: asked once, answered once, never skipped.

use crate::browser::Browser;
use crate::relying_party::RelyingParty;
use crate::scene::{Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::{ClientKind, Consent};

fn shop(scene: &Scene) -> RelyingParty {
    let mut asking = settings();
    asking.consent = Consent::Asked;
    let secret = scene.register("shop", ClientKind::Confidential, asking).unwrap();
    RelyingParty::new(scene, "shop", Some(&secret))
}

#[tokio::test]
async fn is_asked_once_for_each_set_of_scopes() {
    let scene = Scene::new();
    let shop = shop(&scene);
    let browser = scene.browser();
    let asks = scene.sign_in(&browser, &shop.request(&[])).await;
    let page = browser.get(&asks.location()).await;
    assert!(page.body.contains("The shop") && page.body.contains("your name, user name and"));
    let back = browser.press(&asks.location(), "allow", &[]).await;
    assert_eq!(
        shop.redeem(&back.returned("code").unwrap(), &[]).await.status,
        StatusCode::OK
    );
    assert_eq!(scene.events("consent-given"), 1);
    let silent = browser.get(&shop.request(&[("prompt", "none")])).await;
    assert!(silent.returned("code").is_some());
    let more = browser
        .get(&shop.request(&[("scope", "openid email"), ("prompt", "none")]))
        .await;
    assert_eq!(more.returned("error").as_deref(), Some("consent_required"));
    let again = browser.get(&shop.request(&[("prompt", "consent")])).await;
    assert!(browser.get(&again.location()).await.body.contains("value=\"allow\""));
    // What is asked by name needs consent as its scope does.
    let named = r#"{"userinfo":{"email":null}}"#;
    let more = browser
        .get(&shop.request(&[("claims", named), ("prompt", "none")]))
        .await;
    assert_eq!(more.returned("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn refusing_tells_the_application_and_gives_nothing() {
    let scene = Scene::new();
    let shop = shop(&scene);
    let browser = scene.browser();
    let asks = scene.sign_in(&browser, &shop.request(&[])).await;
    let back = browser.press(&asks.location(), "cancel", &[]).await;
    assert_eq!(back.returned("error").as_deref(), Some("access_denied"));
    assert_eq!(scene.events("consent-given"), 0);
}

#[tokio::test]
async fn a_form_sent_twice_or_without_the_session_gives_no_second_code() {
    let scene = Scene::new();
    let shop = shop(&scene);
    let browser = scene.browser();
    let asks = scene.sign_in(&browser, &shop.request(&[])).await;
    let page = browser.get(&asks.location()).await;
    let (flow, csrf) = (page.field("flow"), page.field("csrf"));
    let cookies = browser.cookies();
    // The flow's cookie without the session's: somebody who copied only one of them.
    let thief: Browser = scene.browser();
    thief.set_cookies(
        cookies
            .iter()
            .filter(|(name, _)| !name.contains("session"))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect(),
    );
    let fields = [("flow", flow.as_str()), ("csrf", csrf.as_str()), ("action", "allow")];
    assert_eq!(thief.post("/sign-in", &fields).await.status, StatusCode::BAD_REQUEST);
    assert!(browser.post("/sign-in", &fields).await.returned("code").is_some());
    let twice = scene.browser();
    twice.set_cookies(cookies);
    assert_eq!(twice.post("/sign-in", &fields).await.status, StatusCode::BAD_REQUEST);
}
