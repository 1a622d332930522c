//! Row 46: discovery says only what is true. Row 34: and nothing a request says changes it.

use crate::scene::{ISSUER, Scene};
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, ETAG, HOST, IF_NONE_MATCH};
use axum::http::{Request, StatusCode};
use samekey_provider::app::{App, AppState, tend_keys};
use samekey_provider::config::ProviderSection;
use samekey_provider::keys::Alg;
use samekey_shared::config::strict;
use samekey_shared::entropy::SeededEntropy;
use samekey_shared::testing::SoftAuthenticator;
use std::collections::BTreeSet;

const DISCOVERY: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn names_endpoints_that_answer() {
    let scene = Scene::new();
    let browser = scene.browser();
    let metadata = browser.get(DISCOVERY).await.json();
    assert_eq!(metadata["issuer"], ISSUER);
    for (member, expected) in [
        ("authorization_endpoint", StatusCode::BAD_REQUEST),
        ("userinfo_endpoint", StatusCode::UNAUTHORIZED),
        ("jwks_uri", StatusCode::OK),
        ("end_session_endpoint", StatusCode::OK),
    ] {
        let path = metadata[member].as_str().unwrap().strip_prefix(ISSUER).unwrap();
        assert_eq!(browser.get(path).await.status, expected, "{member}");
    }
    for member in [
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "device_authorization_endpoint",
    ] {
        let path = metadata[member].as_str().unwrap().strip_prefix(ISSUER).unwrap();
        assert_eq!(
            browser.post(path, &[]).await.status,
            StatusCode::UNAUTHORIZED,
            "{member}"
        );
    }
    assert!(metadata.get("registration_endpoint").is_none(), "nobody may register");
}

#[tokio::test]
async fn every_advertised_choice_works_and_others_are_refused() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    let metadata = scene.browser().get(DISCOVERY).await.json();
    let list = |member: &str| -> Vec<String> {
        metadata[member]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap().to_owned())
            .collect()
    };
    let browser = scene.browser();
    assert!(
        scene
            .sign_in(&browser, &wiki.request(&[]))
            .await
            .returned("code")
            .is_some()
    );
    assert_eq!(list("response_types_supported"), ["code"]);
    assert_eq!(list("code_challenge_methods_supported"), ["S256"]);
    assert_eq!(
        list("grant_types_supported"),
        [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange"
        ]
    );
    for scope in list("scopes_supported") {
        let back = browser
            .get(&wiki.request(&[("scope", &format!("openid {scope}"))]))
            .await;
        let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
        assert!(
            tokens["scope"].as_str().unwrap().split(' ').any(|one| one == scope),
            "{scope}"
        );
    }
    assert_eq!(
        list("acr_values_supported"),
        ["urn:samekey:acr:single", "urn:samekey:acr:mfa", "phr"]
    );
    scene.test.policy(crate::keys::KEYS).unwrap();
    let mut key = SoftAuthenticator::new();
    scene.test.bind_key(scene.ann, &mut key, "key").unwrap();
    let strongest = scene.browser();
    let first = strongest.get("/login").await;
    strongest.touch(&first.location(), "passkey", &mut key).await;
    for acr in list("acr_values_supported") {
        let back = strongest.get(&wiki.request(&[("acr_values", &acr)])).await;
        let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
        assert_eq!(
            crate::relying_party::claims(tokens["id_token"].as_str().unwrap())["acr"],
            acr.as_str()
        );
    }
    for prompt in list("prompt_values_supported") {
        let back = browser.get(&wiki.request(&[("prompt", &prompt)])).await;
        assert!(!back.location().contains("error="), "{prompt}: {}", back.location());
    }
    for mode in list("response_modes_supported") {
        let back = browser.get(&wiki.request(&[("response_mode", &mode)])).await;
        let member = if mode.ends_with("jwt") { "response" } else { "code" };
        let told = if mode.starts_with("form_post") {
            back.field(member)
        } else {
            back.returned(member).unwrap_or_default()
        };
        assert!(!told.is_empty(), "{mode}");
    }
    let pushed = wiki.push(&[]).await;
    assert!(browser.get(&wiki.pushed(&pushed)).await.returned("code").is_some());
}

#[tokio::test]
async fn every_advertised_algorithm_has_a_published_key() {
    let scene = Scene::new();
    let browser = scene.browser();
    let metadata = browser.get(DISCOVERY).await.json();
    let algs: BTreeSet<String> = metadata["id_token_signing_alg_values_supported"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap().to_owned())
        .collect();
    let keys = browser.get("/jwks").await.json();
    let published: BTreeSet<String> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["alg"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(algs, published);
}

#[tokio::test]
async fn names_every_claim_that_it_tells() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let metadata = browser.get(DISCOVERY).await.json();
    let named: BTreeSet<&str> = metadata["claims_supported"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    let back = scene
        .sign_in(
            &browser,
            &wiki.request(&[("scope", "openid profile email address phone groups")]),
        )
        .await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
    let id_token = crate::relying_party::claims(tokens["id_token"].as_str().unwrap());
    let userinfo = wiki.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    for claim in id_token
        .as_object()
        .unwrap()
        .keys()
        .chain(userinfo.as_object().unwrap().keys())
    {
        assert!(named.contains(claim.as_str()), "{claim}");
    }
}

#[tokio::test]
async fn no_header_and_no_absolute_target_changes_an_address() {
    let scene = Scene::new();
    let browser = scene.browser();
    let plain = browser.get(DISCOVERY).await;
    let request = Request::get(format!("https://evil.example{DISCOVERY}"))
        .header(HOST, "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header("forwarded", "host=evil.example;proto=http");
    let forged = browser.send(request, Body::empty()).await;
    assert_eq!(plain.body, forged.body);
    let wiki = scene.wiki();
    let request = Request::get(wiki.request(&[]))
        .header(HOST, "evil.example")
        .header("x-forwarded-host", "evil.example");
    let page = browser.send(request, Body::empty()).await;
    assert!(page.location().starts_with("/sign-in?flow="), "{}", page.location());
}

#[tokio::test]
async fn is_cached_and_revalidated() {
    let scene = Scene::new();
    let browser = scene.browser();
    for path in [DISCOVERY, "/jwks"] {
        let page = browser.get(path).await;
        assert!(page.headers[CACHE_CONTROL].to_str().unwrap().starts_with("public"));
        let tag = page.headers[ETAG].clone();
        let again = browser
            .send(Request::get(path).header(IF_NONE_MATCH, tag), Body::empty())
            .await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
}

#[tokio::test]
async fn a_rotation_is_followed_without_a_restart() {
    let scene = Scene::new();
    let browser = scene.browser();
    let before = browser.get("/jwks").await;
    let realm = &scene.test.realm;
    let keyring = realm.keyring().unwrap();
    let now = scene.now();
    // The scene's own entropy would draw again what its keys were made of.
    let fresh = SeededEntropy::new(77);
    samekey_provider::keys::rotate(&realm.store, &keyring, &fresh, now, &mut |_| Ok(())).unwrap();
    scene.app.follow_rotation().unwrap();
    let after = browser.get("/jwks").await;
    assert_ne!(before.headers[ETAG], after.headers[ETAG]);
    for key in before.json()["keys"].as_array().unwrap() {
        assert!(
            after.body.contains(key["kid"].as_str().unwrap()),
            "the retired key is still published"
        );
    }
    let wiki = scene.wiki();
    let back = scene.sign_in(&browser, &wiki.request(&[])).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
    let alg = openidconnect::core::CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
    wiki.verified(tokens["id_token"].as_str().unwrap(), alg).await;
}

/// Two nodes over one store, and ninety days of nobody doing anything.
#[tokio::test]
async fn keys_turn_on_schedule_once_for_all_nodes_and_old_tokens_stay_good() {
    const DAY: i64 = 86_400;
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let section = format!("issuer = \"{ISSUER}\"");
    let section: ProviderSection = strict::parse(&section).unwrap();
    let other = AppState::new(scene.test.realm.clone(), section.check().unwrap()).unwrap();
    let follow = |app: &App| {
        tend_keys(app).unwrap();
        app.follow_rotation().unwrap();
    };
    let kids = |app: &App| -> BTreeSet<String> {
        let set = app.published().keys.jwks();
        let keys = set["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    follow(&scene.app);
    let published = kids(&scene.app);
    assert_eq!(published.len(), 8, "one of each that signs, one of each to follow");
    scene.test.clock.advance(90 * DAY - 60);
    let back = scene.sign_in(&browser, &wiki.request(&[])).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
    scene.test.clock.advance(60);
    follow(&scene.app);
    follow(&other);
    follow(&scene.app);
    assert_eq!(scene.events("signing-key-rotated"), 1);
    assert_eq!(kids(&scene.app), kids(&other));
    for app in [&scene.app, &other] {
        let keys = &app.published().keys;
        for alg in Alg::ALL {
            assert!(
                published.contains(&keys.active(alg).unwrap().kid),
                "{alg} was published before it signs"
            );
        }
    }
    assert!(
        published.is_subset(&kids(&other)),
        "what signed before is published still"
    );
    let alg = openidconnect::core::CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
    wiki.verified(tokens["id_token"].as_str().unwrap(), alg).await;
    scene.test.clock.advance(7 * DAY + 1);
    follow(&scene.app);
    assert_eq!(kids(&scene.app).len(), 8, "and forgotten when its tokens are over");
}
