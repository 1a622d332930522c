//! R27-R29, Q12, Q13: the box on the second step, and what it spares for seven days. The clock is moved by hand.

use crate::browser::{Browser, Page};
use crate::relying_party::claims;
use crate::scene::{PASSWORD, STRICT, Scene};
use axum::http::StatusCode;
use samekey_shared::trust;

const DAY: i64 = 86_400;
const TOKEN: &str = "__Host-samekey-remembered";
const BOX: &str = "name=\"remember\"";
const SENTENCE: &str = "Remember this device and do not ask for verification within 7 days";

fn week() -> Scene {
    let policy = STRICT.replace("grace = \"0s\"\n", "grace = \"0s\"\nremember = \"7d\"\n");
    Scene::with("", &policy)
}

/// Signs in with the box ticked.
async fn tick(scene: &Scene, browser: &Browser) -> Page {
    let asks = scene.with_password(browser, "/login").await;
    let fields = [("code", scene.code()), ("remember", "1".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    browser.press(&asks.location(), "code", &fields).await
}

/// Signs in by password alone where the browser is remembered; the page that asks for a code otherwise.
async fn again(scene: &Scene, browser: &Browser, address: &str) -> Page {
    let end = scene.with_password(browser, address).await;
    match end.location() {
        asks if asks.starts_with("/sign-in?flow=") => browser.get(&asks).await,
        _ => end,
    }
}

fn asks_code(page: &Page) -> bool {
    page.body.contains("id=\"code\"")
}

/// Ends the session, as closing the browser does.
fn close(browser: &Browser) {
    let mut cookies = browser.cookies();
    cookies.retain(|name, _| !name.ends_with("-session"));
    browser.set_cookies(cookies);
}

#[tokio::test]
async fn the_box_is_there_unticked_and_spares_the_code_for_seven_days() {
    let scene = week();
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    let page = browser.get(&asks.location()).await;
    assert!(page.body.contains(SENTENCE) && page.body.contains(BOX), "{}", page.body);
    assert!(!page.body.contains("checked"), "{}", page.body);
    let wiki = scene.wiki();
    assert_eq!(tick(&scene, &browser).await.location(), "/");

    scene.test.clock.advance(6 * DAY);
    close(&browser);
    let sixth = again(&scene, &browser, &wiki.request(&[])).await;
    assert!(!asks_code(&sixth) && sixth.returned("code").is_some(), "{}", sixth.body);
    // Q13: nothing is claimed that was not proven now.
    let tokens = wiki.redeem(&sixth.returned("code").unwrap(), &[]).await.json();
    let claims = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["acr"], "urn:samekey:acr:single", "{claims}");
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]), "{claims}");

    scene.test.clock.advance(2 * DAY);
    close(&browser);
    assert!(asks_code(&again(&scene, &browser, "/login").await));
}

#[tokio::test]
async fn without_the_tick_nothing_is_remembered_and_a_wrong_code_keeps_it() {
    let scene = week();
    let browser = scene.browser();
    scene.sign_in(&browser, "/login").await;
    assert!(!browser.cookies().contains_key(TOKEN));
    close(&browser);
    scene.test.clock.advance(30);
    let asks = scene.with_password(&browser, "/login").await;
    let fields = [("code", "000000"), ("remember", "1")];
    let wrong = browser.press(&asks.location(), "code", &fields).await;
    assert!(browser.get(&wrong.location()).await.body.contains("checked"));
    assert!(!browser.cookies().contains_key(TOKEN));
}

#[tokio::test]
async fn where_the_policy_does_not_remember_there_is_no_box_and_a_tick_is_not_heard() {
    let scene = Scene::new();
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    assert!(!browser.get(&asks.location()).await.body.contains(BOX));
    assert_eq!(tick(&scene, &browser).await.location(), "/");
    assert!(!browser.cookies().contains_key(TOKEN));
}

#[tokio::test]
async fn an_application_that_asks_for_a_level_or_an_age_gets_a_real_prompt() {
    let scene = week();
    let browser = scene.browser();
    tick(&scene, &browser).await;
    scene.test.clock.advance(DAY);
    let wiki = scene.wiki();
    for asked in [
        ("acr_values", "urn:samekey:acr:mfa"),
        ("max_age", "60"),
        ("prompt", "login"),
    ] {
        close(&browser);
        let page = again(&scene, &browser, &wiki.request(&[asked])).await;
        assert!(asks_code(&page), "{asked:?}: {}", page.body);
    }
    close(&browser);
    assert!(!asks_code(&again(&scene, &browser, &wiki.request(&[])).await));
}

#[tokio::test]
async fn another_browser_and_a_stolen_or_broken_cookie_are_asked() {
    let scene = week();
    let browser = scene.browser();
    tick(&scene, &browser).await;
    let token = browser.cookies()[TOKEN].clone();
    scene.test.clock.advance(DAY);
    assert!(
        asks_code(&again(&scene, &scene.browser(), "/login").await),
        "another browser"
    );
    let id = token.split('.').next().unwrap();
    for broken in [
        "",
        ".",
        "x",
        &format!("{id}."),
        &format!("{id}.{id}"),
        &"a".repeat(4000),
        &token[1..],
    ] {
        let mut cookies = browser.cookies();
        cookies.insert(TOKEN.to_owned(), broken.to_owned());
        let other = scene.browser();
        other.set_cookies(cookies);
        close(&other);
        assert!(asks_code(&again(&scene, &other, "/login").await), "{broken:?}");
    }
    // Bob's sign-in with Ann's cookie.
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    scene.test.bind_phone(bob).unwrap();
    close(&browser);
    let first = browser.get("/login").await;
    let asks = browser.press(&first.location(), "name", &[("username", "bob")]).await;
    let asks = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    assert!(asks_code(&browser.get(&asks.location()).await));
}

#[tokio::test]
async fn from_another_network_it_is_asked_and_after_that_nothing_is_remembered() {
    let scene = week();
    let browser = scene.browser();
    tick(&scene, &browser).await;
    scene.test.clock.advance(DAY);
    let cookies = browser.cookies();
    let away = scene.browser().from([198, 51, 100, 7]);
    away.set_cookies(cookies);
    close(&away);
    let asks = scene.with_password(&away, "/login").await;
    away.press(&asks.location(), "code", &[("code", &scene.code())]).await;
    close(&browser);
    assert!(asks_code(&again(&scene, &browser, "/login").await));
}

#[tokio::test]
async fn changing_ones_devices_is_never_spared() {
    let scene = week();
    let browser = scene.browser();
    tick(&scene, &browser).await;
    scene.test.clock.advance(DAY);
    close(&browser);
    again(&scene, &browser, "/login").await;
    let page = browser.get("/security").await;
    let csrf = page.field("csrf");
    let asks = browser.post("/security/confirm", &[("csrf", &csrf)]).await;
    assert!(asks_code(&browser.get(&asks.location()).await));
}

#[tokio::test]
async fn what_its_owner_forgets_is_asked_again_also_in_the_middle() {
    let scene = week();
    let browser = scene.browser();
    tick(&scene, &browser).await;
    scene.test.clock.advance(DAY);
    close(&browser);
    let first = browser.get("/login").await;
    let asks_password = browser.press(&first.location(), "name", &[("username", "ann")]).await;
    let (store, now) = (&scene.test.realm.store, scene.now());
    let all = store.read(|tx| trust::of_account(tx, scene.ann, now)).unwrap();
    assert_eq!(all.len(), 1);
    assert!(store.write(|tx| trust::revoke(tx, scene.ann, all[0].id)).unwrap());
    let asks = browser
        .press(&asks_password.location(), "password", &[("password", PASSWORD)])
        .await;
    assert!(asks_code(&browser.get(&asks.location()).await));
}

/// R29: what is remembered is listed and taken back one by one or all at once; other people's, made-up and late forms change nothing.
#[tokio::test]
async fn remembered_browsers_are_listed_and_forgotten_one_by_one_or_all() {
    let scene = week();
    let browsers = [scene.browser(), scene.browser(), scene.browser()];
    // Known first: a browser that was never seen would end what was remembered (W9).
    for browser in &browsers {
        scene.sign_in(browser, "/login").await;
        scene.test.clock.advance(30);
        close(browser);
    }
    for browser in &browsers {
        tick(&scene, browser).await;
        scene.test.clock.advance(30);
    }
    let here = &browsers[2];
    let ids = |page: &Page| -> Vec<String> {
        let parts = page.body.split("data-remembered=\"").skip(1);
        parts.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let page = here.get("/security").await;
    let listed = ids(&page);
    assert_eq!(listed.len(), 3, "{}", page.body);
    assert!(page.body.contains("192.0.2.7"), "where it was proven: {}", page.body);
    let csrf = page.field("csrf");

    // Bob's form cannot reach what is Ann's, and nothing that is no id does anything.
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    scene.test.bind_phone(bob).unwrap();
    for wrong in ["", "x", "00000000000000000000000000000000", &"a".repeat(5000)] {
        let fields = [("csrf", csrf.as_str()), ("browser", wrong)];
        let refused = here.post("/security/remembered", &fields).await;
        assert!(!refused.status.is_server_error(), "{wrong:?}: {}", refused.status);
    }
    let without = here
        .post("/security/remembered", &[("browser", listed[0].as_str())])
        .await;
    assert_eq!(without.status, StatusCode::FORBIDDEN, "without a form token");
    let stranger = scene.browser();
    let fields = [("csrf", csrf.as_str()), ("browser", listed[0].as_str())];
    assert_eq!(
        stranger.post("/security/remembered", &fields).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(ids(&here.get("/security").await).len(), 3);
    assert_eq!(scene.events("browser-forgotten"), 0);

    // One: that browser is asked again, the others are not.
    let gone = here.post("/security/remembered", &fields).await;
    assert!(gone.location().starts_with("/security"), "{}", gone.location());
    let left = ids(&here.get("/security").await);
    assert_eq!(left.len(), 2);
    assert!(!left.contains(&listed[0]));
    let asked = who_is_asked(&scene, &browsers).await;
    assert_eq!(asked.iter().filter(|asked| **asked).count(), 1, "{asked:?}");
    // All needs a fresh proof: a remembered browser has shown a password alone.
    let here = &browsers[asked.iter().position(|asked| *asked).unwrap()];
    scene.test.clock.advance(30);
    scene.sign_in(here, "/login").await;

    // All.
    let page = here.get("/security").await;
    let csrf = page.field("csrf");
    let all = [("csrf", csrf.as_str()), ("which", "all")];
    here.post("/security/remembered", &all).await;
    assert!(ids(&here.get("/security").await).is_empty());
    assert!(who_is_asked(&scene, &browsers).await.into_iter().all(|asked| asked));
    assert!(scene.events("browser-forgotten") >= 2);
}

/// Whether each of these browsers is asked for a code, with its session closed before.
async fn who_is_asked(scene: &Scene, browsers: &[Browser]) -> Vec<bool> {
    let mut asked = Vec::new();
    for browser in browsers {
        close(browser);
        asked.push(asks_code(&again(scene, browser, "/login").await));
    }
    asked
}

/// policy.md section 2: `session` and `idle` of rules reach the sessions that rest on them.
#[tokio::test]
async fn a_session_ends_by_the_rules_of_where_it_was_used() {
    let rules = "[[rule]]\nname = \"wiki\"\nwhen = { services = [\"oidc:wiki\"] }\n\
        require = { session = \"1h\", idle = \"10m\" }\n";
    let scene = Scene::with("", &format!("{STRICT}{rules}"));
    let (wiki, browser) = (scene.wiki(), scene.browser());
    scene.sign_in(&browser, "/login").await;
    scene.test.clock.advance(1800);
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert!(browser.get(&wiki.request(&[])).await.returned("code").is_some());
    scene.test.clock.advance(600);
    assert_eq!(browser.get("/").await.location(), "/login", "idle for ten minutes");
    scene.sign_in(&browser, "/login").await;
    for _ in 0..6 {
        scene.test.clock.advance(599);
        assert!(browser.get(&wiki.request(&[])).await.returned("code").is_some());
    }
    scene.test.clock.advance(10);
    assert_eq!(browser.get("/").await.location(), "/login", "an hour is over");
}

/// A session that is older than the wiki's rules allow is asked for everything there, and goes on elsewhere.
#[tokio::test]
async fn a_session_too_old_for_a_place_is_asked_there() {
    let rules = "[[rule]]\nname = \"wiki\"\nwhen = { services = [\"oidc:wiki\"] }\nrequire = { session = \"30m\" }\n";
    let scene = Scene::with("", &format!("{STRICT}{rules}"));
    let (wiki, browser) = (scene.wiki(), scene.browser());
    scene.sign_in(&browser, "/login").await;
    scene.test.clock.advance(1800);
    let asks = browser.get(&wiki.request(&[])).await;
    assert!(browser.get(&asks.location()).await.body.contains("id=\"password\""));
    let silent = browser.get(&wiki.request(&[("prompt", "none")])).await;
    assert_eq!(silent.returned("error").as_deref(), Some("login_required"));
    assert!(browser.get("/").await.body.contains("ann"));
}
