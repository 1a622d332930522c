//! `acr_values`, `max_age`, `prompt` and the essential `acr`: asked, stepped up, told (rows 23 and 24).

use crate::relying_party::claims;
use crate::scene::{LAX, PASSWORD, Scene, settings};
use samekey_provider::clients::ClientKind;
use serde_json::Value;
use std::collections::BTreeMap;

const MFA: &str = "urn:samekey:acr:mfa";
const SINGLE: &str = "urn:samekey:acr:single";

async fn told(scene: &Scene, back: &crate::browser::Page) -> Value {
    let code = back
        .returned("code")
        .unwrap_or_else(|| panic!("no code: {}", back.location()));
    let tokens = scene.wiki().redeem(&code, &[]).await.json();
    claims(tokens["id_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_level_asked_for_steps_up_and_is_told() {
    let scene = Scene::with("", LAX);
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let back = scene.with_password(&browser, &wiki.request(&[])).await;
    let first = told(&scene, &back).await;
    assert_eq!(first["acr"], SINGLE);
    assert_eq!(first["amr"], serde_json::json!(["pwd"]));
    let before = browser.cookies();
    // The session is known, so only the code is asked.
    let asks = browser.get(&wiki.request(&[("acr_values", MFA)])).await;
    let page = browser.get(&asks.location()).await;
    assert!(page.body.contains("name=\"code\"") && !page.body.contains("name=\"password\""));
    let back = browser
        .press(&asks.location(), "code", &[("code", &scene.code())])
        .await;
    let second = told(&scene, &back).await;
    assert_eq!(second["acr"], MFA);
    assert_eq!(second["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(second["sid"], first["sid"], "the session goes on, under another cookie");
    // Row 20. The cookie from before the step-up is worth nothing.
    let old = scene.browser();
    old.set_cookies(before);
    let back = old.get(&wiki.request(&[("prompt", "none")])).await;
    assert_eq!(back.returned("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn the_first_satisfied_wish_is_told_under_the_applications_own_name() {
    let scene = Scene::new();
    let mut known = settings();
    known.acr_aliases = BTreeMap::from([("https://refeds.org/profile/mfa".into(), MFA.into())]);
    let secret = scene.register("campus", ClientKind::Confidential, known).unwrap();
    let campus = crate::relying_party::RelyingParty::new(&scene, "campus", Some(&secret));
    let browser = scene.browser();
    let wishes = "urn:nobody urn:samekey:acr:phr https://refeds.org/profile/mfa urn:samekey:acr:single";
    let back = scene
        .sign_in(&browser, &campus.request(&[("acr_values", wishes)]))
        .await;
    let tokens = campus.redeem(&back.returned("code").unwrap(), &[]).await.json();
    assert_eq!(
        claims(tokens["id_token"].as_str().unwrap())["acr"],
        "https://refeds.org/profile/mfa"
    );
    // A name that only another application knows stands for nothing here.
    let back = browser
        .get(
            &scene
                .wiki()
                .request(&[("acr_values", "https://refeds.org/profile/mfa")]),
        )
        .await;
    assert_eq!(told(&scene, &back).await["acr"], MFA);
}

#[tokio::test]
async fn an_essential_level_out_of_reach_is_an_error() {
    let scene = Scene::with("", LAX);
    let (wiki, browser) = (scene.wiki(), scene.browser());
    // Nobody's word on hardware counts here, so nobody can reach this.
    let phrh = r#"{"id_token":{"acr":{"essential":true,"value":"urn:samekey:acr:phrh"}}}"#;
    let back = browser.get(&wiki.request(&[("claims", phrh)])).await;
    assert_eq!(
        back.returned("error").as_deref(),
        Some("unmet_authentication_requirements")
    );
    // Somebody without a device cannot reach it either.
    scene.test.account("bob", PASSWORD).unwrap();
    let mfa = r#"{"id_token":{"acr":{"essential":true,"values":["urn:samekey:acr:mfa"]}}}"#;
    let first = browser.get(&wiki.request(&[("claims", mfa)])).await;
    let asks = browser.press(&first.location(), "name", &[("username", "bob")]).await;
    let back = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    assert_eq!(
        back.returned("error").as_deref(),
        Some("unmet_authentication_requirements")
    );
    assert_eq!(back.returned("code"), None);
}

#[tokio::test]
async fn max_age_asks_again_only_when_it_has_passed() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let first = told(&scene, &scene.sign_in(&browser, &wiki.request(&[])).await).await;
    scene.test.clock.advance(120);
    let silent = browser.get(&wiki.request(&[("max_age", "10000")])).await;
    assert_eq!(told(&scene, &silent).await["auth_time"], first["auth_time"]);
    let none = browser
        .get(&wiki.request(&[("max_age", "60"), ("prompt", "none")]))
        .await;
    assert_eq!(none.returned("error").as_deref(), Some("login_required"));
    let asks = browser.get(&wiki.request(&[("max_age", "60")])).await;
    let asks_code = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    let back = browser
        .press(&asks_code.location(), "code", &[("code", &scene.code())])
        .await;
    assert_eq!(told(&scene, &back).await["auth_time"], scene.now());
}

#[tokio::test]
async fn prompt_login_asks_everything_again_and_cancelling_changes_nothing() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let first = told(&scene, &scene.sign_in(&browser, &wiki.request(&[])).await).await;
    scene.test.clock.advance(60);
    let asks = browser.get(&wiki.request(&[("prompt", "login")])).await;
    assert!(browser.get(&asks.location()).await.body.contains("name=\"password\""));
    // Row 21.
    let cancelled = browser.press(&asks.location(), "cancel", &[]).await;
    assert_eq!(cancelled.returned("error").as_deref(), Some("access_denied"));
    let silent = browser.get(&wiki.request(&[("prompt", "none")])).await;
    assert_eq!(told(&scene, &silent).await["sid"], first["sid"]);
    let asks = browser.get(&wiki.request(&[("prompt", "login")])).await;
    let asks_code = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    let back = browser
        .press(&asks_code.location(), "code", &[("code", &scene.code())])
        .await;
    let again = told(&scene, &back).await;
    assert_eq!(again["auth_time"], scene.now());
    assert_eq!(again["sid"], first["sid"], "the same person's session goes on");
}

#[tokio::test]
async fn a_hint_for_somebody_else_never_gives_this_persons_code() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let back = scene.sign_in(&browser, &wiki.request(&[])).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
    let hint = tokens["id_token"].as_str().unwrap();
    let same = browser
        .get(&wiki.request(&[("id_token_hint", hint), ("prompt", "none")]))
        .await;
    assert!(same.returned("code").is_some());
    // The same hint in a browser where Bob is signed in.
    scene.test.policy(LAX).unwrap();
    scene.test.account("bob", PASSWORD).unwrap();
    let bobs = scene.browser();
    let first = bobs.get(&wiki.request(&[])).await;
    let asks = bobs.press(&first.location(), "name", &[("username", "bob")]).await;
    assert!(
        bobs.press(&asks.location(), "password", &[("password", PASSWORD)])
            .await
            .returned("code")
            .is_some()
    );
    let other = bobs
        .get(&wiki.request(&[("id_token_hint", hint), ("prompt", "none")]))
        .await;
    assert_eq!(other.returned("error").as_deref(), Some("login_required"));
    let asks = bobs.get(&wiki.request(&[("id_token_hint", hint)])).await;
    let asks = bobs.press(&asks.location(), "name", &[("username", "bob")]).await;
    let back = bobs
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    assert_eq!(back.returned("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_stricter_policy_holds_at_once_for_a_session_that_is_there() {
    let scene = Scene::with("", LAX);
    let (wiki, browser) = (scene.wiki(), scene.browser());
    assert!(
        scene
            .with_password(&browser, &wiki.request(&[]))
            .await
            .returned("code")
            .is_some()
    );
    assert!(browser.get(&wiki.request(&[])).await.returned("code").is_some());
    scene.test.policy(crate::scene::STRICT).unwrap();
    let asks = browser.get(&wiki.request(&[])).await;
    assert!(browser.get(&asks.location()).await.body.contains("name=\"code\""));
    let silent = browser.get(&wiki.request(&[("prompt", "none")])).await;
    assert_eq!(silent.returned("error").as_deref(), Some("login_required"));
}
