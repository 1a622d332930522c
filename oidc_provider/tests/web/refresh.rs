//! Refresh tokens: when they are given, how they are used up, and what a second use of one means (row 15).

use crate::browser::Page;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{Scene, settings};
use axum::http::StatusCode;
use samekey_provider::app::{AppState, Front};
use samekey_provider::clients::{ClientKind, ClientSettings, Consent, GrantType, RefreshUse};
use samekey_provider::config::ProviderSection;
use samekey_shared::config::strict;
use samekey_shared::store::{StoreError, Tx};
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::Duration;
use tokio::runtime::Handle;

const OFFLINE: [(&str, &str); 1] = [("scope", "openid profile offline_access")];

/// An application with these settings, and the tokens of a person who signed in to it.
async fn signed_in(scene: &Scene, settings: ClientSettings, changes: &[(&str, &str)]) -> (RelyingParty, Page) {
    let secret = scene.register("app", ClientKind::Confidential, settings);
    let app = RelyingParty::new(scene, "app", secret.as_deref());
    let back = scene.sign_in(&scene.browser(), &app.request(changes)).await;
    let tokens = app.redeem(&back.returned("code").unwrap(), &[]).await;
    (app, tokens)
}

fn refused(page: &Page) -> bool {
    page.refusal() == (400, "invalid_grant".to_owned())
}

#[tokio::test]
async fn is_given_for_offline_access_and_not_without() {
    let scene = Scene::new();
    let (app, tokens) = signed_in(&scene, settings(), &OFFLINE).await;
    assert_eq!(tokens.text("scope"), "openid profile offline_access");
    let first = tokens.text("refresh_token");
    assert_eq!(tokens.headers["cache-control"], "no-store");
    scene.test.clock.advance(700);
    assert_eq!(
        app.userinfo(&tokens.text("access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
    let again = app.refresh(&first, &[]).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.body);
    assert_eq!(app.userinfo(&again.text("access_token")).await.status, StatusCode::OK);
    assert_ne!(again.text("refresh_token"), first);
    // OpenID Connect Core 12.2: the same sign-in, told anew.
    let (before, after) = (claims(&tokens.text("id_token")), claims(&again.text("id_token")));
    for name in ["iss", "sub", "aud", "auth_time", "acr", "amr", "sid"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert!(after.get("nonce").is_none());
    assert_eq!(after["iat"], scene.now());
    // Nothing for whoever did not ask, nor for a client that is not registered for it.
    let back = scene.sign_in(&scene.browser(), &scene.wiki().request(&[])).await;
    let plain = scene.wiki().redeem(&back.returned("code").unwrap(), &[]).await;
    assert!(plain.json().get("refresh_token").is_none());
    scene.test.clock.advance(30);
    let mut none = settings();
    none.grant_types = BTreeSet::from([GrantType::AuthorizationCode]);
    let secret = scene.register("none", ClientKind::Confidential, none);
    let none = RelyingParty::new(&scene, "none", secret.as_deref());
    let back = scene.sign_in(&scene.browser(), &none.request(&OFFLINE)).await;
    let tokens = none.redeem(&back.returned("code").unwrap(), &[]).await;
    assert_eq!(tokens.text("scope"), "openid profile");
    assert!(tokens.json().get("refresh_token").is_none());
    let refused = none.refresh(&first, &[]).await;
    assert_eq!(refused.refusal(), (400, "unauthorized_client".to_owned()));
}

/// OpenID Connect Core section 11: without `prompt=consent` the scope is left out, unless the operator consented.
#[tokio::test]
async fn offline_access_wants_the_persons_consent() {
    let scene = Scene::new();
    let mut asking = settings();
    asking.consent = Consent::Asked;
    let secret = scene.register("app", ClientKind::Confidential, asking);
    let app = RelyingParty::new(&scene, "app", secret.as_deref());
    let browser = scene.browser();
    let asks = scene.sign_in(&browser, &app.request(&OFFLINE)).await;
    assert!(
        !browser
            .get(&asks.location())
            .await
            .body
            .contains("while you are not there")
    );
    let back = browser.press(&asks.location(), "allow", &[]).await;
    let tokens = app.redeem(&back.returned("code").unwrap(), &[]).await;
    assert_eq!(tokens.text("scope"), "openid profile");
    let with = [OFFLINE[0], ("prompt", "consent")];
    let asks = browser.get(&app.request(&with)).await;
    assert!(
        browser
            .get(&asks.location())
            .await
            .body
            .contains("while you are not there")
    );
    let back = browser.press(&asks.location(), "allow", &[]).await;
    let tokens = app.redeem(&back.returned("code").unwrap(), &[]).await;
    assert!(!tokens.text("refresh_token").is_empty());
}

/// Row 15, and without grace: the owner who lost an answer signs in again.
#[tokio::test]
async fn a_spent_one_ends_the_family_also_after_a_restart() {
    let scene = Scene::new();
    let (app, tokens) = signed_in(&scene, settings(), &OFFLINE).await;
    let first = tokens.text("refresh_token");
    let second = app.refresh(&first, &[]).await;
    let third = app.refresh(&second.text("refresh_token"), &[]).await;
    assert_eq!(third.status, StatusCode::OK);
    // Another program over the same store.
    let section: ProviderSection = strict::parse(&format!("issuer = \"{}\"", crate::scene::ISSUER)).unwrap();
    let state = AppState::new(scene.test.realm.clone(), section.check().unwrap()).unwrap();
    let elsewhere = app.at(Front::new(state));
    assert!(refused(&elsewhere.refresh(&first, &[]).await));
    assert_eq!(scene.events("refresh-reuse-detected"), 1);
    assert!(refused(&app.refresh(&third.text("refresh_token"), &[]).await));
    for page in [&tokens, &second, &third] {
        let dead = app.userinfo(&page.text("access_token")).await;
        assert_eq!(dead.status, StatusCode::UNAUTHORIZED);
    }
}

/// Row 5, extended: the code's second coming takes refresh tokens along, at once and half a minute later.
#[tokio::test]
async fn ends_when_the_code_comes_again() {
    for wait in [1, 31] {
        let scene = Scene::new();
        let secret = scene.register("app", ClientKind::Confidential, settings());
        let app = RelyingParty::new(&scene, "app", secret.as_deref());
        let back = scene.sign_in(&scene.browser(), &app.request(&OFFLINE)).await;
        let code = back.returned("code").unwrap();
        let tokens = app.redeem(&code, &[]).await;
        let newer = app.refresh(&tokens.text("refresh_token"), &[]).await;
        scene.test.clock.advance(wait);
        assert!(refused(&app.redeem(&code, &[]).await));
        assert!(refused(&app.refresh(&newer.text("refresh_token"), &[]).await));
        assert_eq!(
            app.userinfo(&newer.text("access_token")).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
}

/// Row 15: of many at once exactly one succeeds, a hundred times over; and since nobody can tell which of them was the
/// thief's, what it gave is dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_rounds_at_once_exactly_one_succeeds_in_each() {
    refreshed_at_once(&Scene::new(), 100).await;
}

/// So many rounds of one refresh token shown by many at once; fails unless exactly one succeeds in each.
pub async fn refreshed_at_once(scene: &Scene, rounds: u32) {
    let secret = scene.register("app", ClientKind::Confidential, settings());
    let browser = scene.browser();
    let app = RelyingParty::new(scene, "app", secret.as_deref());
    scene.sign_in(&browser, &app.request(&OFFLINE)).await;
    for round in 0..rounds {
        let code = browser.get(&app.request(&OFFLINE)).await.returned("code").unwrap();
        let token = app.redeem(&code, &[]).await.text("refresh_token");
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let (app, token) = (RelyingParty::new(scene, "app", secret.as_deref()), token.clone());
                tokio::spawn(async move { app.refresh(&token, &[]).await })
            })
            .collect();
        let mut won = Vec::new();
        for one in tries {
            let answer = one.await.unwrap();
            if answer.status == StatusCode::OK {
                won.push(answer);
            } else {
                assert!(refused(&answer), "{}", answer.body);
            }
        }
        assert_eq!(won.len(), 1, "round {round}");
        assert!(refused(&app.refresh(&won[0].text("refresh_token"), &[]).await));
    }
}

/// Row 7: with a second client's own, valid credentials.
#[tokio::test]
async fn is_bound_to_its_client() {
    let scene = Scene::new();
    let (app, tokens) = signed_in(&scene, settings(), &OFFLINE).await;
    let token = tokens.text("refresh_token");
    let evil = scene.register("evil", ClientKind::Confidential, settings());
    let evil = RelyingParty::new(&scene, "evil", evil.as_deref());
    assert!(refused(&evil.refresh(&token, &[]).await));
    let stranger = RelyingParty::new(&scene, "app", Some("wrong"));
    assert_eq!(
        stranger.refresh(&token, &[]).await.refusal(),
        (401, "invalid_client".to_owned())
    );
    for wrong in [
        token[..token.len() - 1].to_owned(),
        format!("{token}A"),
        token.to_lowercase(),
        tokens.text("access_token"),
        "x".repeat(5000),
    ] {
        assert!(refused(&app.refresh(&wrong, &[]).await), "{wrong}");
    }
    let missing = app.post("/token", &[("grant_type", "refresh_token")]).await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(scene.events("refresh-reuse-detected"), 0);
    assert_eq!(
        app.refresh(&token, &[]).await.status,
        StatusCode::OK,
        "nothing was spent"
    );
}

#[tokio::test]
async fn may_give_less_and_never_more() {
    let scene = Scene::new();
    let (app, tokens) = signed_in(&scene, settings(), &OFFLINE).await;
    let token = tokens.text("refresh_token");
    for wider in ["openid email", "openid profile admin", "OPENID"] {
        let page = app.refresh(&token, &[("scope", wider)]).await;
        assert_eq!(page.refusal(), (400, "invalid_scope".to_owned()), "{wider}");
    }
    let elsewhere = app.refresh(&token, &[("resource", "https://api.example")]).await;
    assert_eq!(elsewhere.refusal(), (400, "invalid_target".to_owned()));
    let less = app.refresh(&token, &[("scope", "openid")]).await;
    assert_eq!(less.text("scope"), "openid");
    assert!(
        app.userinfo(&less.text("access_token"))
            .await
            .json()
            .get("name")
            .is_none()
    );
    // The next one still covers what the first did.
    let whole = app.refresh(&less.text("refresh_token"), &[]).await;
    assert_eq!(whole.text("scope"), "openid profile offline_access");
    let none = app.refresh(&whole.text("refresh_token"), &[("scope", "profile")]).await;
    assert!(none.json().get("id_token").is_none());
}

#[tokio::test]
async fn idles_for_its_time_and_lives_no_longer_than_its_family() {
    let scene = Scene::with(
        "refresh-idle-seconds = 3600\nrefresh-seconds = 10000\n",
        crate::scene::STRICT,
    );
    let (app, tokens) = signed_in(&scene, settings(), &OFFLINE).await;
    let mut token = tokens.text("refresh_token");
    for _ in 0..2 {
        scene.test.clock.advance(3599);
        token = app.refresh(&token, &[]).await.text("refresh_token");
    }
    // 7198 seconds are over: the family ends before this one would have idled.
    scene.test.clock.advance(2801);
    let last = app.refresh(&token, &[]).await;
    assert_eq!(last.json()["expires_in"], 1);
    scene.test.clock.advance(1);
    assert!(refused(&app.refresh(&last.text("refresh_token"), &[]).await));
    let back = scene.sign_in(&scene.browser(), &app.request(&OFFLINE)).await;
    let idle = app
        .redeem(&back.returned("code").unwrap(), &[])
        .await
        .text("refresh_token");
    scene.test.clock.advance(3600);
    assert!(refused(&app.refresh(&idle, &[]).await));
}

/// A client set so gets them without `offline_access`: they end with the session, and idle as it does.
#[tokio::test]
async fn of_a_session_ends_with_it() {
    let policy = format!("{}session = \"2h\"\nidle = \"20m\"\n", crate::scene::STRICT);
    let scene = Scene::with("", &policy);
    let mut bound = settings();
    bound.refresh = RefreshUse::Session;
    let secret = scene.register("app", ClientKind::Confidential, bound);
    let app = RelyingParty::new(&scene, "app", secret.as_deref());
    let browser = scene.browser();
    let back = scene.sign_in(&browser, &app.request(&[])).await;
    let mut token = app
        .redeem(&back.returned("code").unwrap(), &[])
        .await
        .text("refresh_token");
    for _ in 0..6 {
        scene.test.clock.advance(1190);
        token = app.refresh(&token, &[]).await.text("refresh_token");
    }
    scene.test.clock.advance(61);
    assert!(refused(&app.refresh(&token, &[]).await), "two hours are over");
    let back = scene.sign_in(&browser, &app.request(&[])).await;
    let token = app
        .redeem(&back.returned("code").unwrap(), &[])
        .await
        .text("refresh_token");
    scene.test.clock.advance(1200);
    assert!(refused(&app.refresh(&token, &[]).await), "idle for twenty minutes");
    let back = scene.sign_in(&browser, &app.request(&[])).await;
    let token = app
        .redeem(&back.returned("code").unwrap(), &[])
        .await
        .text("refresh_token");
    let home = browser.get("/").await;
    browser.post("/sign-out", &[("csrf", &home.field("csrf"))]).await;
    assert!(refused(&app.refresh(&token, &[]).await), "signed out");
}

/// Whoever proves nothing gets no turn to write for a text that is no token.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_no_token_waits_for_no_writer() {
    let scene = Scene::new();
    scene.register("app", ClientKind::Public, settings());
    let app = RelyingParty::new(&scene, "app", None);
    let (entered, answered) = (Barrier::new(2), Barrier::new(2));
    let writes = || {
        let unit = |_: &mut Tx<'_>| {
            entered.wait();
            answered.wait();
            Ok::<_, StoreError>(())
        };
        scene.test.realm.store.write(unit).unwrap();
    };
    let told = std::thread::scope(|scope| {
        scope.spawn(writes);
        entered.wait();
        let asked = tokio::time::timeout(Duration::from_secs(30), app.refresh("no such token", &[]));
        let told = tokio::task::block_in_place(|| Handle::current().block_on(asked));
        answered.wait();
        told
    });
    assert!(refused(&told.expect("it waited for the writer")));
}
