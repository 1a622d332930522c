//! What an authorization request may say, and what is taken where it says nothing.

use crate::browser::Page;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{LAX, PASSWORD, STRICT, Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::{ClientKind, ClientSettings, GrantType};
use samekey_shared::params;
use samekey_shared::store::Tx;
use serde_json::{Value, json};

fn registered(scene: &Scene, id: &str, change: impl FnOnce(&mut ClientSettings)) -> RelyingParty {
    let mut changed = settings();
    change(&mut changed);
    let secret = scene.register(id, ClientKind::Confidential, changed).unwrap();
    RelyingParty::new(scene, id, Some(&secret))
}

async fn told(party: &RelyingParty, back: &Page) -> Value {
    let tokens = party.redeem(&back.returned("code").unwrap(), &[]).await.json();
    claims(tokens["id_token"].as_str().unwrap())
}

#[tokio::test]
async fn what_was_registered_holds_where_a_request_says_nothing() {
    let scene = Scene::with("", LAX);
    let aged = registered(&scene, "aged", |settings| settings.default_max_age = Some(60));
    let browser = scene.browser();
    scene.with_password(&browser, &scene.wiki().request(&[])).await;
    scene.test.clock.advance(120);
    let silent = browser.get(&aged.request(&[("prompt", "none")])).await;
    assert_eq!(silent.returned("error").as_deref(), Some("login_required"));
    let own = browser
        .get(&aged.request(&[("prompt", "none"), ("max_age", "3600")]))
        .await;
    assert!(own.returned("code").is_some(), "what the request says goes before");
    // The level: asked for where the request names none.
    let level = registered(&scene, "level", |settings| {
        settings.default_acr_values = vec!["urn:samekey:acr:mfa".into()];
    });
    let asks = browser.get(&level.request(&[])).await;
    let back = browser
        .press(&asks.location(), "code", &[("code", &scene.code())])
        .await;
    assert_eq!(told(&level, &back).await["acr"], "urn:samekey:acr:mfa");
    let other = scene.browser();
    let single = level.request(&[("acr_values", "urn:samekey:acr:single")]);
    let back = scene.with_password(&other, &single).await;
    assert_eq!(told(&level, &back).await["acr"], "urn:samekey:acr:single");
}

/// Without `openid` it is OAuth: a code and an access token, no ID token, and nothing at `/userinfo`.
#[tokio::test]
async fn without_openid_it_is_plain_oauth() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let request = wiki.request(&[("scope", "profile"), ("nonce", "")]);
    let back = scene.sign_in(&browser, &request).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await;
    assert_eq!(tokens.status, StatusCode::OK);
    let tokens = tokens.json();
    assert!(tokens.get("id_token").is_none(), "{tokens}");
    assert_eq!(tokens["scope"], "profile");
    let userinfo = wiki.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.status, StatusCode::FORBIDDEN);
    for nothing in ["", "unknown", "unknown other"] {
        let back = browser.get(&wiki.request(&[("scope", nothing)])).await;
        assert_eq!(back.returned("error").as_deref(), Some("invalid_scope"), "{nothing}");
    }
}

#[tokio::test]
async fn a_client_asks_for_no_more_than_it_is_registered_for() {
    let scene = Scene::new();
    let narrow = registered(&scene, "narrow", |settings| {
        settings.scopes = Some(["openid".to_owned(), "email".to_owned()].into());
    });
    let browser = scene.browser();
    let request = narrow.request(&[("scope", "openid profile email groups")]);
    let back = scene.sign_in(&browser, &request).await;
    let tokens = narrow.redeem(&back.returned("code").unwrap(), &[]).await.json();
    assert_eq!(tokens["scope"], "openid email");
    let none = browser.get(&narrow.request(&[("scope", "groups")])).await;
    assert_eq!(none.returned("error").as_deref(), Some("invalid_scope"));
    let machine = registered(&scene, "machine", |settings| {
        settings.grant_types = [GrantType::ClientCredentials].into();
    });
    let back = browser.get(&machine.request(&[])).await;
    assert_eq!(back.returned("error").as_deref(), Some("unauthorized_client"));
    let api = registered(&scene, "api", |settings| {
        settings.resources = vec!["https://api.example".into()];
    });
    let right = browser.get(&api.request(&[("resource", "https://api.example")])).await;
    assert!(right.returned("code").is_some());
    for wrong in [
        "https://other.example",
        "api",
        "https://api.example/",
        "https://api.example#f",
    ] {
        let back = browser.get(&api.request(&[("resource", wrong)])).await;
        assert_eq!(back.returned("error").as_deref(), Some("invalid_target"), "{wrong}");
    }
}

/// Nobody makes an account here: `prompt=create` uses nobody's session, and leads through what the policy wants bound.
#[tokio::test]
async fn somebody_new_is_led_through_their_first_binding() {
    let scene = Scene::with("", STRICT);
    let (wiki, browser) = (scene.wiki(), scene.browser());
    scene.sign_in(&browser, &wiki.request(&[])).await;
    scene.test.account("bob", PASSWORD).unwrap();
    let first = browser.get(&wiki.request(&[("prompt", "create")])).await;
    let page = browser.get(&first.location()).await;
    assert!(
        page.body.contains("name=\"username\""),
        "Ann's session is not used: {}",
        page.body
    );
    let asks = browser.press(&first.location(), "name", &[("username", "bob")]).await;
    let binds = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    let page = browser.get(&binds.location()).await;
    assert!(
        page.body.contains("Bind") || page.body.contains("bind"),
        "{}",
        page.body
    );
    let alone = browser.get(&wiki.request(&[("prompt", "none create")])).await;
    assert_eq!(alone.returned("error").as_deref(), Some("invalid_request"));
}

/// OpenID Connect Core 5.5.1: a `sub` with a value is that person or nobody.
#[tokio::test]
async fn claims_may_name_the_person() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let first = told(&wiki, &scene.sign_in(&browser, &wiki.request(&[])).await).await;
    let naming = |sub: &str| format!(r#"{{"id_token":{{"sub":{{"value":"{sub}"}}}}}}"#);
    let ann = naming(first["sub"].as_str().unwrap());
    let same = browser
        .get(&wiki.request(&[("claims", &ann), ("prompt", "none")]))
        .await;
    assert!(same.returned("code").is_some());
    let other = browser
        .get(&wiki.request(&[("claims", &naming("somebody")), ("prompt", "none")]))
        .await;
    assert_eq!(other.returned("error").as_deref(), Some("login_required"));
    let tokens = browser.get(&wiki.request(&[])).await.returned("code").unwrap();
    let tokens = wiki.redeem(&tokens, &[]).await.json();
    let both = [
        ("claims", naming("somebody")),
        ("id_token_hint", tokens["id_token"].as_str().unwrap().to_owned()),
    ];
    let both: Vec<(&str, &str)> = both.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let back = browser.get(&wiki.request(&both)).await;
    assert_eq!(back.returned("error").as_deref(), Some("invalid_request"));
}

/// Writes settings past registration, as somebody with the database might.
fn written(scene: &Scene, settings: &Value) {
    let update = |tx: &mut Tx<'_>| {
        tx.execute(
            "UPDATE clients SET settings = $1 WHERE id = 'wiki'",
            params![settings.to_string()],
        )
    };
    assert_eq!(scene.test.realm.store.write(update).unwrap(), 1);
}

/// Row 2: a scheme that runs code is not followed even where the registration names it.
#[tokio::test]
async fn an_address_that_runs_code_is_refused_whatever_the_row_says() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    for address in [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "com.example.app:/cb",
    ] {
        written(&scene, &json!({ "redirect-uris": [address] }));
        for mode in ["query", "form_post", "jwt"] {
            let request = wiki.request(&[("redirect_uri", address), ("response_mode", mode), ("prompt", "none")]);
            let page = browser.get(&request).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address} {mode}");
            assert!(
                page.body.contains("unknown_return_address") && !page.body.contains(address),
                "{address}"
            );
        }
        assert_eq!(
            wiki.push(&[("redirect_uri", address)]).await.json()["error"],
            "invalid_request"
        );
    }
}

/// Row 10: what the request asked is held against its client again when the sign-in ends, and no query changes it meanwhile.
#[tokio::test]
async fn a_sign_in_ends_only_as_its_client_is_registered_then() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let asks = scene.with_password(&browser, &wiki.request(&[])).await;
    let bent = format!(
        "{}&response_type=token&redirect_uri=https%3A%2F%2Fevil.example&scope=groups",
        asks.location()
    );
    let back = browser.press(&bent, "code", &[("code", &scene.code())]).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
    assert_eq!(tokens["scope"], "openid profile");
    // Its address is taken out while somebody signs in.
    scene.test.clock.advance(30);
    let other = scene.browser();
    let asks = scene.with_password(&other, &wiki.request(&[])).await;
    written(&scene, &json!({ "redirect-uris": ["https://wiki.example/moved"] }));
    let end = other.press(&asks.location(), "code", &[("code", &scene.code())]).await;
    assert_eq!(end.status, StatusCode::BAD_REQUEST, "{}", end.body);
    // So is the address of a request that was pushed before.
    written(&scene, &json!({ "redirect-uris": [crate::scene::CALLBACK] }));
    let address = wiki.pushed(&wiki.push(&[]).await);
    written(&scene, &json!({ "redirect-uris": ["https://wiki.example/moved"] }));
    assert_eq!(scene.browser().get(&address).await.status, StatusCode::BAD_REQUEST);
}

/// A registration that claims FAPI 2.0 and is weaker gets nothing, although registration itself would have refused it.
#[tokio::test]
async fn who_claims_the_profile_and_contradicts_it_gets_nothing() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    for profile in ["fapi2", "fapi2-signed"] {
        written(
            &scene,
            &json!({ "redirect-uris": [crate::scene::CALLBACK], "profile": profile }),
        );
        assert_eq!(wiki.push(&[]).await.json()["error"], "unauthorized_client");
        let page = browser.get(&wiki.request(&[])).await;
        assert!(
            !page.location().contains("code=") && !page.location().starts_with("/sign-in"),
            "{}",
            page.location()
        );
    }
}
