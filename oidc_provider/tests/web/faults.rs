//! A store that fails at any point: a page that says so, nobody signed in, nothing half done.

use crate::scene::{LAX, Scene};
use axum::http::StatusCode;
use samekey_shared::store::StoreError;

/// Takes a table away, and gives the statement that puts it back.
fn without(scene: &Scene, take: &'static str) {
    scene
        .test
        .realm
        .store
        .write(|tx| tx.execute(take, &[]).map(|_| ()))
        .map_err(|error: StoreError| error)
        .unwrap();
}

#[tokio::test]
async fn what_fails_while_granting_grants_nothing_and_spends_nothing() {
    for (take, put) in [
        (
            "ALTER TABLE authorization_codes RENAME TO away",
            "ALTER TABLE away RENAME TO authorization_codes",
        ),
        (
            "ALTER TABLE web_sessions RENAME TO away",
            "ALTER TABLE away RENAME TO web_sessions",
        ),
        (
            "ALTER TABLE clients RENAME TO away",
            "ALTER TABLE away RENAME TO clients",
        ),
        (
            "ALTER TABLE audit_head RENAME TO away",
            "ALTER TABLE away RENAME TO audit_head",
        ),
    ] {
        let scene = Scene::new();
        let (wiki, browser) = (scene.wiki(), scene.browser());
        let asks = scene.with_password(&browser, &wiki.request(&[])).await;
        let page = browser.get(&asks.location()).await;
        let (flow, csrf, code) = (page.field("flow"), page.field("csrf"), scene.code());
        let fields = [
            ("flow", flow.as_str()),
            ("csrf", csrf.as_str()),
            ("action", "code"),
            ("code", code.as_str()),
        ];
        without(&scene, take);
        let failed = browser.post("/sign-in", &fields).await;
        assert!(failed.status.is_server_error(), "{take}: {}", failed.status);
        assert!(
            !failed.body.contains("away") && !failed.body.contains("SQL"),
            "the cause is for the log: {}",
            failed.body
        );
        assert!(!browser.cookies().contains_key("__Host-samekey-session"), "{take}");
        without(&scene, put);
        let back = browser.post("/sign-in", &fields).await;
        assert!(back.returned("code").is_some(), "{take}: the code was not spent");
    }
}

/// Row 17, for what we have: an application is told of a failure, never of a success that was none.
#[tokio::test]
async fn an_application_is_told_of_the_failure_and_may_try_again() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let code = scene
        .sign_in(&browser, &wiki.request(&[]))
        .await
        .returned("code")
        .unwrap();
    without(&scene, "ALTER TABLE access_tokens RENAME TO away");
    let failed = wiki.redeem(&code, &[]).await;
    assert_eq!(
        (failed.status, failed.json()["error"].as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, Some("server_error"))
    );
    without(&scene, "ALTER TABLE away RENAME TO access_tokens");
    let tokens = wiki.redeem(&code, &[]).await;
    assert_eq!(tokens.status, StatusCode::OK, "the code was not spent: {}", tokens.body);
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    without(&scene, "ALTER TABLE accounts RENAME TO away");
    assert_eq!(wiki.userinfo(&token).await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_clock_that_cannot_be_right_lets_nobody_in() {
    let scene = Scene::with("", LAX);
    let browser = scene.browser();
    scene.test.clock.set(86_400);
    let first = browser.get("/login").await;
    let page = browser.press(&first.location(), "name", &[("username", "ann")]).await;
    assert!(
        browser
            .get(&page.location())
            .await
            .body
            .contains("clock_unsynchronised")
    );
}
