//! Security e-mail on the pages: bound there (R58 to R61), for an emergency (Q4, M19), and "this was not me".

use crate::browser::{Browser, Page};
use crate::post_office::{after, link};
use crate::scene::{CALLBACK, PASSWORD, STRICT, Scene};
use axum::http::StatusCode;
use samekey_shared::roles::Role;

/// An e-mailed code suffices.
const MEDIUM: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"medium\"\ngrace = \"0s\"\n\
    methods = [\"totp\", \"email\", \"recovery-code\"]\n[settings]\ncontact = \"help@example.org\"\n";

const ADDRESS: &str = "ann@mail.example";

/// Ann, signed in with password and code a moment ago.
async fn signed_in(policy: &str) -> (Scene, Browser) {
    let scene = Scene::with_letters(policy);
    let browser = scene.browser();
    scene.sign_in(&browser, "/login").await;
    scene.letters();
    (scene, browser)
}

async fn submit(browser: &Browser, action: &str, field: &str, value: &str) -> Page {
    let csrf = browser.get("/security/email").await.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("action", action), (field, value)];
    browser.post("/security/email", &fields).await
}

/// The code in the only letter that is due.
fn code(scene: &Scene) -> String {
    after(&scene.letter(), "Your code: ")
}

async fn bound(policy: &str) -> (Scene, Browser) {
    let (scene, browser) = signed_in(policy).await;
    submit(&browser, "send", "address", ADDRESS).await;
    let done = submit(&browser, "finish", "code", &code(&scene)).await;
    assert_eq!(done.location(), "/security/email?done=bound");
    scene.letters();
    (scene, browser)
}

#[tokio::test]
async fn an_address_is_bound_on_the_page_and_never_told_to_applications() {
    let (scene, browser) = signed_in(STRICT).await;
    let list = browser.get("/security").await;
    assert!(list.body.contains("href=\"/security/email\"") && list.body.contains("for reference only"));
    assert_eq!(
        submit(&browser, "send", "address", "Ann@MAIL.example").await.location(),
        "/security/email?done=sent"
    );
    let page = browser.get("/security/email?done=sent").await;
    assert!(
        page.body
            .contains("We sent a code to A…@m….example. It is valid for 10 minutes."),
        "{}",
        page.body
    );
    let letter = scene.letter();
    assert!(
        letter.contains("To: Ann@mail.example") && !letter.contains("/not-me"),
        "{letter}"
    );
    let code = after(&letter, "Your code: ");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused = submit(&browser, "finish", "code", wrong).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("code_wrong"), "{}", refused.body);
    assert_eq!(
        submit(&browser, "finish", "code", &code).await.location(),
        "/security/email?done=bound"
    );
    // M20, with time, place and link.
    let letter = scene.letter();
    assert!(
        letter.contains("A Security e-mail named email was bound to your account."),
        "{letter}"
    );
    assert!(
        letter.contains("from 192.0.2.7") && letter.contains("/not-me?link=") && letter.contains("help@example.org")
    );
    let list = browser.get("/security").await;
    assert!(
        list.body.contains("Security e-mail") && list.body.contains(">email<"),
        "{}",
        list.body
    );
    assert!(browser.get("/security/email").await.body.contains("Ann@mail.example"));
    let account = scene
        .test
        .realm
        .store
        .read(|tx| samekey_shared::accounts::rows::by_id(tx, scene.ann));
    assert_eq!(
        account.unwrap().unwrap().email,
        None,
        "the profile, and with it every token, knows nothing of it (R60)"
    );
}

#[tokio::test]
async fn bad_input_is_answered_with_a_sentence_and_changes_nothing() {
    let (scene, browser) = signed_in(STRICT).await;
    let long = "a".repeat(300);
    for address in [
        "",
        "ann",
        "ann@localhost",
        "<b>@example.org",
        "ann@mail.example, eve@evil.example",
        long.as_str(),
    ] {
        let page = submit(&browser, "send", "address", address).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{address}");
        assert!(
            page.body.contains("name_invalid") && !page.body.contains("<b>@"),
            "{address}: {}",
            page.body
        );
    }
    assert!(scene.letters().is_empty());
    for (action, name, code) in [("finish", "code", "code_expired"), ("again", "x", "code_expired")] {
        assert!(
            submit(&browser, action, name, "123456").await.body.contains(code),
            "{action}"
        );
    }
    assert_eq!(
        submit(&browser, "nonsense", "x", "").await.status,
        StatusCode::BAD_REQUEST
    );
    // Without a form token, from another site, from a session that is over.
    let fields = [("action", "send"), ("address", ADDRESS)];
    assert_eq!(
        browser.post("/security/email", &fields).await.status,
        StatusCode::FORBIDDEN
    );
    let csrf = browser.get("/security/email").await.field("csrf");
    let stranger = scene.browser();
    let fields = [("csrf", csrf.as_str()), ("action", "send"), ("address", ADDRESS)];
    assert_eq!(
        stranger.post("/security/email", &fields).await.status,
        StatusCode::FORBIDDEN
    );
    // Asked for again too soon, and an old proof.
    submit(&browser, "send", "address", ADDRESS).await;
    assert!(
        submit(&browser, "send", "address", ADDRESS)
            .await
            .body
            .contains("too_many_attempts")
    );
    assert_eq!(scene.letters().len(), 1);
    scene.test.clock.advance(601);
    let late = browser.post("/security/email", &fields).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN, "changes need a fresh proof (R43)");
    assert_eq!(scene.events("device-bound"), 1, "the app alone");
}

#[tokio::test]
async fn in_an_emergency_a_code_lets_in_and_leads_to_ones_devices() {
    let (scene, _) = bound(MEDIUM).await;
    scene.test.clock.advance(60);
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    let page = browser.get(&asks.location()).await;
    assert!(
        page.body.contains("I can&#39;t use my device") || page.body.contains("I can't use my device"),
        "{}",
        page.body
    );
    let sent = browser.press(&asks.location(), "choose-email", &[]).await;
    let page = browser.get(&sent.location()).await;
    assert!(
        page.body.contains("a…@m….example") && page.body.contains("Send another code"),
        "{}",
        page.body
    );
    let code = code(&scene);
    let done = browser.press(&sent.location(), "code", &[("code", &code)]).await;
    assert_eq!(done.location(), "/security?done=emergency");
    let page = browser.get("/security?done=emergency").await;
    assert!(
        page.body
            .contains("Signed in with an e-mail code. Check your devices now."),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("id=\"confirm-it-is-you\""),
        "looking yes, changing no: it proved too little"
    );
    let letters = scene.letters();
    assert!(
        letters.iter().any(|letter| letter.contains("in the place of a device")),
        "{letters:?}"
    );
}

#[tokio::test]
async fn on_the_way_to_an_application_the_person_is_told_first() {
    let (scene, _) = bound(MEDIUM).await;
    scene.test.clock.advance(60);
    let browser = scene.browser();
    let asks = scene.with_password(&browser, &scene.wiki().request(&[])).await;
    let sent = browser.press(&asks.location(), "choose-email", &[]).await;
    let told = browser
        .press(&sent.location(), "code", &[("code", &code(&scene))])
        .await;
    let page = browser.get(&told.location()).await;
    assert!(
        page.body.contains("id=\"emergency\"") && page.body.contains("href=\"/security\""),
        "{}",
        page.body
    );
    let went = browser.press(&told.location(), "go-on", &[]).await;
    assert!(
        went.location().starts_with(CALLBACK) && went.returned("code").is_some(),
        "{}",
        went.location()
    );
}

#[tokio::test]
async fn where_it_proves_too_little_it_is_not_offered() {
    let (scene, _) = bound(STRICT).await;
    scene.test.clock.advance(60);
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    let page = browser.get(&asks.location()).await;
    assert!(
        !page.body.contains("choose-email") && page.body.contains("help@example.org"),
        "{}",
        page.body
    );
    browser.press(&asks.location(), "choose-email", &[]).await;
    assert!(scene.letters().is_empty());
}

#[tokio::test]
async fn whoever_it_was_not_signs_out_everywhere_and_holds_changes() {
    let scene = Scene::with_letters(STRICT);
    let boss = scene.test.account("boss", PASSWORD).unwrap();
    let store = &scene.test.realm.store;
    store
        .write(|tx| {
            samekey_shared::accounts::rows::set_role(tx, boss, Role::Owner)?;
            let sql = "UPDATE accounts SET email = $1 WHERE id = $2";
            tx.execute(sql, samekey_shared::params!["boss@mail.example", boss])?;
            tx.execute(sql, samekey_shared::params![ADDRESS, scene.ann])?;
            Ok::<_, samekey_shared::accounts::AccountError>(())
        })
        .unwrap();
    let browser = scene.browser();
    scene.sign_in(&browser, "/login").await;
    submit(&browser, "send", "address", "new@mail.example").await;
    let letters = scene.letters();
    let proof = letters.iter().find(|letter| letter.contains("Your code: ")).unwrap();
    submit(&browser, "finish", "code", &after(proof, "Your code: ")).await;
    let letters = scene.letters();
    let bound = letters
        .iter()
        .find(|letter| letter.contains(&format!("To: {ADDRESS}")))
        .unwrap();
    let path = link(bound, "/not-me");
    let mailbox = scene.browser();
    let page = mailbox.get(&path).await;
    assert!(
        page.body.contains("This was not me: sign out everywhere"),
        "{}",
        page.body
    );
    mailbox.get(&path).await;
    assert_eq!(
        browser.get("/security").await.status,
        StatusCode::OK,
        "looking ends nothing"
    );
    let fields = [("csrf", page.field("csrf")), ("link", page.field("link"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        mailbox.post("/not-me", &fields[1..]).await.status,
        StatusCode::FORBIDDEN
    );
    let done = mailbox.post("/not-me", &fields).await;
    assert!(
        done.status == StatusCode::OK && done.body.contains("Everything was signed out"),
        "{}",
        done.body
    );
    assert_eq!(
        browser.get("/security").await.status,
        StatusCode::SEE_OTHER,
        "signed out"
    );
    let again = mailbox.post("/not-me", &fields).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "once");
    assert_eq!(
        mailbox.get("/not-me?link=nonsense").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(scene.events("objection-made"), 1);
    let letters = scene.letters();
    assert!(
        letters
            .iter()
            .any(|letter| letter.contains("To: boss@mail.example") && letter.contains("ann says"))
    );
    assert!(letters.iter().any(|letter| letter.contains(&format!("To: {ADDRESS}"))));
    // Signing in goes on; changing does not, whatever is proven, but with a key of before.
    scene.test.clock.advance(30);
    let later = scene.browser();
    scene.sign_in(&later, "/login").await;
    assert!(later.get("/security").await.body.contains("id=\"read-only\""));
    let refused = later.get("/security/email").await;
    assert!(refused.body.contains("changes_held"), "{}", refused.body);
    let release = store.write(|tx| samekey_shared::objections::release(tx, scene.ann));
    assert!(release.unwrap());
    assert!(!later.get("/security").await.body.contains("id=\"read-only\""));
}

#[tokio::test]
async fn an_address_set_by_an_administrator_waits_for_its_person() {
    let scene = Scene::with_letters(STRICT);
    let ann = "ann".parse().unwrap();
    scene.test.as_root(|desk| desk.set_email(&ann, ADDRESS)).unwrap();
    let path = link(&scene.letter(), "/security/email/confirm");
    // Whoever is not signed in is, and then comes back.
    let browser = scene.browser();
    let done = scene.sign_in(&browser, &path).await;
    assert_eq!(done.location(), path);
    let page = browser.get(&path).await;
    assert!(
        page.body.contains(ADDRESS) && page.body.contains("id=\"confirm-email\""),
        "{}",
        page.body
    );
    let (csrf, link) = (page.field("csrf"), page.field("link"));
    let fields = [("csrf", csrf.as_str()), ("link", link.as_str())];
    let done = browser.post("/security/email/confirm", &fields).await;
    assert_eq!(done.location(), "/security?done=email-bound");
    let again = browser.post("/security/email/confirm", &fields).await;
    assert!(again.body.contains("limit_reached"), "{}", again.body);
}
