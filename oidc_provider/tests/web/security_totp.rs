//! Binding an authenticator app on Security Information, and putting a new one in the place of the old one.

use crate::browser::{Browser, Page};
use crate::keys::KEYS;
use crate::scene::{LAX, PASSWORD, Scene};
use crate::security::{newcomer, signed_in};
use axum::http::StatusCode;
use samekey_shared::testing::{Phone, SoftAuthenticator};

const TOTP: &str = "/security/totp";

/// The app on which the key of this page was typed.
fn scanned(page: &Page) -> Phone {
    let key = page.body.split("id=\"app-key\">").nth(1).unwrap();
    Phone::with_key(key.split('<').next().unwrap()).unwrap()
}

/// Sends the form of this page.
async fn send(browser: &Browser, page: &Page, name: &str, code: &str) -> Page {
    let (csrf, binding) = (page.field("csrf"), page.field("binding"));
    let fields = [("csrf", &*csrf), ("binding", &*binding), ("name", name), ("code", code)];
    browser.post(TOTP, &fields).await
}

/// The id of the device of this name.
pub fn id_of(list: &Page, name: &str) -> String {
    let rows = list.body.split("data-device=\"").skip(1);
    let mut rows = rows.filter(|row| row.contains(&format!("<strong>{name}</strong>")));
    let row = rows.next().unwrap_or_else(|| panic!("no {name}: {}", list.body));
    row.split('"').next().unwrap().to_owned()
}

/// R53, R54, R55, R57.
#[tokio::test]
async fn one_right_code_binds_an_app_and_is_burnt() {
    let scene = Scene::with("", LAX);
    let browser = newcomer(&scene).await;
    let list = browser.get("/security").await;
    assert!(list.body.contains("href=\"/security/totp\""), "{}", list.body);
    let page = browser.get(TOTP).await;
    for text in [
        "Scan QR code (recommended)",
        "<svg class=\"qr\"",
        "<dd id=\"app-account\">bob</dd>",
        "Otherwise you are locked out",
        "for example Aegis, 2FAS",
        "data-copy=\"app-key\"",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let phone = scanned(&page);
    let code = phone.code_at(scene.now()).expose().clone();
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let done = send(&browser, &page, "Pixel", &spaced).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(done.body.contains("MFA device is added") && done.body.contains("Pixel"));
    assert_eq!(
        done.body.matches("<li><code>").count(),
        10,
        "recovery codes come with it"
    );
    let list = browser.get("/security").await;
    assert!(list.body.contains("Pixel") && !list.body.contains("id=\"bind-app\""));
    // The code that bound is burnt: at the same moment it proves nothing.
    let other = scene.browser();
    let wish = [("acr_values", "urn:samekey:acr:mfa")];
    let first = other.get(&scene.wiki().request(&wish)).await;
    let asks = other.press(&first.location(), "name", &[("username", "bob")]).await;
    let asks = other
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    let again = other.press(&asks.location(), "code", &[("code", &code)]).await;
    let told = other.get(&again.location()).await;
    assert!(told.body.contains("used already"), "{}", told.body);
}

#[tokio::test]
async fn what_is_wrong_is_said_and_the_key_stays_the_same() {
    let scene = Scene::with("", LAX);
    let browser = newcomer(&scene).await;
    let page = browser.get(TOTP).await;
    let phone = scanned(&page);
    let right = phone.code_at(scene.now()).expose().clone();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let long = "9".repeat(5000);
    let mut shown = page;
    for code in ["", "abcdef", wrong, long.as_str()] {
        let told = send(&browser, &shown, "Pixel", code).await;
        assert_eq!(told.status, StatusCode::CONFLICT);
        assert!(told.body.contains("<code>code_wrong</code>") && told.body.contains("value=\"Pixel\""));
        assert!(told.body.contains("id=\"code\"") && told.body.contains("aria-invalid"));
        assert_eq!(
            scanned(&told).code_at(0).expose(),
            phone.code_at(0).expose(),
            "the same key"
        );
        shown = told;
    }
    for name in ["", "my phone", "<b>", &"n".repeat(65)] {
        let told = send(&browser, &shown, name, &right).await;
        assert_eq!(told.status, StatusCode::CONFLICT);
        assert!(told.body.contains("<code>name_invalid</code>"), "{name}: {}", told.body);
        assert!(!told.body.contains("value=\"<b>\""));
        shown = told;
    }
    // Five wrong codes: whoever types them scanned something else. There is a new key now.
    let over = send(&browser, &shown, "Pixel", wrong).await;
    assert!(over.body.contains("<code>code_expired</code>"), "{}", over.body);
    assert_ne!(scanned(&over).code_at(0).expose(), phone.code_at(0).expose());
    assert_eq!(scene.events("device-bound"), 1, "ann's own");
    // Half an hour later it is over too.
    scene.test.clock.advance(1801);
    let asks = browser.get("/security").await;
    assert!(asks.body.contains("confirm-it-is-you"));
    let late = send(&browser, &over, "Pixel", scanned(&over).code_at(scene.now()).expose()).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_binding_is_nobody_elses_and_nothing_made_up() {
    let scene = Scene::with("", LAX);
    let bob = newcomer(&scene).await;
    let page = bob.get(TOTP).await;
    let code = scanned(&page).code_at(scene.now()).expose().clone();
    let ann = scene.browser();
    let wish = [("acr_values", "urn:samekey:acr:mfa")];
    scene.sign_in(&ann, &scene.wiki().request(&wish)).await;
    let csrf = ann.get("/security").await.field("csrf");
    let stolen = page.field("binding");
    for binding in [stolen.as_str(), "", "AAAA", "x y"] {
        let fields = [
            ("csrf", &*csrf),
            ("binding", binding),
            ("name", "Pixel"),
            ("code", &*code),
        ];
        let told = ann.post(TOTP, &fields).await;
        assert_eq!(told.status, StatusCode::CONFLICT, "{binding}");
        // Ann's slot is taken: she is told that, whatever she sent.
        assert!(told.body.contains("limit_reached"), "{}", told.body);
    }
    let fields = [
        ("csrf", "x"),
        ("binding", &*stolen),
        ("name", "Pixel"),
        ("code", &*code),
    ];
    assert_eq!(bob.post(TOTP, &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(scene.events("device-bound"), 1);
}

/// Q7, R56, R79.
#[tokio::test]
async fn a_full_slot_is_replaced_in_one_step() {
    let (scene, browser) = signed_in(KEYS).await;
    let other = scene.browser();
    scene.test.clock.advance(30);
    scene.sign_in(&other, "/login").await;
    let full = browser.get(TOTP).await;
    assert_eq!(full.status, StatusCode::CONFLICT);
    assert!(
        full.body
            .contains("Unbind the existing device before binding a new one, or choose Replace."),
        "{}",
        full.body
    );
    assert!(full.body.contains("New phone?") && full.body.contains("such as a security e-mail"));
    let old = id_of(&browser.get("/security").await, "phone");
    assert!(full.body.contains(&format!("/security/totp?replace={old}")));
    let page = browser.get(&format!("/security/totp?replace={old}")).await;
    assert!(page.body.contains("phone stays valid until"), "{}", page.body);
    // Until the new one is proven, the old one works.
    assert!(other.get("/security").await.status.is_success());
    let code = scanned(&page).code_at(scene.now()).expose().clone();
    let done = send(&browser, &page, "Pixel", &code).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(done.body.matches("<li><code>").count(), 0, "the recovery codes stay");
    let list = browser.get("/security").await;
    assert!(list.body.contains("Pixel") && !list.body.contains("<strong>phone</strong>"));
    assert_eq!(scene.results("device-unbound"), ["ok"]);
    // Sessions that rested on the old one have ended, but for the one that acts.
    assert!(other.get("/security").await.location().starts_with("/sign-in"));
    scene.test.clock.advance(60);
    let late = scene.browser();
    let asks = scene.with_password(&late, "/login").await;
    let refused = late.press(&asks.location(), "code", &[("code", &scene.code())]).await;
    assert!(late.get(&refused.location()).await.body.contains("not right"));
    let new = scanned(&page).code_at(scene.now()).expose().clone();
    assert_eq!(
        late.press(&refused.location(), "code", &[("code", &new)])
            .await
            .location(),
        "/"
    );
}

#[tokio::test]
async fn of_two_replacements_at_once_one_wins_and_one_app_is_left() {
    let (scene, browser) = signed_in(KEYS).await;
    let old = id_of(&browser.get("/security").await, "phone");
    let path = format!("/security/totp?replace={old}");
    let (one, two) = (browser.get(&path).await, browser.get(&path).await);
    let code = |page: &Page| scanned(page).code_at(scene.now()).expose().clone();
    let (first, second) = (code(&one), code(&two));
    let (won, lost) = tokio::join!(
        send(&browser, &one, "Pixel", &first),
        send(&browser, &two, "Galaxy", &second)
    );
    let mut ended = [won.status, lost.status];
    ended.sort();
    assert_eq!(ended, [StatusCode::OK, StatusCode::NOT_FOUND], "{}", lost.body);
    let shown = browser.get("/security").await.body;
    assert_eq!(shown.matches("/security/totp?replace=").count(), 1, "{shown}");
    assert_eq!(scene.events("device-bound"), 2);
    assert_eq!(scene.events("device-unbound"), 1);
}

#[tokio::test]
async fn nobody_replaces_a_device_of_somebody_elses_or_another_kind() {
    let (scene, browser) = signed_in(KEYS).await;
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    scene.test.bind_phone(bob).unwrap();
    let bobs = scene
        .test
        .realm
        .store
        .read(|tx| samekey_shared::devices::rows::bound(tx, bob))
        .unwrap();
    let key = scene
        .test
        .bind_key(scene.ann, &mut SoftAuthenticator::new(), "key")
        .unwrap();
    for stranger in [
        bobs.devices[0].id.to_string(),
        key.id.to_string(),
        "0".repeat(32),
        "x".to_owned(),
    ] {
        let told = browser.get(&format!("/security/totp?replace={stranger}")).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "{stranger}");
        assert!(told.body.contains("<code>not_found</code>"));
    }
}

/// R24, R25.
#[tokio::test]
async fn where_apps_are_not_accepted_or_nothing_may_be_taken_away_none_is_offered() {
    let no_apps = LAX.replace("\"totp\"", "\"passkey\"") + "[settings]\ncontact = \"help@example.org\"\n";
    let scene = Scene::with("", &no_apps);
    let browser = newcomer(&scene).await;
    let list = browser.get("/security").await;
    assert!(list.body.contains("id=\"create-passkey\"") && !list.body.contains("id=\"bind-app\""));
    let told = browser.get(TOTP).await;
    assert!(told.body.contains("method_not_allowed") && told.body.contains("help@example.org"));

    let (_scene, browser) = signed_in(&format!("{KEYS}self-service = \"add-only\"\n")).await;
    let list = browser.get("/security").await;
    assert!(!list.body.contains("/security/totp?replace") && !list.body.contains("/security/unbind"));
    assert!(list.body.contains("/security/rename") && list.body.contains("id=\"create-passkey\""));
    let old = id_of(&list, "phone");
    let told = browser.get(&format!("/security/totp?replace={old}")).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains("self_service_off"), "{}", told.body);
}

/// Where several apps may be bound, one key does not become two: each code would count twice.
#[tokio::test]
async fn one_key_is_bound_once_however_often_its_form_is_sent() {
    let (scene, browser) = signed_in(&format!("{KEYS}totp-per-user = 3\n")).await;
    let page = browser.get(TOTP).await;
    let code = scanned(&page).code_at(scene.now()).expose().clone();
    let one = send(&browser, &page, "Pixel", &code).await;
    assert_eq!(one.status, StatusCode::OK, "{}", one.body);
    let two = send(&browser, &page, "Galaxy", &code).await;
    assert_eq!(two.status, StatusCode::CONFLICT);
    assert!(two.body.contains("<code>code_expired</code>"), "{}", two.body);
    assert_eq!(scene.events("device-bound"), 2, "the phone and the Pixel");
    assert!(
        browser.get("/security").await.body.contains("id=\"bind-app\""),
        "there is room for another key"
    );
}

/// Q8: where `first-bind` names networks, the page goes by them as the sign-in does.
#[tokio::test]
async fn a_first_device_is_bound_from_the_networks_that_the_policy_names() {
    for (network, is_let) in [("192.0.2.0/24", true), ("198.51.100.0/24", false)] {
        let policy = format!(
            "{LAX}[networks]\noffice = [\"{network}\"]\n[settings]\nfirst-bind = {{ new = \"network\", networks = [\"office\"] }}\n"
        );
        let scene = Scene::with("", &policy);
        let browser = newcomer(&scene).await;
        let list = browser.get("/security").await;
        assert_eq!(
            list.body.contains("href=\"/security/totp\""),
            is_let,
            "{network}: {}",
            list.body
        );
        let page = browser.get(TOTP).await;
        assert_eq!(page.body.contains("id=\"app-key\""), is_let, "{network}: {}", page.body);
        assert_eq!(
            page.body.contains("enrollment_ticket_required"),
            !is_let,
            "{network}: {}",
            page.body
        );
    }
}
