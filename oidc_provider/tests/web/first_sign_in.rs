//! Binding on the way in, page by page and without scripts: what is asked, what protects it, and that the application's
//! request survives (R33 to R39, Q8).

use crate::browser::{Browser, Page};
use crate::keys::{KEYS, create, registered};
use crate::relying_party::claims;
use crate::scene::{PASSWORD, Scene};
use axum::http::StatusCode;
use samekey_shared::audit::Actor;
use samekey_shared::devices::{self, DeviceKind};
use samekey_shared::ids::AccountId;
use samekey_shared::testing::{Phone, SoftAuthenticator};
use samekey_shared::tickets::{self, NewTicket, Ticket};
use serde_json::{Value, json};

/// Ann has her phone; Bob has nothing yet.
struct Newcomer {
    scene: Scene,
    bob: AccountId,
}

impl Newcomer {
    fn with(policy: &str) -> Self {
        let scene = Scene::with("", policy);
        let bob = scene.test.account("bob", PASSWORD).unwrap();
        Self { scene, bob }
    }

    /// The page after Bob's right password, on the way to the application.
    async fn after_password(&self, browser: &Browser, address: &str) -> String {
        let first = browser.get(address).await.location();
        let next = browser.press(&first, "name", &[("username", "bob")]).await.location();
        let password = [("password", PASSWORD)];
        browser.press(&next, "password", &password).await.location()
    }

    async fn told(&self, back: &Page) -> Value {
        assert_eq!(back.returned("state").as_deref(), Some("st"));
        let code = back
            .returned("code")
            .unwrap_or_else(|| panic!("no code: {}", back.location()));
        let tokens = self.scene.wiki().redeem(&code, &[]).await.json();
        claims(tokens["id_token"].as_str().unwrap())
    }

    fn bound(&self) -> Vec<DeviceKind> {
        let bound = self
            .scene
            .test
            .realm
            .store
            .read(|tx| devices::rows::bound(tx, self.bob));
        let mut kinds: Vec<DeviceKind> = bound.unwrap().devices.iter().map(|one| one.kind).collect();
        kinds.sort();
        kinds
    }

    fn ticket(&self, account: AccountId) -> Ticket {
        let realm = &self.scene.test.realm;
        let keyring = realm.keyring().unwrap();
        let new = NewTicket {
            account,
            by: &Actor::Operator { uid: 0 },
            lives: tickets::LIVES,
        };
        let issued = realm
            .store
            .write(|tx| tickets::issue(tx, realm.entropy.as_ref(), &keyring, &new, realm.clock.now()));
        issued.unwrap()
    }

    /// Chooses the app and types its code; the page of the recovery codes.
    async fn bind_app(&self, browser: &Browser, address: &str) -> (Phone, Page) {
        let app = browser.press(address, "bind-totp", &[]).await.location();
        let phone = phone(&browser.get(&app).await);
        let code = phone.code_at(self.scene.now());
        let codes = browser.press(&app, "code", &[("code", code.expose())]).await.location();
        (phone, browser.get(&codes).await)
    }
}

/// What somebody types from the page into the app.
fn phone(page: &Page) -> Phone {
    let key = page
        .body
        .split("id=\"app-key\">")
        .nth(1)
        .unwrap_or_else(|| panic!("no key: {}", page.body));
    Phone::with_key(key.split('<').next().unwrap()).unwrap()
}

const TICKETS: &str = "[settings]\nfirst-bind = \"ticket\"\n";

fn policy(more: &str) -> String {
    KEYS.replace("[settings]\ncontact = \"help@example.org\"\n", more)
}

#[tokio::test]
async fn an_app_is_bound_without_scripts_and_the_request_of_the_application_survives() {
    let new = Newcomer::with(KEYS);
    let browser = new.scene.browser();
    let wiki = new.scene.wiki();
    let address = new.after_password(&browser, &wiki.request(&[])).await;
    let page = browser.get(&address).await;
    // M03, the strongest first, with level badges; e-mail never.
    assert!(
        page.body
            .contains("Your administrator requires a second factor. Bind one now to go on.")
    );
    let at = |word: &str| page.body.find(&format!("value=\"bind-{word}\"")).unwrap();
    assert!(at("passkey") < at("security-key") && at("security-key") < at("totp"));
    assert!(page.body.contains("badge highest") && page.body.contains("badge high\""));
    assert!(!page.body.contains("bind-email") && !page.body.contains("id=\"later\""));
    // Nothing of an application is reachable before.
    let elsewhere = browser.get(&wiki.request(&[("prompt", "none")])).await;
    assert_eq!(elsewhere.returned("error").as_deref(), Some("login_required"));
    assert_eq!(browser.get("/").await.location(), "/login");
    let (phone, codes) = new.bind_app(&browser, &address).await;
    assert_eq!(codes.body.matches("<li><code>").count(), 10);
    let file = browser
        .get(&address.replace("/sign-in?", "/sign-in/recovery-codes?"))
        .await;
    assert_eq!((file.status, file.body.lines().count()), (StatusCode::OK, 12));
    let asks = browser.press(&address, "kept", &[]).await.location();
    assert!(browser.get(&asks).await.body.contains("confirmation_required"));
    let second = browser.press(&address, "kept", &[("kept", "yes")]).await.location();
    let page = browser.get(&second).await;
    assert!(page.body.contains("Add a second kind so that you are not locked out"));
    assert!(!page.body.contains("bind-totp") && page.body.contains("id=\"later\""));
    let gone = browser
        .get(&address.replace("/sign-in?", "/sign-in/recovery-codes?"))
        .await;
    assert_eq!(gone.status, StatusCode::BAD_REQUEST);
    let back = browser.press(&second, "later", &[]).await;
    let claims = new.told(&back).await;
    assert_eq!(
        (&claims["amr"], &claims["nonce"]),
        (&json!(["pwd", "otp", "mfa"]), &json!("no"))
    );
    assert_eq!(new.bound(), [DeviceKind::Totp, DeviceKind::RecoveryCodes]);
    // The code that bound it is burnt; the next one signs in.
    let other = new.scene.browser();
    let address = new.after_password(&other, &wiki.request(&[])).await;
    let burnt = phone.code_at(new.scene.now());
    let again = other
        .press(&address, "code", &[("code", burnt.expose())])
        .await
        .location();
    assert!(other.get(&again).await.body.contains("used already"));
}

#[tokio::test]
async fn a_passkey_is_made_signs_once_and_lets_in() {
    let new = Newcomer::with(KEYS);
    let browser = new.scene.browser();
    let mut key = SoftAuthenticator::new();
    let address = new.after_password(&browser, &new.scene.wiki().request(&[])).await;
    let made = browser.press(&address, "bind-passkey", &[]).await.location();
    let page = browser.get(&made).await;
    assert!(page.body.contains("data-passkey=\"create\"") && page.body.contains("<noscript>"));
    let codes = make(&browser, &page, &mut key, "laptop").await;
    assert_eq!(new.bound(), [DeviceKind::RecoveryCodes, DeviceKind::Passkey]);
    let signs = browser
        .press(&codes.location(), "kept", &[("kept", "yes")])
        .await
        .location();
    assert!(browser.get(&signs).await.body.contains("data-passkey=\"get\""));
    let second = browser.touch(&signs, "key", &mut key).await.location();
    let back = browser.press(&second, "later", &[]).await;
    let claims = new.told(&back).await;
    assert_eq!(claims["acr"], "phr");
    assert_eq!(new.scene.events("device-bound"), 2, "Ann's and Bob's");
}

/// The script's two steps on the page that makes a key.
async fn make(browser: &Browser, page: &Page, key: &mut SoftAuthenticator, name: &str) -> Page {
    let (flow, csrf) = (page.field("flow"), page.field("csrf"));
    let fields = [("flow", flow.as_str()), ("csrf", csrf.as_str()), ("name", name)];
    let options = browser.post("/sign-in/bind", &fields).await.json();
    let credential = registered(&create(key, &options));
    let ceremony = options["ceremony"].as_str().unwrap().to_owned();
    let mut all = fields.to_vec();
    all.extend([
        ("action", "create"),
        ("ceremony", &ceremony),
        ("credential", &credential),
        ("trouble", ""),
    ]);
    browser.post("/sign-in", &all).await
}

#[tokio::test]
async fn the_app_as_a_second_kind_is_the_proof_of_a_passkey_that_was_bound_first() {
    let new = Newcomer::with(KEYS);
    let browser = new.scene.browser();
    let mut key = SoftAuthenticator::new();
    let address = new.after_password(&browser, &new.scene.wiki().request(&[])).await;
    let made = browser.press(&address, "bind-security-key", &[]).await.location();
    let codes = make(&browser, &browser.get(&made).await, &mut key, "blue")
        .await
        .location();
    let signs = browser.press(&codes, "kept", &[("kept", "yes")]).await.location();
    let second = browser.touch(&signs, "key", &mut key).await.location();
    let app = browser.press(&second, "bind-totp", &[]).await.location();
    let phone = phone(&browser.get(&app).await);
    let code = phone.code_at(new.scene.now());
    let back = browser.press(&app, "code", &[("code", code.expose())]).await;
    let _ = new.told(&back).await;
    assert_eq!(new.bound().len(), 3);
}

#[tokio::test]
async fn names_ceremonies_and_other_peoples_forms_are_refused_in_words() {
    let new = Newcomer::with(KEYS);
    let browser = new.scene.browser();
    let mut key = SoftAuthenticator::new();
    let address = new.after_password(&browser, &new.scene.wiki().request(&[])).await;
    let made = browser.press(&address, "bind-passkey", &[]).await.location();
    let page = browser.get(&made).await;
    for name in ["", "a b", "<script>", &"x".repeat(65), "k\u{e4}y"] {
        let (flow, csrf) = (page.field("flow"), page.field("csrf"));
        let fields = [("flow", flow.as_str()), ("csrf", csrf.as_str()), ("name", name)];
        let refused = browser.post("/sign-in/bind", &fields).await;
        assert_eq!(
            (refused.status, refused.json()["error"].as_str()),
            (StatusCode::CONFLICT, Some("name_invalid"))
        );
        let told = browser
            .press(&made, "create", &[("name", name), ("trouble", "no-options")])
            .await
            .location();
        assert!(browser.get(&told).await.body.contains("name_invalid"), "{name}");
    }
    for (credential, ceremony) in [("{}", ""), ("x", "0"), ("{}", "00000000000000000000000000000000")] {
        let fields = [("name", "k"), ("credential", credential), ("ceremony", ceremony)];
        let told = browser.press(&made, "create", &fields).await.location();
        assert!(browser.get(&told).await.body.contains("role=\"alert\""));
    }
    assert_eq!(new.bound(), []);
    // A form without its token, or for a page that is not open, changes nothing.
    let flow = page.field("flow");
    let stolen = browser
        .post("/sign-in", &[("flow", &flow), ("csrf", "x"), ("action", "later")])
        .await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN);
    for action in [
        "later",
        "kept",
        "code",
        "ticket",
        "bind-email",
        "bind-recovery-code",
        "allow",
        "key",
    ] {
        let still = browser
            .press(&made, action, &[("code", "1"), ("kept", "yes"), ("ticket", "x")])
            .await
            .location();
        assert!(browser.get(&still).await.body.contains("name=\"csrf\""), "{action}");
    }
    assert_eq!(new.bound(), []);
    // The ceremony of one sign-in is no other's.
    let other = new.scene.browser();
    let theirs = new.after_password(&other, &new.scene.wiki().request(&[])).await;
    let theirs = other.press(&theirs, "bind-passkey", &[]).await.location();
    let mine = new.scene.browser();
    let again = new.after_password(&mine, &new.scene.wiki().request(&[])).await;
    let again = mine.press(&again, "bind-passkey", &[]).await.location();
    let page = mine.get(&again).await;
    let fields = [
        ("flow", page.field("flow")),
        ("csrf", page.field("csrf")),
        ("name", "k".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let options = mine.post("/sign-in/bind", &fields).await.json();
    let credential = registered(&create(&mut key, &options));
    let ceremony = options["ceremony"].as_str().unwrap();
    let fields = [
        ("name", "k"),
        ("credential", credential.as_str()),
        ("ceremony", ceremony),
    ];
    let told = other.press(&theirs, "create", &fields).await.location();
    assert!(other.get(&told).await.body.contains("role=\"alert\""));
    assert_eq!(new.bound(), []);
}

#[tokio::test]
async fn a_ticket_leads_through_user_name_and_password_to_the_binding() {
    let new = Newcomer::with(&policy(TICKETS));
    let ticket = new.ticket(new.bob);
    let link = ticket.link("");
    // Without one the page asks for it, and a wrong one is told.
    let browser = new.scene.browser();
    let address = new.after_password(&browser, &new.scene.wiki().request(&[])).await;
    assert!(browser.get(&address).await.body.contains("name=\"ticket\""));
    for wrong in ["", "BCDF-GHJK-LMNP", &"x".repeat(5000)] {
        let told = browser.press(&address, "ticket", &[("ticket", wrong)]).await.location();
        assert!(browser.get(&told).await.body.contains("enrollment_ticket_required"));
    }
    // Ann's account is not Bob's.
    let ann = new.ticket(new.scene.ann);
    let told = browser
        .press(&address, "ticket", &[("ticket", ann.secret())])
        .await
        .location();
    assert!(browser.get(&told).await.body.contains("enrollment_ticket_required"));
    // The link: the ticket alone opens nothing, and stands in no address afterwards.
    let browser = new.scene.browser();
    let first = browser.get(link.expose()).await.location();
    assert!(!first.contains(ticket.secret()));
    assert_eq!(browser.get("/security").await.status, StatusCode::SEE_OTHER);
    let next = browser.press(&first, "name", &[("username", "bob")]).await.location();
    let address = browser
        .press(&next, "password", &[("password", PASSWORD)])
        .await
        .location();
    let (_, codes) = new.bind_app(&browser, &address).await;
    assert!(codes.body.contains("id=\"kept\""));
    let second = browser.press(&address, "kept", &[("kept", "yes")]).await.location();
    assert_eq!(browser.press(&second, "later", &[]).await.location(), "/security");
    assert_eq!(new.scene.events("ticket-used"), 1);
    // And is void.
    let browser = new.scene.browser();
    let first = browser.get(link.expose()).await.location();
    let next = browser.press(&first, "name", &[("username", "bob")]).await.location();
    let address = browser
        .press(&next, "password", &[("password", PASSWORD)])
        .await
        .location();
    assert!(browser.get(&address).await.body.contains("name=\"code\""));
}

#[tokio::test]
async fn with_a_ticket_a_person_who_has_a_device_binds_one_more() {
    let new = Newcomer::with(&policy("[settings]\nself-service = \"none\"\n"));
    let ticket = new.ticket(new.scene.ann);
    let browser = new.scene.browser();
    let address = new
        .scene
        .with_password(&browser, ticket.link("").expose())
        .await
        .location();
    let offer = browser
        .press(&address, "code", &[("code", &new.scene.code())])
        .await
        .location();
    let page = browser.get(&offer).await;
    assert!(page.body.contains("Your enrolment ticket") && !page.body.contains("bind-totp"));
    let made = browser.press(&offer, "bind-passkey", &[]).await.location();
    let mut key = SoftAuthenticator::new();
    let done = make(&browser, &browser.get(&made).await, &mut key, "laptop").await;
    assert_eq!(done.location(), "/security");
    assert_eq!(new.scene.events("ticket-used"), 1);
}

#[tokio::test]
async fn within_the_grace_period_the_page_counts_down_and_can_be_put_off() {
    let new = Newcomer::with(&KEYS.replace("\"0s\"", "\"14d\""));
    let browser = new.scene.browser();
    let address = new.after_password(&browser, &new.scene.wiki().request(&[])).await;
    let page = browser.get(&address).await;
    assert!(
        page.body.contains("It becomes necessary on") && page.body.contains("days)."),
        "{}",
        page.body
    );
    let back = browser.press(&address, "later", &[]).await;
    assert_eq!(new.told(&back).await["amr"], json!(["pwd"]));
    // Once a sign-in: the session goes on without the same words, also silently.
    let again = browser.get(&new.scene.wiki().request(&[("prompt", "none")])).await;
    assert!(again.returned("code").is_some());
}

#[tokio::test]
async fn an_application_that_may_ask_nothing_is_told_that_something_has_to_be_asked() {
    let new = Newcomer::with(&KEYS.replace("\"0s\"", "\"14d\""));
    let browser = new.scene.browser();
    let address = new.after_password(&browser, &new.scene.wiki().request(&[])).await;
    let _ = browser.press(&address, "later", &[]).await;
    new.scene.test.policy(KEYS).unwrap();
    let silent = browser.get(&new.scene.wiki().request(&[("prompt", "none")])).await;
    assert_eq!(silent.returned("error").as_deref(), Some("interaction_required"));
}

#[tokio::test]
async fn pages_of_binding_speak_chinese() {
    let new = Newcomer::with(KEYS);
    let browser = new.scene.browser();
    let address = new
        .after_password(&browser, &new.scene.wiki().request(&[("ui_locales", "zh-CN")]))
        .await;
    let page = browser.get(&address).await;
    assert!(
        page.body.contains("管理员要求进行二次身份验证") && page.body.contains("通行密钥"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn what_was_bound_meanwhile_is_asked_for() {
    let new = Newcomer::with(KEYS);
    let slow = new.scene.browser();
    let waiting = new.after_password(&slow, &new.scene.wiki().request(&[])).await;
    let app = slow.press(&waiting, "bind-totp", &[]).await.location();
    let stolen = phone(&slow.get(&app).await);
    let quick = new.scene.browser();
    let address = new.after_password(&quick, &new.scene.wiki().request(&[])).await;
    let _ = new.bind_app(&quick, &address).await;
    let code = stolen.code_at(new.scene.now());
    let next = slow.press(&app, "code", &[("code", code.expose())]).await.location();
    let page = slow.get(&next).await;
    assert!(page.body.contains("autocomplete=\"one-time-code\"") && !page.body.contains("app-key"));
    assert_eq!(new.bound(), [DeviceKind::Totp, DeviceKind::RecoveryCodes]);
}
