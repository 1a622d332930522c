//! Token exchange (RFC 8693): everything by name, never more, never longer (row 18).

use crate::browser::Page;
use crate::own_tokens::client;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{ISSUER, Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::{AccessTokenForm, ClientSettings, Exchange, GrantType};
use samekey_shared::accounts::{AccountState, rows};
use serde_json::json;

const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const API: &str = "https://api.example";

fn gateway() -> ClientSettings {
    ClientSettings {
        grant_types: [GrantType::TokenExchange, GrantType::ClientCredentials].into(),
        resources: vec![API.to_owned()],
        exchange: Exchange {
            from: ["wiki".to_owned()].into(),
            impersonate: false,
        },
        access_token: AccessTokenForm::Jwt,
        ..settings()
    }
}

async fn ask(client: &RelyingParty, token: &str, changes: &[(&str, &str)]) -> Page {
    let mut params = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token),
        ("subject_token_type", ACCESS),
        ("resource", API),
    ];
    for (name, value) in changes {
        params.retain(|(known, _)| known != name);
        if !value.is_empty() {
            params.push((name, value));
        }
    }
    client.post("/token", &params).await
}

async fn persons_token(scene: &Scene, app: &RelyingParty) -> String {
    let back = scene
        .sign_in(&scene.browser(), &app.request(&[("scope", "openid email profile")]))
        .await;
    app.redeem(&back.returned("code").unwrap(), &[])
        .await
        .text("access_token")
}

#[tokio::test]
async fn gives_less_for_another_api_and_says_who_acts() {
    let scene = Scene::new();
    let gateway_ = client(&scene, "gateway", gateway());
    let token = persons_token(&scene, &scene.wiki()).await;
    scene.test.clock.advance(200);
    let answer = ask(&gateway_, &token, &[("scope", "email")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.text("issued_token_type"), ACCESS);
    assert_eq!(answer.text("scope"), "email");
    assert_eq!(answer.json()["expires_in"], 400, "no longer than the first");
    for absent in ["refresh_token", "id_token"] {
        assert!(answer.json().get(absent).is_none(), "{absent}");
    }
    let seen = claims(&answer.text("access_token"));
    assert_eq!(
        (&seen["sub"], &seen["aud"], &seen["client_id"]),
        (&scene.ann.to_string().into(), &API.into(), &"gateway".into())
    );
    assert_eq!(seen["act"], json!({ "sub": "gateway" }));
    assert_eq!(
        gateway_.userinfo(&answer.text("access_token")).await.status,
        StatusCode::UNAUTHORIZED,
        "not for us"
    );
    // A chain is told whole (section 4.1).
    let behind = ClientSettings {
        exchange: Exchange {
            from: ["gateway".to_owned()].into(),
            impersonate: false,
        },
        ..gateway()
    };
    let behind = client(&scene, "behind", behind);
    let second = ask(&behind, &answer.text("access_token"), &[]).await;
    let seen = claims(&second.text("access_token"));
    assert_eq!(seen["act"], json!({ "sub": "behind", "act": { "sub": "gateway" } }));
    // All of it rests on the one grant.
    let set = |state| {
        scene
            .test
            .realm
            .store
            .write(|tx| rows::set_state(tx, scene.ann, state))
            .unwrap();
    };
    set(AccountState::Locked);
    for page in [&answer, &second] {
        let told = gateway_
            .post("/introspect", &[("token", &page.text("access_token"))])
            .await;
        assert_eq!(told.json(), json!({ "active": false }));
    }
    let dead = ask(&gateway_, &token, &[]).await;
    assert_eq!(dead.refusal(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn acts_as_the_person_only_where_the_operator_said_so() {
    let scene = Scene::new();
    let mut trusted = gateway();
    trusted.exchange.impersonate = true;
    let trusted = client(&scene, "trusted", trusted);
    let token = persons_token(&scene, &scene.wiki()).await;
    let answer = ask(&trusted, &token, &[]).await;
    assert!(claims(&answer.text("access_token")).get("act").is_none());
}

/// The policy of the one who asks holds as well as that of the one who was signed in to.
#[tokio::test]
async fn the_policy_of_both_clients_holds() {
    let barred = format!(
        "{}[[rule]]\nname = \"far\"\nwhen = {{ services = [\"oidc:gateway\"] }}\nrequire = {{ deny = true }}\n",
        crate::scene::STRICT
    );
    let scene = Scene::new();
    let gateway_ = client(&scene, "gateway", gateway());
    let token = persons_token(&scene, &scene.wiki()).await;
    let exchanged = ask(&gateway_, &token, &[]).await.text("access_token");
    let active = async || gateway_.post("/introspect", &[("token", &exchanged)]).await.json()["active"].clone();
    assert_eq!(active().await, true);
    scene.test.policy(&barred).unwrap();
    assert_eq!(
        ask(&gateway_, &token, &[]).await.refusal(),
        (400, "invalid_request".to_owned())
    );
    assert_eq!(active().await, false);
    assert_eq!(scene.wiki().userinfo(&token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn whatever_is_not_allowed_by_name_is_refused() {
    let scene = Scene::new();
    let gateway_ = client(&scene, "gateway", gateway());
    let wiki_token = persons_token(&scene, &scene.wiki()).await;
    scene.test.clock.advance(30);
    let shop = client(&scene, "shop", settings());
    let shop_token = persons_token(&scene, &shop).await;
    let own = gateway_
        .post("/token", &[("grant_type", "client_credentials")])
        .await
        .text("access_token");
    let long = "x".repeat(9000);
    for (token, changes, error) in [
        (shop_token.as_str(), vec![], "invalid_request"),
        (own.as_str(), vec![], "invalid_request"),
        ("nothing", vec![], "invalid_request"),
        (long.as_str(), vec![], "invalid_request"),
        ("", vec![("subject_token", "")], "invalid_request"),
        (&wiki_token, vec![("subject_token_type", "")], "invalid_request"),
        (
            &wiki_token,
            vec![("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")],
            "invalid_request",
        ),
        (
            &wiki_token,
            vec![("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")],
            "invalid_request",
        ),
        (
            &wiki_token,
            vec![("actor_token", "x"), ("actor_token_type", ACCESS)],
            "invalid_request",
        ),
        (&wiki_token, vec![("resource", "")], "invalid_request"),
        (
            &wiki_token,
            vec![("resource", "https://other.example")],
            "invalid_target",
        ),
        (&wiki_token, vec![("resource", ISSUER)], "invalid_target"),
        (
            &wiki_token,
            vec![("audience", "https://other.example")],
            "invalid_target",
        ),
        (&wiki_token, vec![("scope", "openid groups")], "invalid_scope"),
    ] {
        let page = ask(&gateway_, token, &changes).await;
        assert_eq!(page.refusal(), (400, error.to_owned()), "{changes:?}");
    }
    let page = ask(&scene.wiki(), &wiki_token, &[]).await;
    assert_eq!(page.refusal(), (400, "unauthorized_client".to_owned()));
    let by_name = ask(&gateway_, &wiki_token, &[("resource", ""), ("audience", API)]).await;
    assert_eq!(by_name.status, StatusCode::OK);
}

/// RFC 8693 section 2.1: several APIs, by `resource` and `audience` alike; one named twice is one, and one too many is too many.
#[tokio::test]
async fn several_apis_are_named_by_several_parameters() {
    const BILLS: &str = "https://bills.example";
    let scene = Scene::new();
    let settings = ClientSettings {
        resources: vec![API.to_owned(), BILLS.to_owned()],
        ..gateway()
    };
    let gateway_ = client(&scene, "gateway", settings);
    let token = persons_token(&scene, &scene.wiki()).await;
    let ask = async |targets: &[(&str, &str)]| {
        let mut params = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token.as_str()),
            ("subject_token_type", ACCESS),
        ];
        params.extend(targets);
        gateway_.post("/token", &params).await
    };
    let both = ask(&[
        ("resource", API),
        ("audience", BILLS),
        ("resource", API),
        ("resource", ""),
    ])
    .await;
    assert_eq!(both.status, StatusCode::OK, "{}", both.body);
    assert_eq!(claims(&both.text("access_token"))["aud"], json!([API, BILLS]));
    let one = ask(&[("resource", API), ("resource", API)]).await;
    assert_eq!(claims(&one.text("access_token"))["aud"], API);
    for wrong in [
        [("resource", API), ("resource", "https://other.example")],
        [("audience", "https://other.example"), ("resource", BILLS)],
    ] {
        assert_eq!(
            ask(&wrong).await.refusal(),
            (400, "invalid_target".to_owned()),
            "{wrong:?}"
        );
    }
}
