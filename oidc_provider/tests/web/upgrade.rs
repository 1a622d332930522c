//! Old U2F keys: they go on as second factor, are marked, and give way to a passkey after that one has signed once.

use crate::browser::Browser;
use crate::keys::{KEYS, create, registered};
use crate::scene::Scene;
use axum::http::StatusCode;
use samekey_shared::testing::SoftAuthenticator;

/// Ann with a U2F key of earlier days, signed in a moment ago.
async fn scene() -> (Scene, Browser, SoftAuthenticator, String) {
    let scene = Scene::with("", KEYS);
    let mut key = SoftAuthenticator::new();
    let made = key.make_u2f("example.org", "https://id.example.org").unwrap();
    let old = scene.test.bind_made(scene.ann, &made, "blue").unwrap();
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    let back = browser.touch(&asks.location(), "key", &mut key).await;
    assert_eq!(back.location(), "/", "the old key still is a second factor");
    (scene, browser, key, old.id.to_string())
}

#[tokio::test]
async fn an_old_key_is_marked_and_asked_under_its_own_name() {
    let (scene, browser, _, old) = scene().await;
    let list = browser.get("/security").await;
    assert!(
        list.body.contains("Older U2F key") && list.body.contains("Update to passkey"),
        "{}",
        list.body
    );
    let dialog = browser.get(&format!("/security/update?device={old}")).await;
    assert!(dialog.body.contains("registered as an older U2F key") && dialog.body.contains("blue-passkey"));
    let other = scene.browser();
    let asks = scene.with_password(&other, "/login").await;
    let page = other.get(&asks.location()).await;
    let options = other.options(&page).await.json();
    assert_eq!(options["publicKey"]["extensions"]["appid"], "https://id.example.org");
}

#[tokio::test]
async fn the_old_key_goes_when_the_new_one_has_signed_once() {
    let (scene, browser, mut key, old) = scene().await;
    let options = browser
        .binding("security-key", "blue-passkey", &[("replaces", &old)])
        .await
        .json();
    let done = browser.bind(&options, &registered(&create(&mut key, &options))).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let list = browser.get("/security").await;
    assert!(
        list.body.contains("Goes after blue-passkey has signed once."),
        "{}",
        list.body
    );
    assert_eq!(scene.events("device-unbound"), 0);
    let other = scene.browser();
    let address = other.get("/login").await.location();
    assert_eq!(other.touch(&address, "passkey", &mut key).await.location(), "/");
    assert_eq!(scene.events("device-unbound"), 1);
    let list = other.get("/security").await;
    assert!(
        !list.body.contains("Older U2F key") && list.body.contains("blue-passkey"),
        "{}",
        list.body
    );
}

/// ASVS 7.5.2: what was signed in by the key that is gone ends with it; the session that its successor opened goes on.
#[tokio::test]
async fn sessions_of_the_old_key_end_when_it_goes() {
    let (scene, browser, mut key, old) = scene().await;
    let options = browser
        .binding("security-key", "blue-passkey", &[("replaces", &old)])
        .await
        .json();
    browser.bind(&options, &registered(&create(&mut key, &options))).await;
    let codes = scene.browser();
    let asks = scene.with_password(&codes, "/login").await;
    let asks = codes.press(&asks.location(), "choose-totp", &[]).await;
    codes.press(&asks.location(), "code", &[("code", &scene.code())]).await;
    let other = scene.browser();
    let address = other.get("/login").await.location();
    other.touch(&address, "passkey", &mut key).await;
    assert_eq!(
        browser.get("/security").await.status,
        StatusCode::SEE_OTHER,
        "born of the old key"
    );
    assert_eq!(codes.get("/security").await.status, StatusCode::OK, "born of the app");
    assert_eq!(
        other.get("/security").await.status,
        StatusCode::OK,
        "born of the new key"
    );
}

/// A key that was bound by touch alone is no passkey either; what takes its place is one, and may sit on the same key.
#[tokio::test]
async fn any_key_that_only_shows_possession_can_be_updated() {
    let (scene, browser, _, _) = scene().await;
    let mut touched = SoftAuthenticator::touch_only();
    let plain = scene.test.bind_key(scene.ann, &mut touched, "plain").unwrap();
    let dialog = browser.get(&format!("/security/update?device={}", plain.id)).await;
    assert!(
        dialog.body.contains("second factor after your password"),
        "{}",
        dialog.body
    );
    let replaces = plain.id.to_string();
    let options = browser
        .binding("security-key", "plain-passkey", &[("replaces", &replaces)])
        .await
        .json();
    let public = &options["publicKey"];
    assert_eq!(
        public["excludeCredentials"].as_array().unwrap().len(),
        1,
        "not the key itself"
    );
    assert_eq!(public["authenticatorSelection"]["userVerification"], "required");
    let refused = browser
        .bind(&options, &registered(&create(&mut touched, &options)))
        .await;
    assert!(refused.body.contains("user_verification_missing"), "{}", refused.body);
}

#[tokio::test]
async fn only_an_old_key_of_ones_own_is_replaced() {
    let (scene, browser, _, _) = scene().await;
    let bob = scene.test.account("bob", "correct horse battery").unwrap();
    let bobs = scene.test.bind_key(bob, &mut SoftAuthenticator::new(), "key").unwrap();
    let refused = browser
        .binding("security-key", "x", &[("replaces", &bobs.id.to_string())])
        .await;
    assert_eq!(refused.json()["error"], "not_found");
    assert_eq!(
        browser
            .get(&format!("/security/update?device={}", bobs.id))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        browser.binding("security-key", "x", &[("replaces", "x")]).await.status,
        StatusCode::BAD_REQUEST
    );
}
