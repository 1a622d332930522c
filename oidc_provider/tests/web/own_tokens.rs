//! `client_credentials`: a client speaks for itself, with opaque tokens and with JWTs that no row stands for.

use crate::browser::Page;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{ISSUER, Scene, settings};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use samekey_provider::clients::{AccessTokenForm, ClientKind, ClientSettings, GrantType};
use samekey_provider::keys::Alg;
use samekey_shared::store::StoreError;
use std::collections::BTreeSet;

const API: &str = "https://api.example";

pub fn robot(form: AccessTokenForm) -> ClientSettings {
    ClientSettings {
        grant_types: BTreeSet::from([GrantType::ClientCredentials]),
        scopes: Some(["orders.read", "orders.write", "openid"].map(str::to_owned).into()),
        resources: vec![API.to_owned()],
        access_token: form,
        access_token_alg: Some(Alg::Es256),
        ..settings()
    }
}

pub fn client(scene: &Scene, id: &str, settings: ClientSettings) -> RelyingParty {
    let secret = scene.register(id, ClientKind::Confidential, settings);
    RelyingParty::new(scene, id, secret.as_deref())
}

async fn ask(robot: &RelyingParty, more: &[(&str, &str)]) -> Page {
    let mut params = vec![("grant_type", "client_credentials")];
    params.extend(more);
    robot.post("/token", &params).await
}

#[tokio::test]
async fn names_the_client_as_its_subject_and_nobody_else() {
    let scene = Scene::new();
    for (id, form) in [("plain", AccessTokenForm::Opaque), ("signed", AccessTokenForm::Jwt)] {
        let robot = client(&scene, id, robot(form));
        let answer = ask(&robot, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(
            (answer.text("token_type"), answer.text("scope")),
            ("Bearer".into(), "orders.read orders.write".into())
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
        for absent in ["refresh_token", "id_token"] {
            assert!(answer.json().get(absent).is_none(), "{absent}");
        }
        let token = answer.text("access_token");
        let told = robot.post("/introspect", &[("token", &token)]).await.json();
        assert_eq!(
            (&told["active"], &told["sub"], &told["client_id"]),
            (&true.into(), &id.into(), &id.into())
        );
        assert_eq!((&told["aud"], &told["iss"]), (&API.into(), &ISSUER.into()));
        assert!(told.get("username").is_none());
        // No person, so nothing about one.
        assert_eq!(robot.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
    }
}

/// RFC 9068: header, claims, and a signature of a published key; the trail knows how many there were.
#[tokio::test]
async fn as_a_jwt_is_known_by_its_type_and_leaves_no_row() {
    let scene = Scene::new();
    let robot = client(&scene, "robot", robot(AccessTokenForm::Jwt));
    for _ in 0..3 {
        let token = ask(&robot, &[("scope", "orders.read")]).await.text("access_token");
        let header = BASE64URL_NOPAD
            .decode(token.split('.').next().unwrap().as_bytes())
            .unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        assert_eq!((&header["typ"], &header["alg"]), (&"at+jwt".into(), &"ES256".into()));
        let jwks = scene.browser().get("/jwks").await;
        assert!(jwks.body.contains(header["kid"].as_str().unwrap()));
        let told = claims(&token);
        for (name, value) in [
            ("iss", ISSUER),
            ("aud", API),
            ("sub", "robot"),
            ("client_id", "robot"),
            ("scope", "orders.read"),
        ] {
            assert_eq!(told[name], value, "{name}");
        }
        assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 600);
        assert!(told["jti"].as_str().unwrap().len() >= 32);
    }
    let store = &scene.test.realm.store;
    let rows = store.read(|tx| Ok::<_, StoreError>(tx.query("SELECT id FROM grants", &[])?.len()));
    assert_eq!(rows.unwrap(), 0);
    assert_eq!(scene.events("token-issued"), 0);
    scene.app.figures.own_tokens.tell(store, scene.now()).unwrap();
    scene.app.figures.own_tokens.tell(store, scene.now()).unwrap();
    assert_eq!(scene.events("token-issued"), 1);
}

/// Row 33: whoever is not registered for it does not get it, and nobody gets more than was registered.
#[tokio::test]
async fn gives_what_is_registered_and_nothing_else() {
    let scene = Scene::new();
    let robot_ = client(&scene, "robot", robot(AccessTokenForm::Opaque));
    for (more, error) in [
        (("scope", "orders.delete"), "invalid_scope"),
        (("scope", "openid"), "invalid_scope"),
        (("scope", "orders.read offline_access"), "invalid_scope"),
        (("resource", "https://other.example"), "invalid_target"),
        (("resource", "https://api.example/"), "invalid_target"),
    ] {
        assert_eq!(
            ask(&robot_, &[more]).await.refusal(),
            (400, error.to_owned()),
            "{more:?}"
        );
    }
    let twice = robot_
        .post(
            "/token",
            &[("grant_type", "client_credentials"), ("scope", "a"), ("scope", "b")],
        )
        .await;
    assert_eq!(twice.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(
        ask(&scene.wiki(), &[]).await.refusal(),
        (400, "unauthorized_client".to_owned())
    );
    let stranger = RelyingParty::new(&scene, "robot", Some("wrong"));
    assert_eq!(ask(&stranger, &[]).await.refusal(), (401, "invalid_client".to_owned()));
    // A public client proves nothing, so it cannot speak for itself.
    scene.register("app", ClientKind::Public, settings());
    scene.change(&"app".parse().unwrap(), |settings| {
        settings.grant_types.insert(GrantType::ClientCredentials);
    });
    let app = RelyingParty::new(&scene, "app", None);
    let refused = ask(&app, &[("client_id", "app")]).await;
    assert_eq!(refused.refusal(), (400, "unauthorized_client".to_owned()));
    assert_eq!(scene.events("token-issued"), 0);
}

/// Taken back before its end, a JWT without a row is dead where we are asked, and stays so after the sweep.
#[tokio::test]
async fn as_a_jwt_can_be_taken_back() {
    let scene = Scene::new();
    let robot = client(&scene, "robot", robot(AccessTokenForm::Jwt));
    let (one, other) = (
        ask(&robot, &[]).await.text("access_token"),
        ask(&robot, &[]).await.text("access_token"),
    );
    let evil = client(&scene, "evil", settings());
    assert_eq!(
        evil.post("/revoke", &[("token", &one)]).await.refusal(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(robot.post("/revoke", &[("token", &one)]).await.status, StatusCode::OK);
    let active = async |token: &str| robot.post("/introspect", &[("token", token)]).await.json()["active"].clone();
    assert_eq!((active(&one).await, active(&other).await), (false.into(), true.into()));
    let store = &scene.test.realm.store;
    store
        .write(|tx| samekey_provider::grants::sweep(tx, scene.now()))
        .unwrap();
    assert_eq!(active(&one).await, false);
    scene.test.clock.advance(600);
    assert_eq!(active(&other).await, false, "it ended");
    assert_eq!(scene.events("token-revoked"), 1);
}
