//! W15: who signs in with a password that is easy to guess is told so, and goes on; nobody else, and nothing before the end.

use crate::browser::{Browser, Page};
use crate::scene::{LAX, PASSWORD, STRICT, Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::{ClientKind, ClientSettings, Consent};

const NOTICE: &str = "weak-passwords = \"notice\"\n";
const TITLE: &str = "Your password is easy to guess";

/// A realm that tells, and somebody there with this password and nothing else.
fn scene(policy: &str, password: &str) -> Scene {
    let scene = Scene::with("", policy);
    scene.test.account("bob", password).unwrap();
    scene
}

fn lax() -> String {
    format!("{LAX}[settings]\ncontact = \"help@example.org\"\n{NOTICE}")
}

/// Up to the answer to the password.
async fn gives(browser: &Browser, address: &str, name: &str, password: &str) -> Page {
    let first = browser.get(address).await;
    let asks = browser.press(&first.location(), "name", &[("username", name)]).await;
    browser
        .press(&asks.location(), "password", &[("password", password)])
        .await
}

#[tokio::test]
async fn each_kind_of_weak_password_is_told_and_the_person_goes_on() {
    for (password, why) in [
        ("Welcome2026!", "a common word with digits or marks around it"),
        ("bob-2026-1", "little more than your user name"),
        ("qwertyuiop12", "a run of neighbouring keys"),
    ] {
        let scene = scene(&lax(), password);
        let browser = scene.browser();
        let told = gives(&browser, "/login", "bob", password).await;
        let page = browser.get(&told.location()).await;
        assert!(
            page.body.contains(TITLE) && page.body.contains(why),
            "{password}: {}",
            page.body
        );
        assert!(
            page.body.contains("Contact help@example.org to have another one set"),
            "{}",
            page.body
        );
        assert!(!page.body.contains(password), "it is not shown again");
        // It stops nobody: the session is there already, and the button leads on.
        assert_eq!(browser.get("/").await.status, StatusCode::OK);
        let end = browser.press(&told.location(), "go-on", &[]).await;
        assert_eq!(end.location(), "/");
        assert_eq!(scene.events("sign-in-granted"), 1);
    }
}

#[tokio::test]
async fn nothing_is_said_of_a_good_password_a_wrong_one_or_where_the_setting_is_off() {
    let told = lax();
    let quiet = told.replace(NOTICE, "");
    for (policy, password) in [(&told, PASSWORD), (&quiet, "Welcome2026!")] {
        let scene = scene(policy, password);
        let browser = scene.browser();
        assert_eq!(
            gives(&browser, "/login", "bob", password).await.location(),
            "/",
            "{password}"
        );
    }
    let scene = scene(&told, PASSWORD);
    for name in ["bob", "nobody"] {
        let browser = scene.browser();
        let wrong = gives(&browser, "/login", name, "Welcome2026!").await;
        let page = browser.get(&wrong.location()).await;
        assert!(
            !page.body.contains(TITLE) && page.body.contains("name=\"password\""),
            "{}",
            page.body
        );
        // The right one after it is what counts.
        if name == "bob" {
            let end = browser
                .press(&wrong.location(), "password", &[("password", PASSWORD)])
                .await;
            assert_eq!(end.location(), "/");
        }
    }
}

#[tokio::test]
async fn it_is_said_after_the_second_factor_and_the_application_waits() {
    let scene = Scene::with("", &format!("{STRICT}{NOTICE}"));
    let password = "Welcome2026!";
    let bob = scene.test.account("bob", password).unwrap();
    let (phone, _) = scene.test.bind_phone(bob).unwrap();
    scene.test.clock.advance(30);
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let asks = gives(&browser, &wiki.request(&[]), "bob", password).await;
    let page = browser.get(&asks.location()).await;
    assert!(
        page.body.contains("name=\"code\"") && !page.body.contains(TITLE),
        "{}",
        page.body
    );
    let code = phone.code_at(scene.now()).expose().clone();
    let told = browser.press(&asks.location(), "code", &[("code", &code)]).await;
    assert!(browser.get(&told.location()).await.body.contains(TITLE));
    // What else is sent to this page changes nothing; another's browser has no such page.
    for action in ["", "allow", "code", "restart"] {
        let still = browser.press(&told.location(), action, &[("code", "1")]).await;
        assert!(browser.get(&still.location()).await.body.contains(TITLE), "{action}");
    }
    let stranger = scene.browser();
    assert_eq!(stranger.get(&told.location()).await.status, StatusCode::BAD_REQUEST);
    let back = browser.press(&told.location(), "go-on", &[]).await;
    assert_eq!(back.returned("state").as_deref(), Some("st"));
    let redeemed = wiki.redeem(&back.returned("code").unwrap(), &[]).await;
    assert_eq!(redeemed.status, StatusCode::OK, "{}", redeemed.body);
    // Signed in already, nothing is typed and nothing is told.
    assert!(browser.get(&wiki.request(&[])).await.returned("code").is_some());
}

#[tokio::test]
async fn the_question_of_consent_follows_and_giving_up_is_an_answer() {
    let scene = scene(&lax(), "Welcome2026!");
    let asking = ClientSettings {
        consent: Consent::Asked,
        ..settings()
    };
    scene.register("shop", ClientKind::Public, asking);
    let shop = crate::relying_party::RelyingParty::new(&scene, "shop", None);
    let browser = scene.browser();
    let told = gives(&browser, &shop.request(&[]), "bob", "Welcome2026!").await;
    let consent = browser.press(&told.location(), "go-on", &[]).await;
    assert!(browser.get(&consent.location()).await.body.contains("value=\"allow\""));
    let back = browser.press(&consent.location(), "allow", &[]).await;
    assert!(back.returned("code").is_some());
    let other = scene.browser();
    let told = gives(&other, &shop.request(&[]), "bob", "Welcome2026!").await;
    let left = other.press(&told.location(), "cancel", &[]).await;
    assert_eq!(left.returned("error").as_deref(), Some("access_denied"));
}
