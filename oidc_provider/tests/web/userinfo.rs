//! `/userinfo`: by each way that a token may come, signed where that was registered, and not for every token.

use crate::own_tokens::client;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{ISSUER, Scene, settings};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Request, StatusCode};
use samekey_provider::clients::{AccessTokenForm, ClientSettings};
use samekey_provider::keys::Alg;

async fn tokens(scene: &Scene, app: &RelyingParty) -> crate::browser::Page {
    let back = scene.sign_in(&scene.browser(), &app.request(&[])).await;
    scene.test.clock.advance(30);
    app.redeem(&back.returned("code").unwrap(), &[]).await
}

#[tokio::test]
async fn takes_the_token_in_each_place_and_in_one_only() {
    let scene = Scene::new();
    let token = tokens(&scene, &scene.wiki()).await.text("access_token");
    let browser = scene.browser();
    let bearer = format!("bearer {token}");
    let form = "application/x-www-form-urlencoded";
    let get = browser
        .send(Request::get("/userinfo").header(AUTHORIZATION, &bearer), Body::empty())
        .await;
    let header = browser
        .send(Request::post("/userinfo").header(AUTHORIZATION, &bearer), Body::empty())
        .await;
    let body = browser.post("/userinfo", &[("access_token", &token)]).await;
    for page in [get, header, body] {
        assert_eq!(page.json()["sub"], scene.ann.to_string());
        assert_eq!(page.headers[CONTENT_TYPE], "application/json");
        assert_eq!(page.headers["cache-control"], "no-store");
    }
    let request = Request::post("/userinfo")
        .header(AUTHORIZATION, &bearer)
        .header(CONTENT_TYPE, form);
    let twice = browser.send(request, Body::from(format!("access_token={token}"))).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    let nothing = browser.get("/userinfo").await;
    assert_eq!(nothing.status, StatusCode::UNAUTHORIZED);
    assert!(!nothing.headers[WWW_AUTHENTICATE].to_str().unwrap().contains("error="));
}

/// OpenID Connect Core 5.3.2: with `iss` and `aud`, by a published key.
#[tokio::test]
async fn is_signed_where_that_was_registered() {
    let scene = Scene::new();
    for alg in [Alg::Rs256, Alg::Es256] {
        let with = ClientSettings {
            userinfo_alg: Some(alg),
            ..settings()
        };
        let app = client(&scene, alg.name(), with);
        let page = app.userinfo(&tokens(&scene, &app).await.text("access_token")).await;
        assert_eq!(page.headers[CONTENT_TYPE], "application/jwt");
        let told = claims(&page.body);
        assert_eq!((&told["iss"], &told["aud"]), (&ISSUER.into(), &alg.name().into()));
        assert_eq!(
            (&told["sub"], &told["preferred_username"]),
            (&scene.ann.to_string().into(), &"ann".into())
        );
    }
}

/// A JWT of ours is looked at like any other token; what only looks like one opens nothing (row 13).
#[tokio::test]
async fn a_jwt_is_good_for_what_its_row_says() {
    let scene = Scene::new();
    let with = ClientSettings {
        access_token: AccessTokenForm::Jwt,
        ..settings()
    };
    let app = client(&scene, "app", with);
    let tokens = tokens(&scene, &app).await;
    let access = tokens.text("access_token");
    assert_eq!(app.userinfo(&access).await.status, StatusCode::OK);
    let parts: Vec<&str> = access.split('.').collect();
    let none = data_encoding::BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"at+jwt"}"#);
    let jti = claims(&access)["jti"].as_str().unwrap().to_owned();
    let signature = parts[2];
    let cut = &signature[..signature.len() - 4];
    for wrong in [
        tokens.text("id_token"),
        format!("{none}.{}.", parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{cut}AAAA", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{access}.x"),
        jti.clone(),
        format!("jwt:{jti}"),
    ] {
        assert_eq!(app.userinfo(&wrong).await.status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    // Nor is an access token a hint about who somebody is.
    let back = scene.browser().get(&app.request(&[("id_token_hint", &access)])).await;
    assert_eq!(back.returned("error").as_deref(), Some("invalid_request"));
    scene.test.clock.advance(600);
    assert_eq!(app.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
}
