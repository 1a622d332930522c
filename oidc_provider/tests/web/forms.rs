//! Rows 20, 22 and 38: forms from elsewhere, skipped steps, cookies of others.

use crate::scene::{PASSWORD, Scene};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::{Request, StatusCode};
use samekey_provider::http::params::encode;

#[tokio::test]
async fn a_form_without_its_token_or_from_another_site_is_forbidden() {
    let scene = Scene::new();
    let browser = scene.browser();
    let first = browser.get(&scene.wiki().request(&[])).await;
    let page = browser.get(&first.location()).await;
    let (flow, csrf) = (page.field("flow"), page.field("csrf"));
    let other = browser.get(&scene.wiki().request(&[])).await;
    let others = browser.get(&other.location()).await.field("csrf");
    for token in ["", "x", &others, &csrf[1..], &format!("{csrf}A")] {
        let fields = [
            ("flow", flow.as_str()),
            ("csrf", token),
            ("action", "name"),
            ("username", "ann"),
        ];
        assert_eq!(
            browser.post("/sign-in", &fields).await.status,
            StatusCode::FORBIDDEN,
            "{token}"
        );
    }
    let fields = [
        ("flow", flow.as_str()),
        ("csrf", csrf.as_str()),
        ("action", "name"),
        ("username", "ann"),
    ];
    for origin in ["https://evil.example", "null", "http://id.example.org"] {
        let request = Request::post("/sign-in")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, origin);
        let page = browser.send(request, Body::from(encode(fields.into_iter()))).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{origin}");
    }
    let request = Request::post("/sign-in")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ORIGIN, crate::scene::ISSUER);
    let page = browser.send(request, Body::from(encode(fields.into_iter()))).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_needs_the_token_of_this_session() {
    let scene = Scene::new();
    let browser = scene.browser();
    scene.sign_in(&browser, "/login").await;
    for token in ["", "x"] {
        assert_eq!(
            browser.post("/sign-out", &[("csrf", token)]).await.status,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "still signed in");
    assert_eq!(
        scene.browser().post("/sign-out", &[("csrf", "x")]).await.status,
        StatusCode::FORBIDDEN
    );
}

/// Row 20: a sign-in goes on only in the browser that began it.
#[tokio::test]
async fn a_sign_in_is_bound_to_its_browser() {
    let scene = Scene::new();
    let browser = scene.browser();
    let asks_code = scene.with_password(&browser, &scene.wiki().request(&[])).await;
    let page = browser.get(&asks_code.location()).await;
    let (flow, csrf) = (page.field("flow"), page.field("csrf"));
    let other = scene.browser();
    other.get(&scene.wiki().request(&[])).await;
    assert_eq!(other.get(&asks_code.location()).await.status, StatusCode::BAD_REQUEST);
    let code = scene.code();
    let fields = [
        ("flow", flow.as_str()),
        ("csrf", csrf.as_str()),
        ("action", "code"),
        ("code", code.as_str()),
    ];
    assert_eq!(other.post("/sign-in", &fields).await.status, StatusCode::BAD_REQUEST);
    // The cookie of one sign-in under the name of another opens nothing.
    let cookies = browser.cookies();
    let (name, value) = cookies.iter().find(|(name, _)| name.ends_with(&flow)).unwrap();
    let forged = name.replace(&flow, "00000000000000000000000000000000");
    other.set_cookies([(forged, value.clone())].into());
    let page = other.get("/sign-in?flow=00000000000000000000000000000000").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}

/// Row 22: each step needs the one before it; nothing posted out of turn brings anybody further.
#[tokio::test]
async fn no_step_can_be_skipped() {
    let scene = Scene::new();
    let code = scene.code();
    let everything = [("username", "ann"), ("password", PASSWORD), ("code", code.as_str())];
    for action in [
        "",
        "code",
        "password",
        "allow",
        "choose-recovery-code",
        "choose-passkey",
        "nonsense",
        "cancel-x",
    ] {
        let browser = scene.browser();
        let first = browser.get(&scene.wiki().request(&[])).await;
        let page = browser.press(&first.location(), action, &everything).await;
        assert_eq!(page.location(), first.location(), "{action}");
        assert!(
            browser.get(&page.location()).await.body.contains("name=\"username\""),
            "{action}"
        );
    }
    for action in ["", "code", "allow", "choose-recovery-code", "name"] {
        let browser = scene.browser();
        let first = browser.get(&scene.wiki().request(&[])).await;
        let asks = browser.press(&first.location(), "name", &[("username", "ann")]).await;
        let page = browser.press(&asks.location(), action, &everything).await;
        assert!(
            browser.get(&page.location()).await.body.contains("name=\"password\""),
            "{action}"
        );
        assert!(!browser.cookies().contains_key("__Host-samekey-session"), "{action}");
    }
    for action in ["", "password", "allow", "name", "choose-passkey", "choose-"] {
        let browser = scene.browser();
        let asks = scene.with_password(&browser, &scene.wiki().request(&[])).await;
        let page = browser.press(&asks.location(), action, &everything[..2]).await;
        assert!(
            browser.get(&page.location()).await.body.contains("name=\"code\""),
            "{action}"
        );
        assert!(!browser.cookies().contains_key("__Host-samekey-session"), "{action}");
    }
}

/// Row 22: a sealed step sent again is worth nothing once the sign-in is complete, and a code spent is spent.
#[tokio::test]
async fn a_completed_sign_in_cannot_be_completed_again() {
    let scene = Scene::new();
    let browser = scene.browser();
    let asks = scene.with_password(&browser, &scene.wiki().request(&[])).await;
    let cookies = browser.cookies();
    assert!(
        browser
            .press(&asks.location(), "code", &[("code", &scene.code())])
            .await
            .returned("code")
            .is_some()
    );
    scene.test.clock.advance(30);
    let replay = scene.browser();
    replay.set_cookies(cookies);
    let page = replay.press(&asks.location(), "code", &[("code", &scene.code())]).await;
    assert!(page.returned("code").is_none());
    assert!(!replay.cookies().contains_key("__Host-samekey-session"));
}

/// Row 28: the same code a second time is refused, in another browser too.
#[tokio::test]
async fn a_code_works_once() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    assert!(
        scene
            .sign_in(&scene.browser(), &wiki.request(&[]))
            .await
            .returned("code")
            .is_some()
    );
    let second = scene.browser();
    let page = scene.sign_in(&second, &wiki.request(&[])).await;
    assert!(page.location().starts_with("/sign-in"));
    assert!(second.get(&page.location()).await.body.contains("used already"));
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_is_over() {
    let scene = Scene::new();
    let browser = scene.browser();
    let asks = scene.with_password(&browser, &scene.wiki().request(&[])).await;
    scene.test.clock.advance(15 * 60 + 1);
    assert!(browser.get(&asks.location()).await.body.contains("sign_in_gone"));
    // A clock set back makes no cookie young again that comes from the future.
    scene.test.clock.advance(-3600);
    assert!(browser.get(&asks.location()).await.body.contains("sign_in_gone"));
}

#[tokio::test]
async fn a_browser_keeps_a_few_sign_ins_and_no_more() {
    let scene = Scene::new();
    let browser = scene.browser();
    for _ in 0..10 {
        browser.get(&scene.wiki().request(&[])).await;
    }
    let flows = browser
        .cookies()
        .into_keys()
        .filter(|name| name.contains("-flow-"))
        .count();
    assert!(flows <= 4, "{flows}");
}

/// Row 28: of many browsers that offer the same code at once exactly one gets in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_sign_ins_with_one_code_exactly_one_succeeds() {
    let scene = Scene::new();
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let browser = scene.browser();
        let asks = scene.with_password(&browser, &scene.wiki().request(&[])).await;
        waiting.push((browser, asks.location()));
    }
    let code = scene.code();
    let tries: Vec<_> = waiting
        .into_iter()
        .map(|(browser, address)| {
            let code = code.clone();
            tokio::spawn(async move {
                browser
                    .press(&address, "code", &[("code", &code)])
                    .await
                    .returned("code")
            })
        })
        .collect();
    let mut won = 0;
    for one in tries {
        won += usize::from(one.await.unwrap().is_some());
    }
    assert_eq!(won, 1);
    assert_eq!(scene.events("sign-in-granted"), 1);
}
