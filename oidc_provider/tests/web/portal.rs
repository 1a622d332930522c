//! R86 to R90, R98: the portal's own pages.

use crate::scene::{PASSWORD, Scene};
use axum::http::StatusCode;

#[tokio::test]
async fn anybody_finds_the_sign_in_page_at_each_of_its_addresses() {
    let scene = Scene::new();
    let browser = scene.browser();
    assert_eq!(browser.get("/").await.location(), "/login");
    for path in [
        "/login",
        "/d/example.org/login",
        "/d/corp/login",
        "/example.org/login.htm",
    ] {
        let page = browser.get(path).await;
        assert!(page.location().starts_with("/sign-in?flow="), "{path}");
    }
    for path in ["/d/other.org/login", "/other.org/login.htm"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// R88: a name in the link is shown and never sent.
#[tokio::test]
async fn a_name_in_the_link_waits_for_the_button() {
    let scene = Scene::new();
    let browser = scene.browser();
    let first = browser.get("/login?username=ann%40example.org").await;
    let page = browser.get(&first.location()).await;
    assert!(page.body.contains("value=\"ann@example.org\"") && page.body.contains(">Next<"));
    let hinted = browser.get(&scene.wiki().request(&[("login_hint", "ann")])).await;
    assert!(browser.get(&hinted.location()).await.body.contains("value=\"ann\""));
}

/// R90: whichever form is typed, it is one account.
#[tokio::test]
async fn every_form_of_the_name_signs_the_same_account_in() {
    let scene = Scene::new();
    for form in ["ann", "ann@example.org", "ann@corp", "ANN"] {
        let browser = scene.browser();
        let first = browser.get("/login").await;
        let asks = browser.press(&first.location(), "name", &[("username", form)]).await;
        let asks = browser
            .press(&asks.location(), "password", &[("password", PASSWORD)])
            .await;
        let back = browser
            .press(&asks.location(), "code", &[("code", &scene.code())])
            .await;
        assert_eq!(back.location(), "/", "{form}");
        assert!(browser.get("/").await.body.contains("ann"), "{form}");
        scene.test.clock.advance(30);
    }
}

#[tokio::test]
async fn passwords_cannot_be_retrieved_and_the_page_says_whom_to_ask() {
    let scene = Scene::new();
    let page = scene.browser().get("/forgot-password").await;
    assert!(
        page.body
            .contains("Passwords cannot be retrieved. Contact help@example.org")
    );
}

#[tokio::test]
async fn a_recovery_code_serves_where_the_phone_is_lost_and_works_once() {
    let scene = Scene::new();
    for (round, works) in [(0, true), (1, false)] {
        let browser = scene.browser();
        let asks = scene.with_password(&browser, "/login").await;
        let chosen = browser.press(&asks.location(), "choose-recovery-code", &[]).await;
        assert!(browser.get(&chosen.location()).await.body.contains("Recovery code"));
        let end = browser
            .press(&chosen.location(), "code", &[("code", &scene.paper[0])])
            .await;
        assert_eq!(end.location() == "/", works, "round {round}");
    }
}

#[tokio::test]
async fn a_session_ends_with_its_time() {
    let policy = format!("{}session = \"2h\"\nidle = \"20m\"\n", crate::scene::STRICT);
    let scene = Scene::with("", &policy);
    let (wiki, browser) = (scene.wiki(), scene.browser());
    scene.sign_in(&browser, "/login").await;
    for _ in 0..6 {
        scene.test.clock.advance(1199);
        assert!(
            browser.get(&wiki.request(&[])).await.returned("code").is_some(),
            "in use"
        );
    }
    scene.test.clock.advance(6);
    assert_eq!(browser.get("/").await.location(), "/login", "two hours are over");
    scene.sign_in(&browser, "/login").await;
    scene.test.clock.advance(1200);
    assert_eq!(browser.get("/").await.location(), "/login", "idle for twenty minutes");
}
