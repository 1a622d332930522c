//! The page that approves a login elsewhere: who sees it, what it shows, what opens and what does not.

use crate::browser::{Browser, Page};
use crate::keys::{KEYS, asked, posted};
use crate::scene::Scene;
use axum::http::StatusCode;
use samekey_shared::approvals::{self, Collected, NewApproval, OpenError, Opened};
use samekey_shared::ids::RequestId;
use samekey_shared::source::Source;
use samekey_shared::testing::{ORIGIN, SoftAuthenticator};

/// Ann, signed in, with a key; and a login that waits for her.
struct Waiting {
    scene: Scene,
    browser: Browser,
    key: SoftAuthenticator,
    opened: Opened,
    request: RequestId,
}

async fn waiting(command: &str) -> Waiting {
    let scene = Scene::with("", KEYS);
    let browser = scene.browser();
    scene.sign_in(&browser, "/login").await;
    let mut key = SoftAuthenticator::new();
    scene.test.bind_key(scene.ann, &mut key, "key").unwrap();
    let (opened, request) = open(&scene, "203.0.113.9", command);
    Waiting {
        scene,
        browser,
        key,
        opened,
        request,
    }
}

/// What a shell does.
fn open(scene: &Scene, address: &str, command: &str) -> (Opened, RequestId) {
    let realm = &scene.test.realm;
    let request = RequestId::draw(realm.entropy.as_ref()).unwrap();
    let (login, source) = ("ann".parse().unwrap(), Source::parse_address(address).unwrap());
    let new = NewApproval {
        account: scene.ann,
        login: &login,
        request,
        host: Some("box<b>"),
        service: "pam:sudo",
        source: &source,
        key_fingerprint: Some("SHA256:abc"),
        command: Some(command),
        lives: 90,
    };
    let (entropy, now) = (realm.entropy.as_ref(), scene.now());
    let opened = realm
        .store
        .write(|tx| approvals::open(tx, entropy, &new, now))
        .map_err(|error: OpenError| error)
        .unwrap();
    (opened, request)
}

impl Waiting {
    fn address(&self) -> String {
        format!("/approve?code={}", self.opened.code.compact())
    }

    fn number(&self) -> String {
        self.opened.number.to_string()
    }

    fn other_number(&self) -> &'static str {
        if self.number() == "10" { "11" } else { "10" }
    }

    fn collect(&self) -> Collected {
        let (store, now) = (&self.scene.test.realm.store, self.scene.now());
        store
            .write(|tx| approvals::collect(tx, self.opened.id, self.request, self.scene.ann, now))
            .unwrap()
    }

    /// Presses a button of the page with these further fields.
    async fn press(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let (csrf, approval) = (page.field("csrf"), page.field("approval"));
        let mut all = vec![
            ("csrf", csrf.as_str()),
            ("approval", approval.as_str()),
            ("action", action),
        ];
        all.extend(fields);
        self.browser.post("/approve", &all).await
    }

    /// The script's fetch; what it fills into the form.
    async fn touched(&mut self, page: &Page) -> (String, String) {
        let (csrf, approval) = (page.field("csrf"), page.field("approval"));
        let fields = [("csrf", csrf.as_str()), ("approval", approval.as_str())];
        let options = self.browser.post("/approve/options", &fields).await.json();
        let assertion = self.key.answer(&asked(&options), ORIGIN).unwrap();
        (options["ceremony"].as_str().unwrap().to_owned(), posted(&assertion))
    }

    /// The whole of "Approve with passkey".
    async fn approve(&mut self, number: &str) -> Page {
        let page = self.browser.get(&self.address()).await;
        let (ceremony, credential) = self.touched(&page).await;
        let fields = [
            ("number", number),
            ("ceremony", ceremony.as_str()),
            ("credential", credential.as_str()),
        ];
        let done = self.press(&page, "approve", &fields).await;
        self.browser.get(&done.location()).await
    }
}

#[tokio::test]
async fn a_login_is_found_by_its_code_shown_and_approved() {
    let mut waiting = waiting("sudo sh -c 'echo <script>'").await;
    let blank = waiting.browser.get("/approve").await;
    let csrf = blank.field("csrf");
    let typed = waiting.opened.code.to_string().to_lowercase();
    let fields = [("csrf", csrf.as_str()), ("action", "find"), ("code", typed.as_str())];
    let found = waiting.browser.post("/approve", &fields).await;
    assert_eq!(found.location(), waiting.address());
    let page = waiting.browser.get(&found.location()).await;
    for shown in [
        "box&#60;b&#62;",
        "sudo",
        ">ann<",
        "203.0.113.9",
        "SHA256:abc",
        "&#60;script&#62;",
        "never signed in from there",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!page.body.contains("<b>") && !page.body.contains(&format!(">{}<", waiting.number())));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("connect-src 'self'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let number = waiting.number();
    let done = waiting.approve(&number).await;
    assert!(done.body.contains("Login approved"), "{}", done.body);
    assert!(matches!(waiting.collect(), Collected::Approved(_)));
    assert_eq!(waiting.collect(), Collected::Cancelled, "once");
    assert_eq!(waiting.scene.events("approval-approved"), 1);
}

#[tokio::test]
async fn a_wrong_number_ends_it_and_a_slip_does_not() {
    let mut waiting = waiting("id").await;
    let page = waiting.browser.get(&waiting.address()).await;
    let (ceremony, credential) = waiting.touched(&page).await;
    let answer = [("ceremony", ceremony.as_str()), ("credential", credential.as_str())];
    for slip in ["", "7", "4x", "142"] {
        let mut fields = answer.to_vec();
        fields.push(("number", slip));
        let again = waiting.press(&page, "approve", &fields).await;
        assert!(again.body.contains("two digits"), "{slip:?}: {}", again.body);
    }
    assert_eq!(waiting.collect(), Collected::Pending);
    let wrong = waiting.other_number();
    let done = waiting.approve(wrong).await;
    assert!(done.body.contains("not the one that the login shows"), "{}", done.body);
    assert_eq!(waiting.collect(), Collected::WrongNumber);
}

#[tokio::test]
async fn a_no_needs_no_passkey_and_a_report_silences_the_place() {
    let waiting = waiting("id").await;
    let page = waiting.browser.get(&waiting.address()).await;
    let done = waiting.press(&page, "deny", &[]).await;
    assert!(
        waiting
            .browser
            .get(&done.location())
            .await
            .body
            .contains("Login denied")
    );
    assert_eq!(waiting.collect(), Collected::Denied);
    let (second, _) = open(&waiting.scene, "203.0.113.10", "id");
    let page = waiting.browser.get(&format!("/approve?code={}", second.code)).await;
    let done = waiting.press(&page, "report", &[]).await;
    let told = waiting.browser.get(&done.location()).await;
    assert!(
        told.body.contains("denied and reported") && told.body.contains("change it now"),
        "{}",
        told.body
    );
    assert_eq!(
        (
            waiting.scene.events("approval-denied"),
            waiting.scene.events("approval-reported")
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn an_assertion_approves_once_and_only_what_it_was_made_for() {
    let mut waiting = waiting("id").await;
    let first = waiting.browser.get(&waiting.address()).await;
    let (ceremony, credential) = waiting.touched(&first).await;
    let (other, other_request) = open(&waiting.scene, "203.0.113.10", "id");
    let second = waiting.browser.get(&format!("/approve?code={}", other.code)).await;
    let number = other.number.to_string();
    let fields = [
        ("number", number.as_str()),
        ("ceremony", ceremony.as_str()),
        ("credential", credential.as_str()),
    ];
    let refused = waiting.press(&second, "approve", &fields).await;
    assert_eq!(refused.status, StatusCode::OK);
    assert!(refused.body.contains("role=\"alert\""), "{}", refused.body);
    let (store, now, ann) = (&waiting.scene.test.realm.store, waiting.scene.now(), waiting.scene.ann);
    let theirs = store
        .write(|tx| approvals::collect(tx, other.id, other_request, ann, now))
        .unwrap();
    assert_eq!(theirs, Collected::Pending);
    assert_eq!(waiting.scene.events("key-refused"), 1);
    // A ceremony that was offered to the wrong login is still good for its own, once.
    let number = waiting.number();
    let fields = [
        ("number", number.as_str()),
        ("ceremony", ceremony.as_str()),
        ("credential", credential.as_str()),
    ];
    let done = waiting.press(&first, "approve", &fields).await;
    assert!(
        waiting
            .browser
            .get(&done.location())
            .await
            .body
            .contains("Login approved")
    );
}

#[tokio::test]
async fn nobody_else_sees_it_and_no_other_site_can_press_the_buttons() {
    let waiting = waiting("id").await;
    let nobody = waiting.scene.browser();
    let sent = nobody.get(&waiting.address()).await;
    assert!(sent.location().starts_with("/sign-in?flow="), "{}", sent.location());
    // Signed in, the person is back where they wanted to be.
    waiting.scene.test.clock.advance(30);
    let asks = nobody.press(&sent.location(), "name", &[("username", "ann")]).await;
    let asks = nobody
        .press(&asks.location(), "password", &[("password", crate::scene::PASSWORD)])
        .await;
    let asks = nobody.press(&asks.location(), "choose-totp", &[]).await;
    let back = nobody
        .press(&asks.location(), "code", &[("code", &waiting.scene.code())])
        .await;
    assert_eq!(back.location(), waiting.address());
    let nobody = waiting.scene.browser();
    let page = waiting.browser.get(&waiting.address()).await;
    let (csrf, approval) = (page.field("csrf"), page.field("approval"));
    for path in ["/approve", "/approve/options"] {
        for (browser, csrf) in [(&nobody, csrf.as_str()), (&waiting.browser, "x")] {
            let fields = [("csrf", csrf), ("approval", approval.as_str()), ("action", "deny")];
            let refused = browser.post(path, &fields).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    assert_eq!(waiting.collect(), Collected::Pending);

    waiting.scene.test.account("bob", crate::scene::PASSWORD).unwrap();
    let unknown = waiting.browser.get("/approve?code=BCDF-GHJK").await;
    assert!(unknown.body.contains("No login of yours"), "{}", unknown.body);
}

#[tokio::test]
async fn what_is_over_says_so() {
    let mut waiting = waiting("id").await;
    waiting.scene.test.clock.advance(90);
    let page = waiting.browser.get(&waiting.address()).await;
    assert!(page.body.contains("Its time ran out"), "{}", page.body);
    let (opened, request) = open(&waiting.scene, "203.0.113.10", "id");
    waiting.opened = opened;
    waiting.request = request;
    let now = waiting.scene.now();
    let store = &waiting.scene.test.realm.store;
    let why = approvals::Cancelling::GaveUp;
    assert!(store.write(|tx| approvals::cancel(tx, request, why, now)).unwrap());
    let page = waiting.browser.get(&waiting.address()).await;
    assert!(page.body.contains("The login went away"), "{}", page.body);
}
