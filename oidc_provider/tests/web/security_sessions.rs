//! Signed-in and remembered browsers on Security Information: listed, and ended.

use crate::browser::{Browser, Page};
use crate::keys::KEYS;
use crate::scene::{PASSWORD, Scene};
use crate::security::signed_in;
use crate::security_totp::id_of;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use samekey_shared::testing::SoftAuthenticator;

const SESSIONS: &str = "/security/sessions";

/// Another browser of ann's, half a minute later.
async fn another(scene: &Scene) -> Browser {
    scene.test.clock.advance(30);
    let browser = scene.browser().from([198, 51, 100, 9]);
    scene.sign_in(&browser, "/login").await;
    browser
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/security").await.status == StatusCode::OK
}

/// The ids of the sessions on this page; the one that looks comes first.
fn sessions(page: &Page) -> Vec<String> {
    let rows = page.body.split("data-session=\"").skip(1);
    rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
}

async fn end(browser: &Browser, field: &str, value: &str) -> Page {
    let csrf = browser.get("/security").await.field("csrf");
    browser.post(SESSIONS, &[("csrf", &csrf), (field, value)]).await
}

#[tokio::test]
async fn every_browser_is_listed_with_its_words_and_this_one_is_marked() {
    let scene = Scene::with("", KEYS);
    let browser = scene.browser();
    scene.sign_in(&browser, "/login").await;
    let other = another(&scene).await;
    let request = Request::get("/security").header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
    let page = browser.send(request, Body::empty()).await;
    assert_eq!(sessions(&page).len(), 2, "{}", page.body);
    assert!(page.body.contains("from 192.0.2.7") && page.body.contains("from 198.51.100.9"));
    assert_eq!(page.body.matches(">This browser<").count(), 1);
    assert_eq!(
        page.body.matches("Unknown browser").count(),
        3,
        "two rows, and a button that names one"
    );
    assert_eq!(
        sessions(&page)[0],
        sessions(&other.get("/security").await)[1],
        "its own comes first"
    );
    // Nobody else's are among them.
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    scene.test.bind_key(bob, &mut SoftAuthenticator::new(), "key").unwrap();
    assert_eq!(sessions(&browser.get("/security").await).len(), 2);
}

#[tokio::test]
async fn the_words_of_a_browser_are_kept_and_cannot_say_anything_else() {
    let scene = Scene::with("", KEYS);
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    let page = browser.get(&asks.location()).await;
    let body = samekey_provider::http::params::encode(
        [
            ("flow", page.field("flow").as_str()),
            ("csrf", page.field("csrf").as_str()),
            ("action", "code"),
            ("code", &scene.code()),
        ]
        .into_iter(),
    );
    let request = Request::post("/sign-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "user-agent",
            "<script>alert(1)</script> Firefox/140.0 (Windows NT 10.0)",
        );
    browser.send(request, Body::from(body)).await;
    let list = browser.get("/security").await;
    assert!(
        list.body.contains("Firefox (Windows)") && !list.body.contains("alert(1)"),
        "{}",
        list.body
    );
}

/// ASVS 7.5.2.
#[tokio::test]
async fn one_others_and_all_are_ended() {
    let (scene, browser) = signed_in(KEYS).await;
    let (one, two) = (another(&scene).await, another(&scene).await);
    let own = sessions(&browser.get("/security").await)[0].clone();
    let ones = sessions(&one.get("/security").await)[0].clone();
    let page = end(&browser, "session", &ones).await;
    assert_eq!(page.location(), "/security?done=session-ended");
    assert!(
        browser
            .get(&page.location())
            .await
            .body
            .contains("The session is ended.")
    );
    assert!(!is_signed_in(&one).await && is_signed_in(&two).await);
    // Twice is told as what it is.
    let again = end(&browser, "session", &ones).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert!(again.body.contains("<code>not_found</code>"));
    assert_eq!(scene.events("session-ended"), 1);
    let page = end(&browser, "which", "others").await;
    assert_eq!(page.location(), "/security?done=others-ended");
    assert!(!is_signed_in(&two).await && is_signed_in(&browser).await);
    let three = another(&scene).await;
    let out = end(&browser, "which", "all").await;
    assert!(out.body.contains("You are signed out"), "{}", out.body);
    assert!(!browser.cookies().contains_key("__Host-samekey-session"));
    assert!(!is_signed_in(&three).await && !is_signed_in(&browser).await);
    let trail = scene
        .test
        .realm
        .store
        .read(|tx| samekey_shared::audit::tail(tx, 100))
        .unwrap();
    let ended: Vec<_> = trail
        .iter()
        .filter(|one| one.kind.as_str() == "session-ended")
        .collect();
    assert_eq!(ended.len(), 3);
    for event in ended {
        for text in [
            "\"door\":\"web\"",
            "\"service\":\"portal:sessions\"",
            "\"source\":\"192.0.2.7\"",
            "\"request\"",
        ] {
            assert!(event.event.contains(text), "{text}: {}", event.event);
        }
    }
    assert!(!own.is_empty());
}

#[tokio::test]
async fn ending_ones_own_session_signs_out() {
    let (_scene, browser) = signed_in(KEYS).await;
    let own = sessions(&browser.get("/security").await)[0].clone();
    assert!(end(&browser, "session", &own).await.body.contains("You are signed out"));
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn of_two_who_end_one_session_at_once_one_is_told_that_it_was_gone() {
    let (scene, browser) = signed_in(KEYS).await;
    let other = another(&scene).await;
    let others = sessions(&other.get("/security").await)[0].clone();
    let csrf = browser.get("/security").await.field("csrf");
    let fields = [("csrf", &*csrf), ("session", &*others)];
    let (one, two) = tokio::join!(browser.post(SESSIONS, &fields), browser.post(SESSIONS, &fields));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND]);
    assert_eq!(scene.events("session-ended"), 1);
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let (scene, browser) = signed_in(KEYS).await;
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    let mut key = SoftAuthenticator::new();
    scene.test.bind_key(bob, &mut key, "key").unwrap();
    let bobs = scene.browser();
    let address = bobs.get("/login").await.location();
    bobs.touch(&address, "passkey", &mut key).await;
    let theirs = sessions(&bobs.get("/security").await)[0].clone();
    for id in [theirs.as_str(), &"0".repeat(32), "x", "", "' OR 1=1 --"] {
        let told = end(&browser, "session", id).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "{id}");
        assert!(told.body.contains("Nothing was changed."));
    }
    assert!(is_signed_in(&bobs).await);
    // Signing out everywhere is everywhere of one's own.
    end(&browser, "which", "all").await;
    assert!(is_signed_in(&bobs).await);
}

#[tokio::test]
async fn ending_needs_a_proof_of_the_last_ten_minutes_and_the_forms_token() {
    let (scene, browser) = signed_in(KEYS).await;
    let other = another(&scene).await;
    let others = sessions(&other.get("/security").await)[0].clone();
    for token in ["", "x"] {
        let told = browser.post(SESSIONS, &[("csrf", token), ("session", &others)]).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN);
    }
    scene.test.clock.advance(601);
    let list = browser.get("/security").await;
    assert_eq!(sessions(&list).len(), 2, "looking goes on");
    assert!(!list.body.contains("id=\"sign-out-sessions\""));
    let told = end(&browser, "session", &others).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains("confirmation_required"), "{}", told.body);
    assert!(is_signed_in(&other).await);
    // A session that was ended elsewhere can do nothing any more.
    let csrf = other.get("/security").await.field("csrf");
    scene.test.clock.advance(30);
    let fresh = scene.browser();
    scene.sign_in(&fresh, "/login").await;
    end(&fresh, "which", "others").await;
    let dead = other.post(SESSIONS, &[("csrf", &csrf), ("which", "all")]).await;
    assert_eq!(dead.status, StatusCode::FORBIDDEN);
    assert!(is_signed_in(&fresh).await);
}

/// Even where people may not manage their devices, they may sign out.
#[tokio::test]
async fn self_service_off_does_not_keep_anybody_signed_in() {
    let (scene, browser) = signed_in(&format!("{KEYS}self-service = \"none\"\n")).await;
    let other = another(&scene).await;
    assert_eq!(
        end(&browser, "which", "others").await.location(),
        "/security?done=others-ended"
    );
    assert!(!is_signed_in(&other).await);
}

/// What rests on a device ends with it, wherever it is unbound.
#[tokio::test]
async fn sessions_end_with_the_device_they_were_born_from() {
    let (scene, browser) = signed_in(KEYS).await;
    let by_code = another(&scene).await;
    let mut key = SoftAuthenticator::new();
    browser.bind_new(&mut key, "passkey", "laptop").await;
    let by_key = scene.browser();
    let address = by_key.get("/login").await.location();
    by_key.touch(&address, "passkey", &mut key).await;
    assert!(is_signed_in(&by_key).await);
    let list = browser.get("/security").await;
    let fields = [
        ("csrf", list.field("csrf")),
        ("device", id_of(&list, "laptop")),
        ("confirmation", "Yes".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = browser.post("/security/unbind", &fields).await;
    assert_eq!(done.location(), "/security?done=unbound");
    assert!(!is_signed_in(&by_key).await, "born of the passkey");
    assert!(is_signed_in(&by_code).await && is_signed_in(&browser).await);
}

#[tokio::test]
async fn twenty_sessions_are_shown_and_all_end() {
    let (scene, browser) = signed_in(KEYS).await;
    let mut key = SoftAuthenticator::new();
    browser.bind_new(&mut key, "passkey", "laptop").await;
    let mut others = Vec::new();
    for _ in 0..19 {
        let other = scene.browser();
        let address = other.get("/login").await.location();
        other.touch(&address, "passkey", &mut key).await;
        others.push(other);
    }
    assert_eq!(sessions(&browser.get("/security").await).len(), 20);
    end(&browser, "which", "others").await;
    assert_eq!(sessions(&browser.get("/security").await).len(), 1);
    assert!(!is_signed_in(&others[0]).await && !is_signed_in(&others[18]).await);
}
