//! The rows of Security Information: renaming, recovery codes, warnings, what the policy accepts, who did what where.

use crate::browser::{Browser, Page};
use crate::keys::{KEYS, asked, posted};
use crate::scene::{LAX, PASSWORD, Scene};
use crate::security::{newcomer, signed_in};
use crate::security_totp::id_of;
use axum::http::StatusCode;
use samekey_shared::testing::{ORIGIN, SoftAuthenticator};
use serde_json::{Value, json};

/// Every address of these pages that takes a form.
const FORMS: [&str; 9] = [
    "/security/confirm",
    "/security/keys",
    "/security/keys/options",
    "/security/unbind",
    "/security/rename",
    "/security/totp",
    "/security/recovery-codes",
    "/security/sessions",
    "/security/remembered",
];

async fn rename(browser: &Browser, device: &str, name: &str) -> Page {
    let csrf = browser.get("/security").await.field("csrf");
    let fields = [("csrf", &*csrf), ("device", device), ("name", name)];
    browser.post("/security/rename", &fields).await
}

/// Q1, W13.
#[tokio::test]
async fn a_device_gets_another_name_by_the_rule() {
    let (scene, browser) = signed_in(KEYS).await;
    let phone = id_of(&browser.get("/security").await, "phone");
    let page = browser.get(&format!("/security/rename?device={phone}")).await;
    assert!(
        page.body.contains("value=\"phone\"") && page.body.contains("Rename phone"),
        "{}",
        page.body
    );
    let long = "n".repeat(65);
    for (name, code) in [
        ("", "name_invalid"),
        ("my phone", "name_invalid"),
        ("手机", "name_invalid"),
        ("<script>", "name_invalid"),
        (long.as_str(), "name_invalid"),
        ("RECOVERY-codes", "name_taken"),
    ] {
        let told = rename(&browser, &phone, name).await;
        assert_eq!(told.status, StatusCode::CONFLICT, "{name}");
        assert!(
            told.body.contains(&format!("<code>{code}</code>")),
            "{name}: {}",
            told.body
        );
        assert!(told.body.contains("aria-invalid=\"true\"") && !told.body.contains("<script>"));
        if !name.contains('<') {
            assert!(
                told.body.contains(&format!("value=\"{name}\"")),
                "what was typed stays: {}",
                told.body
            );
        }
    }
    // The same name in other letters is no other name.
    assert_eq!(
        rename(&browser, &phone, "PHONE").await.location(),
        "/security?done=renamed"
    );
    assert_eq!(
        rename(&browser, &phone, "Pixel-9").await.location(),
        "/security?done=renamed"
    );
    let list = browser.get("/security?done=renamed").await;
    assert!(list.body.contains("<strong>Pixel-9</strong>") && list.body.contains("has its new name"));
    assert_eq!(scene.events("device-renamed"), 2);
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    let bobs = scene.test.bind_key(bob, &mut SoftAuthenticator::new(), "key").unwrap();
    for stranger in [bobs.id.to_string(), "0".repeat(32), "x".to_owned(), String::new()] {
        assert_eq!(rename(&browser, &stranger, "mine").await.status, StatusCode::NOT_FOUND);
        let page = browser.get(&format!("/security/rename?device={stranger}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(scene.events("device-renamed"), 2);
}

#[tokio::test]
async fn of_two_who_take_one_name_at_once_one_gets_it() {
    let (scene, browser) = signed_in(KEYS).await;
    for name in ["one", "two"] {
        scene
            .test
            .bind_key(scene.ann, &mut SoftAuthenticator::new(), name)
            .unwrap();
    }
    let list = browser.get("/security").await;
    let (one, two) = (id_of(&list, "one"), id_of(&list, "two"));
    let (first, second) = tokio::join!(rename(&browser, &one, "mine"), rename(&browser, &two, "MINE"));
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    assert_eq!(scene.events("device-renamed"), 1);
}

/// The name that was typed stays in the form that it was typed into.
#[tokio::test]
async fn a_wrong_name_of_a_new_key_stays_in_its_field() {
    let (_scene, browser) = signed_in(KEYS).await;
    let csrf = browser.get("/security").await.field("csrf");
    let fields = [
        ("csrf", &*csrf),
        ("kind", "security-key"),
        ("name", "my key"),
        ("trouble", "no-options"),
    ];
    let told = browser.post("/security/keys", &fields).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert!(told.body.contains("<code>name_invalid</code>"));
    let form = told.body.split("id=\"add-security-key\"").nth(1).unwrap();
    assert!(
        form.contains("value=\"my key\"") && form.contains("aria-invalid"),
        "{form}"
    );
    assert!(told.body.contains("value=\"Passkey\""), "the other form is as it was");
}

/// Shown once; from then on the codes before are void.
#[tokio::test]
async fn new_recovery_codes_make_the_old_ones_worthless() {
    let (scene, browser) = signed_in(KEYS).await;
    let page = browser.get("/security/recovery-codes").await;
    assert!(page.body.contains("stop working at once"), "{}", page.body);
    let csrf = page.field("csrf");
    let made = browser.post("/security/recovery-codes", &[("csrf", &csrf)]).await;
    assert_eq!(made.status, StatusCode::OK);
    let codes: Vec<&str> = made
        .body
        .split("<li><code>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| !scene.paper.iter().any(|old| old == code)));
    assert_eq!(made.headers["cache-control"], "no-store");
    assert!(browser.get("/security").await.body.contains("10 left"));
    assert_eq!(scene.events("recovery-codes-made"), 2);
    for (code, works) in [(scene.paper[0].as_str(), false), (codes[0], true)] {
        let other = scene.browser();
        let asks = scene.with_password(&other, "/login").await;
        let asks = other.press(&asks.location(), "choose-recovery-code", &[]).await;
        let back = other.press(&asks.location(), "code", &[("code", code)]).await;
        assert_eq!(back.location() == "/", works, "{}", back.location());
    }
}

#[tokio::test]
async fn of_two_new_sets_at_once_one_is_left() {
    let (scene, browser) = signed_in(KEYS).await;
    let csrf = browser.get("/security").await.field("csrf");
    let fields = [("csrf", &*csrf)];
    let path = "/security/recovery-codes";
    let (one, two) = tokio::join!(browser.post(path, &fields), browser.post(path, &fields));
    assert_eq!((one.status, two.status), (StatusCode::OK, StatusCode::OK));
    let list = browser.get("/security").await.body;
    assert!(
        list.contains("10 left") && list.matches("10 left").count() == 1,
        "{list}"
    );
    assert_eq!(scene.events("recovery-codes-made"), 3);
}

#[tokio::test]
async fn recovery_codes_are_not_made_for_nothing() {
    let scene = Scene::with("", LAX);
    let browser = newcomer(&scene).await;
    let list = browser.get("/security").await;
    assert!(list.body.contains("You have no recovery codes.") && !list.body.contains("id=\"new-codes\""));
    let csrf = list.field("csrf");
    let told = browser.post("/security/recovery-codes", &[("csrf", &csrf)]).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert!(told.body.contains("enrollment_required"), "{}", told.body);
}

/// R44: when, at which door, in which service and from where.
#[tokio::test]
async fn the_last_use_is_told_with_door_service_and_source() {
    let (scene, browser) = signed_in(KEYS).await;
    let list = browser.get("/security").await;
    assert!(
        list.body.contains("on the web (sign-in), from 192.0.2.7"),
        "{}",
        list.body
    );
    scene.test.clock.advance(30);
    scene.sign_in(&scene.browser(), &scene.wiki().request(&[])).await;
    let list = browser.get("/security").await;
    assert!(list.body.contains("on the web (wiki), from 192.0.2.7"), "{}", list.body);
    assert!(list.body.contains("<span class=\"badge high\">High</span>"));
}

/// R24: a device that the policy no longer accepts stays, and is marked; without it nobody is locked out by unbinding it.
#[tokio::test]
async fn what_the_policy_does_not_accept_is_marked_and_no_backup() {
    let (scene, browser) = signed_in(KEYS).await;
    browser
        .bind_new(&mut SoftAuthenticator::new(), "passkey", "laptop")
        .await;
    scene.test.policy(&KEYS.replace("\"totp\", ", "")).unwrap();
    let list = browser.get("/security").await;
    assert_eq!(list.body.matches("Not accepted by policy").count(), 1, "{}", list.body);
    let (laptop, phone) = (id_of(&list, "laptop"), id_of(&list, "phone"));
    // The passkey is the last usable one although an app is bound.
    let page = browser.get(&format!("/security/unbind?device={laptop}")).await;
    assert!(
        page.body.contains("<code>last_device</code>") && !page.body.contains("id=\"unbind\""),
        "{}",
        page.body
    );
    let unbind = |device: String| {
        let csrf = list.field("csrf");
        let browser = &browser;
        async move {
            let fields = [("csrf", &*csrf), ("device", &*device), ("confirmation", "YES")];
            browser.post("/security/unbind", &fields).await
        }
    };
    assert!(unbind(laptop).await.body.contains("<code>last_device</code>"));
    assert_eq!(unbind(phone).await.location(), "/security?done=unbound");
}

/// R85: where no rule asks for a second factor, the last device may go.
#[tokio::test]
async fn the_last_device_may_go_where_no_rule_needs_it() {
    let scene = Scene::with("", LAX);
    let browser = scene.browser();
    let wish = [("acr_values", "urn:samekey:acr:mfa")];
    scene.sign_in(&browser, &scene.wiki().request(&wish)).await;
    let list = browser.get("/security").await;
    let device = id_of(&list, "phone");
    let csrf = list.field("csrf");
    let fields = [("csrf", &*csrf), ("device", &*device), ("confirmation", "yEs")];
    assert_eq!(
        browser.post("/security/unbind", &fields).await.location(),
        "/security?done=unbound"
    );
}

#[tokio::test]
async fn of_the_last_two_devices_unbound_at_once_one_stays() {
    let (scene, browser) = signed_in(KEYS).await;
    scene
        .test
        .bind_key(scene.ann, &mut SoftAuthenticator::new(), "key")
        .unwrap();
    let list = browser.get("/security").await;
    let csrf = list.field("csrf");
    let (key, phone) = (id_of(&list, "key"), id_of(&list, "phone"));
    let fields = |device| [("csrf", &*csrf), ("device", device), ("confirmation", "YES")];
    let (one, two) = (fields(key.as_str()), fields(phone.as_str()));
    let (first, second) = tokio::join!(
        browser.post("/security/unbind", &one),
        browser.post("/security/unbind", &two)
    );
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    assert_eq!(scene.events("device-unbound"), 1);
}

#[tokio::test]
async fn of_two_who_unbind_one_device_at_once_one_is_told_that_it_was_gone() {
    let (scene, browser) = signed_in(KEYS).await;
    let key = scene
        .test
        .bind_key(scene.ann, &mut SoftAuthenticator::new(), "key")
        .unwrap();
    let csrf = browser.get("/security").await.field("csrf");
    let device = key.id.to_string();
    let fields = [("csrf", &*csrf), ("device", &*device), ("confirmation", "YES")];
    let path = "/security/unbind";
    let (one, two) = tokio::join!(browser.post(path, &fields), browser.post(path, &fields));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND]);
    assert_eq!(scene.events("device-unbound"), 1);
}

/// M02, R83, M04.
#[tokio::test]
async fn one_kind_only_and_a_day_that_comes_are_warned_of() {
    let (_scene, browser) = signed_in(KEYS).await;
    let warning = "To avoid being locked out, bind at least two different types";
    assert!(browser.get("/security").await.body.contains(warning));
    browser
        .bind_new(&mut SoftAuthenticator::new(), "passkey", "laptop")
        .await;
    assert!(!browser.get("/security").await.body.contains(warning));

    let scene = Scene::with("", &KEYS.replace("grace = \"0s\"", "grace = \"10d\""));
    scene.test.account("bob", PASSWORD).unwrap();
    let browser = scene.browser();
    let first = browser.get("/login").await;
    let asks = browser.press(&first.location(), "name", &[("username", "bob")]).await;
    let offers = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    browser.press(&offers.location(), "later", &[]).await;
    let page = browser.get("/security").await;
    assert!(
        page.body.contains("It becomes necessary on 2026-05-11 (10 days)."),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn the_trail_says_who_did_what_from_where() {
    let (scene, browser) = signed_in(KEYS).await;
    browser
        .bind_new(&mut SoftAuthenticator::new(), "passkey", "laptop")
        .await;
    let list = browser.get("/security").await;
    let device = id_of(&list, "laptop");
    rename(&browser, &device, "notebook").await;
    let csrf = list.field("csrf");
    browser.post("/security/recovery-codes", &[("csrf", &csrf)]).await;
    let fields = [("csrf", &*csrf), ("device", &*device), ("confirmation", "YES")];
    browser.post("/security/unbind", &fields).await;
    let trail = scene
        .test
        .realm
        .store
        .read(|tx| samekey_shared::audit::tail(tx, 100))
        .unwrap();
    for kind in [
        "device-bound",
        "device-renamed",
        "recovery-codes-made",
        "device-unbound",
    ] {
        let latest = trail.iter().rfind(|one| one.kind.as_str() == kind);
        let event: Value = serde_json::from_str(&latest.unwrap().event).unwrap();
        assert_eq!(event["actor"], "account:ann", "{kind}");
        assert_eq!(event["door"], "web", "{kind}");
        assert_eq!(event["service"], "portal:devices", "{kind}");
        assert_eq!(event["source"], "192.0.2.7", "{kind}");
        assert!(event["request"].is_string(), "{kind}");
    }
}

#[tokio::test]
async fn every_form_needs_its_session_its_token_and_a_fresh_proof() {
    let (scene, browser) = signed_in(KEYS).await;
    let csrf = browser.get("/security").await.field("csrf");
    let before = scene
        .test
        .realm
        .store
        .read(|tx| samekey_shared::audit::tail(tx, 1000))
        .unwrap()
        .len();
    for path in FORMS {
        for token in ["", "x"] {
            let told = browser.post(path, &[("csrf", token), ("which", "all")]).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}");
        }
        let elsewhere = axum::http::Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site");
        let told = browser.send(elsewhere, format!("csrf={csrf}&which=all").into()).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}");
        let nobody = scene.browser().post(path, &[("csrf", &csrf), ("which", "all")]).await;
        assert_eq!(nobody.status, StatusCode::FORBIDDEN, "{path}");
        let told = browser.post(path, &[("csrf", &csrf), ("csrf", &csrf)]).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{path}: a field twice");
    }
    scene.test.clock.advance(601);
    for path in &FORMS[1..] {
        let told = browser.post(path, &[("csrf", &csrf), ("which", "all")]).await;
        let expected = if *path == "/security/keys/options" {
            StatusCode::CONFLICT
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(told.status, expected, "{path}: {}", told.body);
        assert!(told.body.contains("confirmation_required"), "{path}");
    }
    let after = scene
        .test
        .realm
        .store
        .read(|tx| samekey_shared::audit::tail(tx, 1000))
        .unwrap()
        .len();
    assert_eq!(before, after, "nothing was changed");
}

/// R47: after a passkey of the phone, one of this device is offered; a key on USB offers nothing.
#[tokio::test]
async fn after_a_passkey_of_another_device_one_of_this_is_offered() {
    let scene = Scene::with("", KEYS);
    for (transports, attachment, offered) in [
        (vec!["internal", "hybrid"], "cross-platform", true),
        (vec!["internal", "hybrid"], "platform", false),
        (vec!["usb", "nfc"], "cross-platform", false),
    ] {
        let mut key = SoftAuthenticator::new();
        let mut made = key.make("example.org", &scene.ann.to_bytes()).unwrap();
        made.transports = transports.into_iter().map(str::to_owned).collect();
        let name = format!("key-{}-{attachment}", made.transports[0]);
        scene.test.bind_made(scene.ann, &made, &name).unwrap();
        let browser = scene.browser();
        let page = browser.get(&browser.get("/login").await.location()).await;
        let options = browser.options(&page).await.json();
        let assertion = key.answer(&asked(&options), ORIGIN).unwrap();
        let mut credential: Value = serde_json::from_str(&posted(&assertion)).unwrap();
        credential["authenticatorAttachment"] = json!(attachment);
        browser.answer(&page, "passkey", &credential.to_string()).await;
        let list = browser.get("/security").await;
        assert_eq!(list.body.contains("id=\"offer\""), offered, "{name}: {}", list.body);
    }
}

/// Every sentence is there in Chinese too.
#[tokio::test]
async fn the_page_speaks_chinese() {
    let (_scene, browser) = signed_in(KEYS).await;
    let request = axum::http::Request::get("/security").header("accept-language", "zh-CN");
    let page = browser.send(request, axum::body::Body::empty()).await;
    for text in ["安全信息", "通行密钥", "会话", "恢复代码", "重命名", "解绑"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
}
