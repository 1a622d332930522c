//! `/introspect` (RFC 7662, RFC 9701): what an API learns of a token, and what it does not.

use crate::own_tokens::client;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{ISSUER, Scene, settings};
use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use samekey_provider::clients::{AccessTokenForm, ClientKind, ClientSettings};
use samekey_provider::http::params::encode;
use samekey_provider::keys::Alg;
use serde_json::{Value, json};

const OFFLINE: [(&str, &str); 1] = [("scope", "openid email offline_access")];

async fn tokens(scene: &Scene, app: &RelyingParty) -> (String, String) {
    let back = scene.sign_in(&scene.browser(), &app.request(&OFFLINE)).await;
    let tokens = app.redeem(&back.returned("code").unwrap(), &[]).await;
    scene.test.clock.advance(30);
    (tokens.text("access_token"), tokens.text("refresh_token"))
}

async fn told(caller: &RelyingParty, token: &str) -> Value {
    let page = caller.post("/introspect", &[("token", token)]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.headers["cache-control"], "no-store");
    page.json()
}

#[tokio::test]
async fn tells_what_a_token_is_good_for_as_it_is_now() {
    let scene = Scene::new();
    for (id, form) in [("plain", AccessTokenForm::Opaque), ("signed", AccessTokenForm::Jwt)] {
        let with = ClientSettings {
            access_token: form,
            ..settings()
        };
        let app = client(&scene, id, with);
        let began = scene.now();
        let (access, refresh) = tokens(&scene, &app).await;
        let seen = told(&app, &access).await;
        assert_eq!(seen["active"], true);
        for (name, value) in [
            ("sub", json!(scene.ann.to_string())),
            ("username", json!("ann")),
            ("client_id", json!(id)),
            ("scope", json!("openid email offline_access")),
            ("token_type", json!("Bearer")),
            ("iss", json!(ISSUER)),
            ("aud", json!(ISSUER)),
            ("iat", json!(began)),
            ("exp", json!(began + 600)),
            ("auth_time", json!(began)),
            ("acr", json!("urn:samekey:acr:mfa")),
        ] {
            assert_eq!(seen[name], value, "{id} {name}");
        }
        assert_eq!(told(&app, &refresh).await["active"], true);
        let hinted = app
            .post(
                "/introspect",
                &[("token", &access), ("token_type_hint", "refresh_token")],
            )
            .await;
        assert_eq!(hinted.json()["active"], true, "a wrong hint leads nobody astray");
        // Row 14, and whatever else is no token.
        for wrong in [
            format!("{access}A"),
            access[..access.len() - 1].to_owned(),
            "x".repeat(9000),
            "a.b.c".into(),
        ] {
            assert_eq!(told(&app, &wrong).await, json!({ "active": false }));
        }
        app.refresh(&refresh, &[]).await;
        assert_eq!(told(&app, &refresh).await, json!({ "active": false }), "spent");
        scene.test.clock.advance(600);
        assert_eq!(told(&app, &access).await, json!({ "active": false }), "ended");
    }
}

/// Only whoever proves who it is, and only of what it has to do with.
#[tokio::test]
async fn tells_nobody_else_anything() {
    let scene = Scene::new();
    let with = ClientSettings {
        resources: vec!["https://api.example".to_owned()],
        ..settings()
    };
    let app = client(&scene, "app", with.clone());
    let (access, refresh) = tokens(&scene, &app).await;
    let narrow = app.refresh(&refresh, &[("resource", ISSUER)]).await;
    let (api, other) = (client(&scene, "api", with), client(&scene, "other", settings()));
    for caller in [&api, &other] {
        assert_eq!(
            told(caller, &access).await["active"],
            true,
            "made out to no API in particular"
        );
        let refresh = narrow.text("refresh_token");
        assert_eq!(
            told(caller, &refresh).await,
            json!({ "active": false }),
            "another's refresh token"
        );
    }
    let browser = scene.browser();
    let anybody = browser.post("/introspect", &[("token", &access)]).await;
    assert_eq!(anybody.refusal(), (401, "invalid_client".to_owned()));
    scene.register("public", ClientKind::Public, settings());
    let public = RelyingParty::new(&scene, "public", None);
    let refused = public
        .post("/introspect", &[("token", &access), ("client_id", "public")])
        .await;
    assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()));
    assert_eq!(
        app.post("/introspect", &[]).await.refusal(),
        (400, "invalid_request".to_owned())
    );
    let twice = app.post("/introspect", &[("token", &access), ("token", &access)]).await;
    assert_eq!(twice.refusal(), (400, "invalid_request".to_owned()));
}

/// A token for one API is nothing to another, nor to `/userinfo` (RFC 8707 section 2).
#[tokio::test]
async fn a_token_for_one_api_is_known_to_that_one() {
    let scene = Scene::new();
    let serving = |name: &str| ClientSettings {
        resources: vec![format!("https://{name}.example")],
        grant_types: [samekey_provider::clients::GrantType::ClientCredentials].into(),
        ..settings()
    };
    let (one, two) = (
        client(&scene, "one", serving("one")),
        client(&scene, "two", serving("two")),
    );
    let caller = client(&scene, "caller", serving("one"));
    let token = caller
        .post("/token", &[("grant_type", "client_credentials")])
        .await
        .text("access_token");
    assert_eq!(told(&one, &token).await["aud"], "https://one.example");
    assert_eq!(told(&caller, &token).await["active"], true);
    assert_eq!(told(&two, &token).await, json!({ "active": false }));
    assert_eq!(caller.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
}

/// RFC 9701: typed, for the one who asked, and signed as it registered.
#[tokio::test]
async fn is_signed_for_whoever_asks_for_that() {
    let scene = Scene::new();
    let with = ClientSettings {
        introspection_alg: Some(Alg::Es256),
        ..settings()
    };
    let secret = scene.register("api", ClientKind::Confidential, with).unwrap();
    let api = RelyingParty::new(&scene, "api", Some(&secret));
    let (access, _) = tokens(&scene, &scene.wiki()).await;
    let pair = BASE64.encode(format!("api:{secret}").as_bytes());
    let request = Request::post("/introspect")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(AUTHORIZATION, format!("Basic {pair}"))
        .header(ACCEPT, "application/token-introspection+jwt");
    let body = encode([("token", access.as_str())].into_iter());
    let page = scene.browser().send(request, Body::from(body)).await;
    assert_eq!(page.headers[CONTENT_TYPE], "application/token-introspection+jwt");
    let header = BASE64URL_NOPAD
        .decode(page.body.split('.').next().unwrap().as_bytes())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&"token-introspection+jwt".into(), &"ES256".into())
    );
    let seen = claims(&page.body);
    assert_eq!((&seen["iss"], &seen["aud"]), (&ISSUER.into(), &"api".into()));
    assert_eq!(seen["token_introspection"]["sub"], scene.ann.to_string());
    assert!(seen.get("sub").is_none() && seen.get("exp").is_none());
    // It is no access token, whatever it looks like.
    assert_eq!(told(&api, &page.body).await, json!({ "active": false }));
}
