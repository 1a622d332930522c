//! Resource indicators (RFC 8707): what a token is for is said when it is asked for, and holds.

use crate::own_tokens::client;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{ISSUER, Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::{AccessTokenForm, ClientSettings};
use serde_json::{Value, json};

const ORDERS: &str = "https://orders.example";
const BILLS: &str = "https://bills.example";

fn app(scene: &Scene) -> RelyingParty {
    let with = ClientSettings {
        resources: vec![ORDERS.to_owned(), BILLS.to_owned()],
        access_token: AccessTokenForm::Jwt,
        ..settings()
    };
    client(scene, "app", with)
}

fn audience(token: &str) -> Value {
    claims(token)["aud"].clone()
}

#[tokio::test]
async fn a_token_is_for_what_was_named_and_userinfo_for_whoever_named_nothing() {
    let scene = Scene::new();
    let app = app(&scene);
    let browser = scene.browser();
    let scope = ("scope", "openid offline_access");
    scene.sign_in(&browser, &app.request(&[])).await;
    let address = format!(
        "{}&resource=https%3A%2F%2Fbills.example",
        app.request(&[scope, ("resource", ORDERS)])
    );
    let code = browser.get(&address).await.returned("code").unwrap();
    let tokens = app.redeem(&code, &[]).await;
    let access = tokens.text("access_token");
    assert_eq!(audience(&access), json!([ORDERS, BILLS, ISSUER]));
    assert_eq!(app.userinfo(&access).await.status, StatusCode::OK);
    let one = app.refresh(&tokens.text("refresh_token"), &[("resource", BILLS)]).await;
    assert_eq!(audience(&one.text("access_token")), BILLS);
    assert_eq!(
        app.userinfo(&one.text("access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
    let own = app.refresh(&one.text("refresh_token"), &[("resource", ISSUER)]).await;
    assert_eq!(audience(&own.text("access_token")), ISSUER);
    assert_eq!(app.userinfo(&own.text("access_token")).await.status, StatusCode::OK);
    // What the operator takes away is no longer granted.
    scene.change(&"app".parse().unwrap(), |settings| {
        settings.resources = vec![ORDERS.to_owned()];
    });
    let gone = app.refresh(&own.text("refresh_token"), &[("resource", BILLS)]).await;
    assert_eq!(gone.refusal(), (400, "invalid_target".to_owned()));
    let left = app.refresh(&own.text("refresh_token"), &[]).await;
    assert_eq!(audience(&left.text("access_token")), json!([ORDERS, ISSUER]));
}

#[tokio::test]
async fn what_was_not_granted_is_refused_by_name() {
    let scene = Scene::new();
    let app = app(&scene);
    let browser = scene.browser();
    scene.sign_in(&browser, &app.request(&[])).await;
    for wrong in [
        "https://other.example",
        "orders",
        "https://orders.example#x",
        "https://orders.example/",
    ] {
        let back = browser.get(&app.request(&[("resource", wrong)])).await;
        assert_eq!(back.returned("error").as_deref(), Some("invalid_target"), "{wrong}");
    }
    let code = browser
        .get(&app.request(&[("resource", ORDERS)]))
        .await
        .returned("code")
        .unwrap();
    let more = app.redeem(&code, &[("resource", BILLS)]).await;
    assert_eq!(more.refusal(), (400, "invalid_target".to_owned()));
    let tokens = app.redeem(&code, &[("resource", ORDERS)]).await;
    assert_eq!(audience(&tokens.text("access_token")), ORDERS, "the code was not spent");
}
