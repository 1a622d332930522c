//! Pushed authorization requests (RFC 9126): checked where they are left, answered once, and good for nobody else.

use crate::relying_party::{RelyingParty, claims};
use crate::scene::{Scene, settings};
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use samekey_provider::clients::{self, ClientKind, Consent};
use samekey_provider::http::Params;
use samekey_provider::oidc::par;
use samekey_shared::params;
use samekey_shared::store::StoreError;

#[tokio::test]
async fn a_pushed_request_is_answered_once_and_its_page_can_be_loaded_again() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let answer = wiki.push(&[("nonce", "pushed")]).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
    let told = answer.json();
    assert!(
        told["request_uri"]
            .as_str()
            .unwrap()
            .starts_with("urn:ietf:params:oauth:request_uri:")
    );
    assert!((1..600).contains(&told["expires_in"].as_i64().unwrap()));
    let address = wiki.pushed(&answer);
    // Loaded, loaded again, and by somebody else who signs in with it later.
    for _ in 0..2 {
        assert!(browser.get(&address).await.location().starts_with("/sign-in?flow="));
    }
    let back = scene.sign_in(&browser, &address).await;
    assert_eq!(back.returned("state").as_deref(), Some("st"));
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["nonce"], "pushed");
    let again = browser.get(&address).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.body.contains("invalid_request_uri"), "{}", again.body);
}

#[tokio::test]
async fn what_is_pushed_is_held_against_everything_that_authorize_asks() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    let long = "x".repeat(1025);
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("redirect_uri", "")], "invalid_request"),
        (&[("redirect_uri", "https://evil.example/cb")], "invalid_request"),
        (&[("redirect_uri", "https://wiki.example/cb/")], "invalid_request"),
        (
            &[("request_uri", "urn:ietf:params:oauth:request_uri:x")],
            "invalid_request",
        ),
        (&[("request_uri", "https://wiki.example/r")], "invalid_request"),
        (&[("client_id", "other")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("scope", "")], "invalid_scope"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("nonce", &long)], "invalid_request"),
        (&[("state", &long)], "invalid_request"),
        (&[("registration", "{}")], "registration_not_supported"),
        (&[("id_token_hint", "x")], "invalid_request"),
        (&[("resource", "https://api.example")], "invalid_target"),
        (&[("dpop_jkt", "short")], "invalid_request"),
        (&[("request", "x")], "invalid_request_object"),
    ];
    for (changes, error) in cases {
        let answer = wiki.push(changes).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{changes:?}: {}", answer.body);
        assert_eq!(answer.json()["error"], *error, "{changes:?}: {}", answer.body);
        assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
    }
    let twice = wiki.post_form("/par", "scope=openid&scope=openid".into()).await;
    assert_eq!(twice.json()["error"], "invalid_request");
    let large = wiki.post_form("/par", format!("state={}", "x".repeat(17_000))).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let request = Request::post("/par").header(CONTENT_TYPE, "application/json");
    let json = scene.browser().send(request, Body::from("{}")).await;
    assert_eq!(json.json()["error"], "invalid_request");
    for wrong in [Some("wrong"), Some(""), None] {
        let stranger = RelyingParty::new(&scene, "wiki", wrong);
        let answer = stranger.push(&[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong:?}");
        assert_eq!(answer.json()["error"], "invalid_client");
    }
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let request = Request::builder().method(method).uri("/par");
        let page = scene.browser().send(request, Body::empty()).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
}

#[tokio::test]
async fn what_proves_the_client_is_not_kept_with_its_request() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    let address = wiki.pushed(&wiki.push(&[]).await);
    let uri = address.split_once("request_uri=").unwrap().1.replace("%3A", ":");
    let handle = par::Handle::of(&uri).unwrap();
    let id = "wiki".parse().unwrap();
    let store = &scene.test.realm.store;
    let kept = store
        .read(|tx| par::find(tx, handle, &id, scene.now()))
        .unwrap()
        .unwrap();
    assert!(
        kept.params
            .iter()
            .all(|(name, _)| !name.starts_with("client_") || name == "client_id")
    );
    // Neither is the handle itself: whoever reads the store cannot begin with it.
    let row = store
        .read(|tx| tx.query_opt("SELECT handle_hash FROM pushed_requests", &[]))
        .unwrap()
        .unwrap();
    assert_eq!(row.bytes(0).unwrap(), handle.hash());
}

#[tokio::test]
async fn a_handle_is_its_clients_alone_and_for_minutes() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let secret = scene.register("evil", ClientKind::Confidential, settings()).unwrap();
    let evil = RelyingParty::new(&scene, "evil", Some(&secret));
    let answer = wiki.push(&[]).await;
    let uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
    let gone = [
        evil.with_handle(&uri),
        wiki.with_handle(&uri[..uri.len() - 1]),
        wiki.with_handle(&format!("{uri}A")),
        wiki.with_handle(&uri.to_uppercase()),
        wiki.with_handle("urn:ietf:params:oauth:request_uri:"),
    ];
    for address in gone {
        let page = browser.get(&address).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address}");
    }
    let nobodys = browser
        .get(&wiki.with_handle(&uri).replace("client_id=wiki", "client_id="))
        .await;
    assert!(nobodys.body.contains("unknown_application"));
    // Nothing beside the handle counts (RFC 9126 section 4).
    let beside = format!(
        "{}&scope=email&redirect_uri=https%3A%2F%2Fevil.example%2F&state=evil",
        wiki.with_handle(&uri)
    );
    assert!(browser.get(&beside).await.location().starts_with("/sign-in?flow="));
    scene.test.clock.advance(par::LIFETIME);
    let late = browser.get(&wiki.with_handle(&uri)).await;
    assert!(late.body.contains("invalid_request_uri"));
    // Who began in time may finish after that.
    let address = wiki.pushed(&wiki.push(&[]).await);
    let first = browser.get(&address).await;
    scene.test.clock.advance(par::LIFETIME + 30);
    let asks = browser.press(&first.location(), "name", &[("username", "ann")]).await;
    let asks = browser
        .press(&asks.location(), "password", &[("password", crate::scene::PASSWORD)])
        .await;
    let back = browser
        .press(&asks.location(), "code", &[("code", &scene.code())])
        .await;
    assert!(back.returned("code").is_some());
}

/// However many browsers come with one handle, one of them is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_sign_ins_with_one_handle_exactly_one_is_answered() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    scene.sign_in(&browser, &wiki.request(&[])).await;
    for _ in 0..5 {
        let address = wiki.pushed(&wiki.push(&[]).await);
        let tries: Vec<_> = (0..16)
            .map(|_| {
                let (one, address) = (scene.browser(), address.clone());
                one.set_cookies(browser.cookies());
                tokio::spawn(async move {
                    let back = one.get(&address).await;
                    if back.status == StatusCode::BAD_REQUEST {
                        assert!(back.body.contains("invalid_request_uri"));
                        return false;
                    }
                    let (code, error) = (back.returned("code"), back.returned("error"));
                    assert!(code.is_some() || error.as_deref() == Some("invalid_request_uri"));
                    code.is_some()
                })
            })
            .collect();
        let mut answered = 0;
        for one in tries {
            answered += usize::from(one.await.unwrap());
        }
        assert_eq!(answered, 1);
    }
}

#[tokio::test]
async fn the_question_of_consent_spends_the_handle_too() {
    let scene = Scene::new();
    let mut asking = settings();
    asking.consent = Consent::Asked;
    let secret = scene.register("shop", ClientKind::Confidential, asking).unwrap();
    let shop = RelyingParty::new(&scene, "shop", Some(&secret));
    let browser = scene.browser();
    let address = shop.pushed(&shop.push(&[]).await);
    let one = scene.sign_in(&browser, &address).await;
    // A second window with the same request waits for consent as well.
    let two = browser.get(&address).await;
    assert!(
        browser
            .press(&one.location(), "allow", &[])
            .await
            .returned("code")
            .is_some()
    );
    let page = browser.press(&two.location(), "allow", &[]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_must_push_gets_nothing_by_query() {
    let scene = Scene::new();
    let mut pushing = settings();
    pushing.require_pushed = true;
    let secret = scene.register("bank", ClientKind::Confidential, pushing).unwrap();
    let bank = RelyingParty::new(&scene, "bank", Some(&secret));
    let browser = scene.browser();
    let back = browser.get(&bank.request(&[])).await;
    assert_eq!(back.returned("error").as_deref(), Some("invalid_request"));
    assert_eq!(back.returned("state").as_deref(), Some("st"));
    let address = bank.pushed(&bank.push(&[]).await);
    assert!(scene.sign_in(&browser, &address).await.returned("code").is_some());
}

#[tokio::test]
async fn a_public_client_pushes_by_its_id_and_still_needs_pkce() {
    let scene = Scene::new();
    scene.register("app", ClientKind::Public, settings());
    let app = RelyingParty::new(&scene, "app", None);
    assert_eq!(app.push(&[]).await.status, StatusCode::CREATED);
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    assert_eq!(app.push(&without).await.json()["error"], "invalid_request");
}

/// A public client's id is known to everybody: whoever pushes under it without end fills the share of one network, and nobody else's.
#[tokio::test]
async fn what_a_public_client_leaves_from_one_place_is_bounded() {
    let scene = Scene::new();
    scene.register("app", ClientKind::Public, settings());
    let app = RelyingParty::new(&scene, "app", None);
    let address = app.pushed(&app.push(&[]).await);
    let store = &scene.test.realm.store;
    let fill = "INSERT INTO pushed_requests (handle_hash, client, params, signed, source, expires_at) \
                SELECT $2, client, params, signed, source, expires_at FROM pushed_requests WHERE client = $1 LIMIT 1";
    let full = |number: i64| {
        store
            .write(|tx| {
                for one in 1..number {
                    tx.execute(fill, params!["app", one.to_string().into_bytes()])?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    };
    full(par::MOST_FROM_ONE);
    let refused = app.push(&[]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json()["error"], "temporarily_unavailable");
    assert_eq!(refused.headers[CACHE_CONTROL], "no-store");
    // Not for somebody elsewhere, nor for a client that proves itself.
    let request = app.request(&[]);
    let request = Params::parse(request.split_once('?').unwrap().1.as_bytes()).unwrap();
    let fields: Vec<(&str, &str)> = request.iter().collect();
    let elsewhere = scene.browser().from([198, 51, 100, 9]).post("/par", &fields).await;
    assert_eq!(elsewhere.status, StatusCode::CREATED, "{}", elsewhere.body);
    assert_eq!(scene.wiki().push(&[]).await.status, StatusCode::CREATED);
    // One answered makes room for one.
    assert!(
        scene
            .sign_in(&scene.browser(), &address)
            .await
            .returned("code")
            .is_some()
    );
    assert_eq!(app.push(&[]).await.status, StatusCode::CREATED);
    assert_eq!(app.push(&[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    // And so does time.
    scene.test.clock.advance(par::LIFETIME);
    assert_eq!(app.push(&[]).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn handles_go_with_their_client_and_with_time() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    let store = &scene.test.realm.store;
    let count = || {
        let row = store
            .read(|tx| tx.query_opt("SELECT COUNT(*) FROM pushed_requests", &[]))
            .unwrap();
        row.unwrap().int(0).unwrap()
    };
    wiki.push(&[]).await;
    store.write(|tx| par::sweep(tx, scene.now() + par::LIFETIME)).unwrap();
    assert_eq!(count(), 1, "a sign-in that began in time may still end with it");
    store
        .write(|tx| par::sweep(tx, scene.now() + par::LIFETIME + 901))
        .unwrap();
    assert_eq!(count(), 0);
    wiki.push(&[]).await;
    let id = "wiki".parse().unwrap();
    store.write(|tx| clients::remove(tx, &id)).unwrap();
    assert_eq!(count(), 0);
}
