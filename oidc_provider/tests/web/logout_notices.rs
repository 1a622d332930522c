//! Back-channel logout: every way that a session ends leaves a notice for each of its applications, and the sender keeps at it.

use crate::browser::Browser;
use crate::desk::Office;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{PASSWORD, Scene, settings};
use crate::security_totp::id_of;
use crate::site::Site;
use axum::http::StatusCode;
use samekey_provider::clients::{self, ClientKind};
use samekey_provider::logout::{self, Messenger, Untold};
use samekey_shared::params;
use serde_json::{Value, json};
use std::sync::Mutex;

const ADDRESS: &str = "https://mail.example/signed-out";

/// An application that wants to know.
fn listener(scene: &Scene, id: &str) -> RelyingParty {
    let mut settings = settings();
    settings.backchannel_logout_uri = Some(ADDRESS.to_owned());
    let secret = scene.register(id, ClientKind::Confidential, settings);
    RelyingParty::new(scene, id, secret.as_deref())
}

/// Comes through the application, with the session that is there or a new one; the session's id there.
async fn through(scene: &Scene, browser: &Browser, application: &RelyingParty) -> String {
    let asked = browser.get(&application.request(&[])).await;
    let back = if asked.location().starts_with("/sign-in") {
        scene.sign_in(browser, &application.request(&[])).await
    } else {
        asked
    };
    let tokens = application.redeem(&back.returned("code").unwrap(), &[]).await.json();
    claims(tokens["id_token"].as_str().unwrap())["sid"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What is posted now, with this answer to each.
fn told(scene: &Scene, answer: &Result<u16, String>) -> Vec<Value> {
    let posted = Mutex::new(Vec::new());
    loop {
        let tried = logout::once(&scene.app, &|address, token| {
            assert_eq!(address, ADDRESS);
            posted.lock().unwrap().push(claims(token));
            answer.clone()
        });
        if tried.unwrap() == 0 {
            let mut posted = posted.into_inner().unwrap();
            posted.sort_by_key(|token: &Value| token["aud"].to_string());
            return posted;
        }
    }
}

fn waiting(scene: &Scene) -> usize {
    let store = &scene.test.realm.store;
    store
        .read(|tx| tx.query("SELECT client FROM logout_notices", &[]))
        .unwrap()
        .len()
}

#[tokio::test]
async fn each_application_of_the_session_is_told_and_no_other() {
    let scene = Scene::new();
    let (mail, chat) = (listener(&scene, "mail"), listener(&scene, "chat"));
    listener(&scene, "never-visited");
    let browser = scene.browser();
    let sid = through(&scene, &browser, &mail).await;
    assert_eq!(through(&scene, &browser, &chat).await, sid);
    through(&scene, &browser, &scene.wiki()).await;
    scene.test.clock.advance(30);
    let elsewhere = scene.browser();
    let other = through(&scene, &elsewhere, &mail).await;
    assert!(told(&scene, &Ok(200)).is_empty(), "nobody has signed out");

    let page = browser.get("/logout").await;
    browser.post("/sign-out", &[("csrf", &page.field("csrf"))]).await;
    let posted = told(&scene, &Ok(204));
    let whom: Vec<_> = posted.iter().map(|token| (&token["aud"], &token["sid"])).collect();
    assert_eq!(whom, [(&json!("chat"), &json!(sid)), (&json!("mail"), &json!(sid))]);
    assert_ne!(posted[0]["jti"], posted[1]["jti"]);
    assert_eq!(
        waiting(&scene),
        0,
        "nor does anything wait for whom it does not concern"
    );
    assert_ne!(other, sid);
    assert_eq!(elsewhere.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_everywhere_by_ones_own_page_tells_all_sessions_applications() {
    let scene = Scene::new();
    let mail = listener(&scene, "mail");
    let browsers = [scene.browser(), scene.browser(), scene.browser()];
    let mut sids = Vec::new();
    for browser in &browsers {
        sids.push(through(&scene, browser, &mail).await);
        scene.test.clock.advance(30);
    }
    let csrf = browsers[0].get("/security").await.field("csrf");
    let one = [("csrf", csrf.as_str()), ("session", sids[1].as_str())];
    browsers[0].post("/security/sessions", &one).await.location();
    let posted = told(&scene, &Ok(200));
    assert_eq!(posted.len(), 1);
    assert_eq!(posted[0]["sid"], sids[1].as_str());
    let all = [("csrf", csrf.as_str()), ("which", "all")];
    assert_eq!(
        browsers[0].post("/security/sessions", &all).await.status,
        StatusCode::OK
    );
    let mut ended: Vec<_> = told(&scene, &Ok(200))
        .iter()
        .map(|token| token["sid"].to_string())
        .collect();
    ended.sort();
    let mut expected = vec![json!(sids[0]).to_string(), json!(sids[2]).to_string()];
    expected.sort();
    assert_eq!(ended, expected);
}

#[tokio::test]
async fn an_administrators_lock_and_sign_out_tell_too() {
    let office = Office::new();
    let scene = &office.scene;
    let mail = listener(scene, "mail");
    let admin = office.seated("admin").await;
    for (method, path) in [
        ("DELETE", "/api/v1/accounts/ann/sessions"),
        ("POST", "/api/v1/accounts/ann/lock"),
    ] {
        scene.test.clock.advance(30);
        let sid = through(scene, &scene.browser(), &mail).await;
        let done = admin.call(method, path, &Value::Null).await;
        assert!(done.status.is_success(), "{}", done.body);
        let posted = told(scene, &Ok(200));
        assert_eq!((posted.len(), &posted[0]["sid"]), (1, &json!(sid)), "{path}");
        admin.call("POST", "/api/v1/accounts/ann/unlock", &Value::Null).await;
    }
}

#[tokio::test]
async fn a_device_that_is_bound_no_longer_ends_its_sessions_and_tells() {
    let scene = Scene::with("", crate::keys::KEYS);
    let mail = listener(&scene, "mail");
    let (browser, other) = (scene.browser(), scene.browser());
    let sid = through(&scene, &other, &mail).await;
    scene.test.clock.advance(30);
    scene.sign_in(&browser, "/login").await;
    let mut key = samekey_shared::testing::SoftAuthenticator::new();
    scene.test.bind_key(scene.ann, &mut key, "key").unwrap();
    let list = browser.get("/security").await;
    let phone = id_of(&list, "phone");
    let asks = browser.get(&format!("/security/unbind?device={phone}")).await;
    let fields = [
        ("csrf", asks.field("csrf")),
        ("device", phone),
        ("confirmation", "YES".to_owned()),
    ];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/security/unbind", &fields).await;
    let posted = told(&scene, &Ok(200));
    assert_eq!((posted.len(), &posted[0]["sid"]), (1, &json!(sid)));
}

/// Row 20 at a browser that two people use.
#[tokio::test]
async fn another_person_in_the_same_browser_ends_the_session_before() {
    let scene = Scene::with("", crate::scene::LAX);
    let mail = listener(&scene, "mail");
    scene.test.account("bob", PASSWORD).unwrap();
    let browser = scene.browser();
    let first = scene.with_password(&browser, &mail.request(&[])).await;
    let tokens = mail.redeem(&first.returned("code").unwrap(), &[]).await.json();
    let sid = claims(tokens["id_token"].as_str().unwrap())["sid"].clone();
    let asks = browser.get(&mail.request(&[("prompt", "select_account")])).await;
    let asks = browser.press(&asks.location(), "name", &[("username", "bob")]).await;
    let back = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    assert!(back.returned("code").is_some());
    let posted = told(&scene, &Ok(200));
    assert_eq!((posted.len(), &posted[0]["sid"]), (1, &sid));
    assert_eq!(posted[0]["sub"], scene.ann.to_string());
    assert_eq!(
        mail.userinfo(tokens["access_token"].as_str().unwrap()).await.status,
        StatusCode::UNAUTHORIZED
    );
}

async fn one_waiting(scene: &Scene) {
    let mail = listener(scene, "mail");
    let browser = scene.browser();
    through(scene, &browser, &mail).await;
    let page = browser.get("/logout").await;
    browser.post("/sign-out", &[("csrf", &page.field("csrf"))]).await;
}

#[tokio::test]
async fn one_that_does_not_answer_is_tried_again_and_each_time_later() {
    let scene = Scene::new();
    one_waiting(&scene).await;
    let down = Err("connection refused".to_owned());
    let store = &scene.test.realm.store;
    let untold = || store.read(logout::untold).unwrap();
    assert_eq!(untold(), Untold { notices: 1, tried: 0 });
    let mut tokens = told(&scene, &down);
    assert_eq!(tokens.len(), 1);
    assert_eq!(
        untold(),
        Untold { notices: 1, tried: 1 },
        "what `samekey status` warns of"
    );
    assert!(told(&scene, &Ok(200)).is_empty(), "not due yet");
    scene.test.clock.advance(2);
    tokens.extend(told(&scene, &Ok(503)));
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0]["jti"], tokens[1]["jti"], "each try has a token of its own");
    assert_eq!(tokens[1]["iat"], scene.now());
    scene.test.clock.advance(2);
    assert!(told(&scene, &Ok(200)).is_empty(), "later than before");
    scene.test.clock.advance(8);
    assert_eq!(told(&scene, &Ok(200)).len(), 1);
    assert_eq!((waiting(&scene), scene.events("logout-untold")), (0, 0));
    assert_eq!(untold(), Untold::default());
}

#[tokio::test]
async fn one_that_refuses_or_never_answers_is_given_up_with_a_line_in_the_trail() {
    let scene = Scene::new();
    one_waiting(&scene).await;
    told(&scene, &Ok(400));
    assert_eq!((waiting(&scene), scene.events("logout-untold")), (0, 1));
    scene.test.clock.advance(30);
    let browser = scene.browser();
    let chat = listener(&scene, "chat");
    through(&scene, &browser, &chat).await;
    let page = browser.get("/logout").await;
    browser.post("/sign-out", &[("csrf", &page.field("csrf"))]).await;
    let mut tries = 0;
    while waiting(&scene) > 0 {
        tries += told(&scene, &Err("no route\r\nforged line".to_owned())).len();
        assert!(tries < 20, "tried without end");
        scene.test.clock.advance(9 * 3600);
    }
    assert_eq!((tries, scene.events("logout-untold")), (9, 2));
}

/// A sender that was killed while it posted: its lease ends, and another goes on.
#[tokio::test]
async fn what_a_killed_sender_held_comes_back() {
    let scene = Scene::new();
    one_waiting(&scene).await;
    let now = scene.now();
    scene
        .test
        .realm
        .store
        .write(|tx| {
            tx.execute(
                "UPDATE logout_notices SET claim = 'dead', tries = 1, due_at = $1",
                params![now + 120],
            )
        })
        .unwrap();
    assert!(told(&scene, &Ok(200)).is_empty());
    scene.test.clock.advance(120);
    assert_eq!(told(&scene, &Ok(200)).len(), 1);
}

#[tokio::test]
async fn a_removed_application_is_told_nothing_any_more() {
    let scene = Scene::new();
    one_waiting(&scene).await;
    assert_eq!(waiting(&scene), 1);
    let id = "mail".parse().unwrap();
    scene.test.realm.store.write(|tx| clients::remove(tx, &id)).unwrap();
    assert_eq!(waiting(&scene), 0);
    assert!(told(&scene, &Ok(200)).is_empty());
}

/// The thread itself, and a server that answers. Row 36: a host inside is called only where the operator names it.
#[tokio::test(flavor = "multi_thread")]
async fn the_thread_posts_for_real_and_only_where_it_may() {
    for (lines, reached) in [("outbound-allow = [\"127.0.0.1\"]\n", true), ("", false)] {
        let scene = Scene::with(lines, crate::scene::STRICT);
        let site = Site::new();
        let mut settings = settings();
        settings.backchannel_logout_uri = Some(site.publish("/signed-out", ""));
        let secret = scene.register("mail", ClientKind::Confidential, settings);
        let mail = RelyingParty::new(&scene, "mail", secret.as_deref());
        let browser = scene.browser();
        through(&scene, &browser, &mail).await;
        let page = browser.get("/logout").await;
        browser.post("/sign-out", &[("csrf", &page.field("csrf"))]).await;
        let messenger = Messenger::start(scene.app.clone()).unwrap();
        for _ in 0..1500 {
            if waiting(&scene) == 0 {
                break;
            }
            // Its own clock stands still; tries that failed are due again.
            scene.test.clock.advance(3600);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        drop(messenger);
        assert_eq!(waiting(&scene), 0);
        assert_eq!(site.asked("/signed-out") > 0, reached);
        assert_eq!(scene.events("logout-untold"), usize::from(!reached));
    }
}
