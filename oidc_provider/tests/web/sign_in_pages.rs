//! R4, R81, R86 to R98, R102, R103, R106, W23: what the sign-in pages and the portal's home say.

use crate::browser::Browser;
use crate::scene::{LAX, PASSWORD, STRICT, Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::{ClientKind, ClientSettings, Consent};
use samekey_shared::testing::SoftAuthenticator;

/// Both kinds of device, and the password first.
const BOTH: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"passkey\", \"security-key\", \"totp\", \"recovery-code\"]\n[settings]\ncontact = \"help@example.org\"\n";

fn announcing(text: &str) -> String {
    format!("{STRICT}announcement = {text:?}\n")
}

async fn step_two(browser: &Browser, name: &str) -> String {
    let first = browser.get("/login").await;
    let asks = browser.press(&first.location(), "name", &[("username", name)]).await;
    browser.get(&asks.location()).await.body
}

/// R88: display only, escaped, limited.
#[tokio::test]
async fn a_name_in_the_link_is_escaped_cut_and_never_sent() {
    let scene = Scene::new();
    let browser = scene.browser();
    let evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let first = browser.get(&format!("/login?username={evil}")).await;
    let page = browser.get(&first.location()).await;
    assert!(
        !page.body.contains("<script>alert") && page.body.contains(">Next<"),
        "{}",
        page.body
    );
    let long = "a".repeat(5000);
    let first = browser.get(&format!("/d/example.org/login?username={long}")).await;
    let page = browser.get(&first.location()).await;
    assert!(
        page.body.contains(&format!("value=\"{}\"", "a".repeat(256))),
        "{}",
        page.body
    );
    assert_eq!(scene.events("sign-in-refused"), 0);
}

/// R90, Q15.
#[tokio::test]
async fn the_name_is_shown_in_its_one_form_whether_it_exists_or_not() {
    let scene = Scene::new();
    let browser = scene.browser();
    for (typed, shown) in [("ANN@corp", "ann"), ("Nobody@example.org", "nobody"), ("a b", "a b")] {
        let page = step_two(&browser, typed).await;
        assert!(page.contains(&format!("value=\"{shown}\"")), "{typed}: {page}");
    }
}

/// R92, Q11: the same two buttons for any name.
#[tokio::test]
async fn both_buttons_stand_on_the_second_step_for_any_name() {
    let scene = Scene::with("", BOTH);
    let browser = scene.browser();
    for name in ["ann", "nobody"] {
        let page = step_two(&browser, name).await;
        assert!(
            page.contains("Log on with Password") && page.contains("Log on with Passkey"),
            "{page}"
        );
        assert!(page.contains("href=\"/forgot-password\""));
    }
}

/// R92: after a ceremony that failed the password's button has the focus.
#[tokio::test]
async fn after_a_failed_ceremony_the_focus_is_on_the_password_button() {
    let scene = Scene::with("", BOTH);
    let browser = scene.browser();
    let first = browser.get("/login").await;
    let asks = browser.press(&first.location(), "name", &[("username", "ann")]).await;
    let before = browser.get(&asks.location()).await.body;
    assert!(before.contains("maxlength=\"1024\" required autofocus"), "{before}");
    let failed = browser
        .press(&asks.location(), "passkey", &[("trouble", "cancelled")])
        .await;
    let page = browser.get(&failed.location()).await.body;
    assert!(page.contains("name=\"action\" value=\"password\" autofocus"), "{page}");
    assert!(!page.contains("required autofocus"), "{page}");
}

/// R97: by browser; it tells nothing about anybody.
#[tokio::test]
async fn a_browser_offers_first_what_it_used_last() {
    let scene = Scene::with("", BOTH);
    let browser = scene.browser();
    let emphasis = "id=\"with-passkey\" class=\"second\"";
    assert!(step_two(&browser, "ann").await.contains(emphasis));
    let mut cookies = browser.cookies();
    cookies.insert("__Host-samekey-last".into(), "passkey".into());
    browser.set_cookies(cookies);
    assert!(!step_two(&browser, "ann").await.contains(emphasis));
}

/// R4, R102, R81.
#[tokio::test]
async fn the_second_step_begins_with_what_was_used_last_and_says_how_strong_the_others_are() {
    let scene = Scene::with("", BOTH);
    let mut key = SoftAuthenticator::new();
    scene.test.bind_key(scene.ann, &mut key, "key").unwrap();
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    let page = browser.get(&asks.location()).await.body;
    assert!(
        page.contains("id=\"use-key\"") && page.contains("value=\"choose-totp\""),
        "{page}"
    );
    assert!(page.contains("class=\"badge high\""), "{page}");
    assert!(
        page.contains("Contact help@example.org; an administrator can unbind it."),
        "{page}"
    );
    assert!(page.contains("href=\"/methods?flow="), "{page}");
    scene.test.clock.advance(30);
    let chosen = browser.press(&asks.location(), "choose-totp", &[]).await;
    let end = browser
        .press(&chosen.location(), "code", &[("code", &scene.code())])
        .await;
    assert_eq!(end.location(), "/");
    let other = scene.browser();
    let asks = scene.with_password(&other, "/login").await;
    let page = other.get(&asks.location()).await.body;
    assert!(
        page.contains("id=\"code\"") && !page.contains("id=\"use-key\""),
        "{page}"
    );
    assert!(page.contains("class=\"badge highest\""), "{page}");
}

/// R103.
#[tokio::test]
async fn the_methods_are_compared_and_what_is_not_accepted_is_marked() {
    let scene = Scene::new();
    let page = scene.browser().get("/methods").await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "Which one should I choose?",
        "Passkey",
        "Authenticator app",
        "Security e-mail",
        "Recovery code",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert_eq!(page.body.matches("Not accepted here").count(), 3, "{}", page.body);
    let odd = scene.browser().get("/methods?flow=%22%3Ex").await;
    assert!(!odd.body.contains("/sign-in?flow="), "{}", odd.body);
}

/// R106.
#[tokio::test]
async fn an_announcement_is_shown_with_its_link() {
    let scene = Scene::with(
        "",
        &announcing("MFA from March, see https://example.org/mfa <b>soon</b>"),
    );
    let browser = scene.browser();
    let first = browser.get("/login").await;
    let page = browser.get(&first.location()).await.body;
    let link = "<a href=\"https://example.org/mfa\" rel=\"noreferrer\">https://example.org/mfa</a>";
    assert!(page.contains(link) && !page.contains("<b>soon"), "{page}");
}

/// R98, M10, M11.
#[tokio::test]
async fn a_forgotten_password_and_a_lost_device_have_somebody_to_ask() {
    let scene = Scene::new();
    let page = scene.browser().get("/forgot-password").await.body;
    assert!(
        page.contains("Passwords cannot be retrieved. Contact help@example.org to reset yours."),
        "{page}"
    );
    assert!(
        page.contains("Contact help@example.org; an administrator can unbind it."),
        "{page}"
    );
}

/// W23.
#[tokio::test]
async fn home_tells_of_the_sign_in_before_this_one() {
    let scene = Scene::new();
    let browser = scene.browser();
    scene.sign_in(&browser, "/login").await;
    let home = browser.get("/").await.body;
    assert!(home.contains("This is your first sign-in here."), "{home}");
    scene.test.clock.advance(3600);
    let later = scene.browser().from([198, 51, 100, 7]);
    scene.sign_in(&later, "/login").await;
    let home = later.get("/").await.body;
    assert!(
        home.contains("Last sign-in: 2026-05-01 00:00:30 UTC, on the web, from 192.0.2.7."),
        "{home}"
    );
    for link in ["/security", "/approve"] {
        assert!(home.contains(&format!("href=\"{link}\"")), "{link}");
    }
}

#[tokio::test]
async fn home_lists_the_applications_that_know_one_and_takes_it_back() {
    let scene = Scene::with("", LAX);
    let asking = ClientSettings {
        consent: Consent::Asked,
        ..settings()
    };
    scene.register("shop", ClientKind::Public, asking);
    let browser = scene.browser();
    let shop = crate::relying_party::RelyingParty::new(&scene, "shop", None);
    let asks = scene.with_password(&browser, &shop.request(&[])).await;
    let back = browser.press(&asks.location(), "allow", &[]).await;
    let tokens = shop.redeem(&back.returned("code").unwrap(), &[]).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(shop.userinfo(token).await.status, StatusCode::OK);
    let home = browser.get("/").await;
    assert!(
        home.body.contains("The shop") && home.body.contains("since 2026-05-01"),
        "{}",
        home.body
    );
    let csrf = home.field("csrf");
    // Somebody else's, nobody's, and without the form's token: nothing changes.
    for (field, application) in [(csrf.as_str(), "wiki"), (csrf.as_str(), ""), ("x", "shop")] {
        let fields = [("csrf", field), ("application", application)];
        browser.post("/applications/withdraw", &fields).await;
        assert_eq!(scene.events("consent-withdrawn"), 0, "{application}");
    }
    let gone = browser
        .post("/applications/withdraw", &[("csrf", &csrf), ("application", "shop")])
        .await;
    assert!(
        browser
            .get(&gone.location())
            .await
            .body
            .contains("no longer allowed to know you")
    );
    assert_eq!(scene.events("consent-withdrawn"), 1);
    assert_eq!(shop.userinfo(token).await.status, StatusCode::UNAUTHORIZED);
    let asks = browser.get(&shop.request(&[])).await;
    assert!(browser.get(&asks.location()).await.body.contains("value=\"allow\""));
}

/// An unknown name and a known one meet the same pages until the password.
#[tokio::test]
async fn a_wrong_password_reads_alike_for_everybody() {
    let scene = Scene::with("", BOTH);
    let mut pages = Vec::new();
    for name in ["ann", "nob"] {
        let browser = scene.browser();
        let first = browser.get("/login").await;
        let asks = browser.press(&first.location(), "name", &[("username", name)]).await;
        let wrong = browser
            .press(&asks.location(), "password", &[("password", &format!("{PASSWORD}!"))])
            .await;
        let page = browser.get(&wrong.location()).await;
        let (flow, csrf) = (page.field("flow"), page.field("csrf"));
        let named = format!("value=\"{name}\"");
        pages.push(page.body.replace(&flow, "").replace(&csrf, "").replace(&named, ""));
    }
    assert_eq!(pages[0], pages[1]);
}
