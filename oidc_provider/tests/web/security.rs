//! Security Information: what is bound, binding more, unbinding; changes need a fresh proof.

use crate::browser::{Browser, Page};
use crate::keys::{KEYS, asked, create, posted, registered};
use crate::scene::{LAX, PASSWORD, Scene};
use axum::http::StatusCode;
use samekey_shared::testing::soft_authenticator::web_client_data;
use samekey_shared::testing::{ORIGIN, SoftAuthenticator};
use serde_json::json;

/// Ann, signed in with password and code a moment ago.
pub async fn signed_in(policy: &str) -> (Scene, Browser) {
    let scene = Scene::with("", policy);
    let browser = scene.browser();
    scene.sign_in(&browser, "/login").await;
    (scene, browser)
}

/// Bob, who has a password and nothing else.
pub async fn newcomer(scene: &Scene) -> Browser {
    scene.test.account("bob", PASSWORD).unwrap();
    let browser = scene.browser();
    let first = browser.get("/login").await;
    let asks = browser.press(&first.location(), "name", &[("username", "bob")]).await;
    browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    browser
}

#[tokio::test]
async fn a_passkey_is_bound_listed_and_signs_in() {
    let (scene, browser) = signed_in(KEYS).await;
    let page = browser.get("/security").await;
    assert!(
        page.body.contains("value=\"Passkey\"") && page.body.contains("value=\"Security-Key\""),
        "{}",
        page.body
    );
    assert!(page.body.contains("phone") && page.body.contains("Authenticator app"));
    let options = browser.binding("passkey", "laptop", &[]).await.json();
    let public = &options["publicKey"];
    assert_eq!(public["attestation"], "none");
    assert_eq!(public["hints"], json!(["client-device", "hybrid"]));
    assert_eq!(public["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(public["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(
        public["extensions"]["credentialProtectionPolicy"],
        "userVerificationOptionalWithCredentialIDList"
    );
    let mut key = SoftAuthenticator::new();
    let done = browser.bind(&options, &registered(&create(&mut key, &options))).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(done.body.contains("MFA device is added") && done.body.contains("laptop"));
    let list = browser.get("/security").await;
    assert!(
        list.body.contains("laptop")
            && list.body.contains("Never used yet")
            && list.body.contains("on this device only")
    );
    assert!(list.body.contains("allAcceptedCredentialIds") && list.body.contains("displayName"));
    assert!(list.body.contains("value=\"Passkey\""), "the suggestion is free");
    assert_eq!(scene.events("device-bound"), 2);
    let other = scene.browser();
    let address = other.get("/login").await.location();
    assert_eq!(other.touch(&address, "passkey", &mut key).await.location(), "/");
    let list = other.get("/security").await;
    assert!(
        list.body.contains("on the web (sign-in), from 192.0.2.7"),
        "{}",
        list.body
    );
    // The same authenticator is not bound twice.
    let options = other.binding("security-key", "again", &[]).await.json();
    assert_eq!(options["publicKey"]["excludeCredentials"].as_array().unwrap().len(), 1);
    assert_eq!(
        options["publicKey"]["authenticatorSelection"]["authenticatorAttachment"],
        "cross-platform"
    );
    assert_eq!(options["publicKey"]["hints"], json!(["security-key"]));
}

#[tokio::test]
async fn a_key_that_is_only_touched_is_a_second_factor() {
    let (scene, browser) = signed_in(KEYS).await;
    let mut key = SoftAuthenticator::touch_only();
    let done = browser.bind_new(&mut key, "security-key", "blue").await;
    assert!(
        done.body.contains("a second factor after your password"),
        "{}",
        done.body
    );
    let other = scene.browser();
    let asks = scene.with_password(&other, "/login").await;
    assert_eq!(other.touch(&asks.location(), "key", &mut key).await.location(), "/");
    // As a passkey it would have had to check its person.
    let refused = browser
        .bind_new(&mut SoftAuthenticator::touch_only(), "passkey", "red")
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(scene.results("key-refused"), ["user_verification_missing"]);
}

#[tokio::test]
async fn the_first_device_needs_the_password_of_just_now_and_brings_recovery_codes() {
    let scene = Scene::with("", &LAX.replace("\"totp\"", "\"passkey\", \"totp\""));
    let browser = newcomer(&scene).await;
    scene.test.clock.advance(601);
    assert!(browser.get("/security").await.body.contains("id=\"confirm-it-is-you\""));
    assert_eq!(
        browser.binding("passkey", "laptop", &[]).await.status,
        StatusCode::CONFLICT
    );
    let again = confirm(&browser).await;
    let back = browser
        .press(&again.location(), "password", &[("password", PASSWORD)])
        .await;
    assert_eq!(back.location(), "/security?done=confirmed");
    let mut key = SoftAuthenticator::new();
    let done = browser.bind_new(&mut key, "passkey", "laptop").await;
    assert_eq!(done.body.matches("<li><code>").count(), 10, "{}", done.body);
    // From now on there is something to prove with.
    assert_eq!(
        browser.binding("passkey", "phone", &[]).await.status,
        StatusCode::CONFLICT
    );
    let again = confirm(&browser).await;
    browser.touch(&again.location(), "key", &mut key).await;
    let next = browser
        .bind_new(&mut SoftAuthenticator::new(), "passkey", "phone")
        .await;
    assert_eq!(next.status, StatusCode::OK);
    assert_eq!(next.body.matches("<li><code>").count(), 0, "they are shown once");
}

async fn confirm(browser: &Browser) -> Page {
    let csrf = browser.get("/security").await.field("csrf");
    browser.post("/security/confirm", &[("csrf", &csrf)]).await
}

#[tokio::test]
async fn changes_need_a_proof_of_the_last_ten_minutes() {
    let (scene, browser) = signed_in(KEYS).await;
    let mut key = SoftAuthenticator::new();
    browser.bind_new(&mut key, "passkey", "laptop").await;
    scene.test.clock.advance(601);
    let page = browser.get("/security").await;
    assert!(
        page.body.contains("laptop") && page.body.contains("id=\"confirm-it-is-you\""),
        "looking goes on"
    );
    assert!(!page.body.contains("id=\"create-passkey\"") && !page.body.contains("/security/unbind"));
    let refused = browser.bind(&json!({}), "{}").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("confirmation_required"));
    let session = browser.cookies()["__Host-samekey-session"].clone();
    // The passkey takes the password's place here too.
    let asks = confirm(&browser).await;
    assert!(
        !browser
            .get(&asks.location())
            .await
            .body
            .contains("Use another user name")
    );
    let back = browser.touch(&asks.location(), "passkey", &mut key).await;
    assert_eq!(back.location(), "/security?done=confirmed");
    assert_ne!(
        browser.cookies()["__Host-samekey-session"],
        session,
        "another proof is another session"
    );
    assert!(browser.get("/security").await.body.contains("id=\"create-passkey\""));
    assert_eq!(scene.events("step-up-granted"), 1);
    // Giving up changes nothing.
    scene.test.clock.advance(601);
    let asks = confirm(&browser).await;
    assert_eq!(
        browser.press(&asks.location(), "cancel", &[]).await.location(),
        "/security"
    );
    assert!(browser.get("/security").await.body.contains("id=\"confirm-it-is-you\""));
}

#[tokio::test]
async fn nobody_confirms_with_somebody_elses_passkey() {
    let (scene, browser) = signed_in(KEYS).await;
    let mut anns = SoftAuthenticator::new();
    browser.bind_new(&mut anns, "passkey", "laptop").await;
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    let mut bobs = SoftAuthenticator::new();
    scene.test.bind_key(bob, &mut bobs, "key").unwrap();
    scene.test.clock.advance(601);
    let asks = confirm(&browser).await;
    let page = browser.get(&asks.location()).await;
    let mut ask = asked(&browser.options(&page).await.json());
    ask.allow.clear();
    let credential = posted(&bobs.answer(&ask, ORIGIN).unwrap());
    browser.answer(&page, "passkey", &credential).await;
    assert_eq!(scene.results("key-refused"), ["key_of_other_account"]);
    assert!(browser.get("/security").await.body.contains("id=\"confirm-it-is-you\""));
}

/// R66, M06, R69.
#[tokio::test]
async fn eight_keys_are_the_most_and_names_follow_the_rule() {
    let (scene, browser) = signed_in(KEYS).await;
    for n in 1..=8 {
        let done = browser
            .bind_new(&mut SoftAuthenticator::new(), "passkey", &format!("key-{n}"))
            .await;
        assert_eq!(done.status, StatusCode::OK, "{n}: {}", done.body);
        if n == 1 {
            for (name, code) in [
                ("KEY-1", "name_taken"),
                ("my key", "name_invalid"),
                ("", "name_invalid"),
                ("<b>", "name_invalid"),
            ] {
                let refused = browser.binding("passkey", name, &[]).await;
                assert_eq!(refused.status, StatusCode::CONFLICT);
                assert_eq!(refused.json()["error"], code, "{name}");
            }
        }
    }
    let page = browser.get("/security").await;
    assert!(page.body.contains("the most allowed. Unbind one first.") && !page.body.contains("id=\"create-passkey\""));
    let ninth = browser.binding("security-key", "ninth", &[]).await;
    assert_eq!(ninth.json()["error"], "limit_reached");
    assert_eq!(scene.events("device-bound"), 9, "eight keys and the app");
}

#[tokio::test]
async fn of_two_at_once_for_the_last_place_one_wins() {
    let (scene, browser) = signed_in(KEYS).await;
    for n in 1..=7 {
        scene
            .test
            .bind_key(scene.ann, &mut SoftAuthenticator::new(), &format!("key-{n}"))
            .unwrap();
    }
    let (mut one, mut two) = (SoftAuthenticator::new(), SoftAuthenticator::new());
    let first = browser.binding("passkey", "one", &[]).await.json();
    let second = browser.binding("passkey", "two", &[]).await.json();
    let won = browser.bind(&first, &registered(&create(&mut one, &first))).await;
    let lost = browser.bind(&second, &registered(&create(&mut two, &second))).await;
    assert_eq!((won.status, lost.status), (StatusCode::OK, StatusCode::CONFLICT));
    assert!(lost.body.contains("limit_reached"));
}

/// Oidc.md row 29: a challenge of binding is good once, for this session and for binding.
#[tokio::test]
async fn a_registration_counts_once_and_only_where_it_was_begun() {
    let (scene, browser) = signed_in(KEYS).await;
    let options = browser.binding("passkey", "laptop", &[]).await.json();
    let mut key = SoftAuthenticator::new();
    let credential = registered(&create(&mut key, &options));
    // Another session of the same person.
    scene.test.clock.advance(30);
    let other = scene.browser();
    scene.sign_in(&other, "/login").await;
    assert!(
        other
            .bind(&options, &credential)
            .await
            .body
            .contains("key_challenge_spent")
    );
    assert_eq!(browser.bind(&options, &credential).await.status, StatusCode::OK);
    assert!(
        browser
            .bind(&options, &credential)
            .await
            .body
            .contains("key_challenge_spent")
    );
    // A challenge of sign-in.
    let login = scene.browser();
    let address = login.get("/login").await.location();
    let page = login.get(&address).await;
    let ask = asked(&login.options(&page).await.json());
    let mut stolen = browser.binding("passkey", "tablet", &[]).await.json();
    let data = web_client_data("webauthn.create", &ask.challenge, ORIGIN);
    let made = SoftAuthenticator::new()
        .create("example.org", &scene.ann.to_bytes(), data)
        .unwrap();
    let refused = browser.bind(&stolen, &registered(&made)).await;
    assert!(refused.body.contains("key_wrong_challenge"), "{}", refused.body);
    stolen["ceremony"] = json!("0".repeat(32));
    assert!(
        browser
            .bind(&stolen, &credential)
            .await
            .body
            .contains("key_challenge_spent")
    );
    // A credential that is bound already.
    assert_eq!(scene.events("device-bound"), 2);
    assert_eq!(scene.events("key-refused"), 4);
}

#[tokio::test]
async fn a_registration_of_another_place_is_refused() {
    let (scene, browser) = signed_in(KEYS).await;
    for (origin, rp_id, code) in [
        ("https://evil.example", "example.org", "key_wrong_origin"),
        (ORIGIN, "evil.example", "key_wrong_rp_id"),
    ] {
        let options = browser.binding("passkey", "laptop", &[]).await.json();
        let challenge = options["publicKey"]["challenge"].as_str().unwrap();
        let challenge = data_encoding::BASE64URL_NOPAD.decode(challenge.as_bytes()).unwrap();
        let data = web_client_data("webauthn.create", &challenge, origin);
        let made = SoftAuthenticator::new()
            .create(rp_id, &scene.ann.to_bytes(), data)
            .unwrap();
        let refused = browser.bind(&options, &registered(&made)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.body.contains(code), "{}", refused.body);
    }
    assert_eq!(scene.results("key-refused"), ["key_wrong_origin", "key_wrong_rp_id"]);
}

#[tokio::test]
async fn what_went_wrong_in_the_browser_is_told() {
    let (_scene, browser) = signed_in(KEYS).await;
    for (word, code) in [
        ("cancelled", "key_cancelled"),
        ("already-bound", "device_exists"),
        ("wrong-address", "key_wrong_origin"),
        ("unverifiable", "user_verification_missing"),
        ("<script>", "key_broken"),
    ] {
        let csrf = browser.get("/security").await.field("csrf");
        let fields = [
            ("csrf", &*csrf),
            ("kind", "passkey"),
            ("name", "laptop"),
            ("trouble", word),
        ];
        let page = browser.post("/security/keys", &fields).await;
        assert!(
            page.body.contains(code) && !page.body.contains("<script>"),
            "{word}: {}",
            page.body
        );
    }
}

/// R78, R85.
#[tokio::test]
async fn unbinding_takes_a_typed_yes_and_never_the_last_device() {
    let (scene, browser) = signed_in(KEYS).await;
    browser
        .bind_new(&mut SoftAuthenticator::new(), "passkey", "laptop")
        .await;
    let list = browser.get("/security").await.body;
    let ids: Vec<String> = list
        .match_indices("data-device=\"")
        .map(|(at, marker)| list[at + marker.len()..].split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 3, "passkey, app, recovery codes: {list}");
    let page = browser.get(&format!("/security/unbind?device={}", ids[0])).await;
    assert!(page.body.contains("Type YES to unbind laptop."), "{}", page.body);
    let csrf = page.field("csrf");
    let unbind = |device: &str, typed: &str| {
        let fields = [
            ("csrf", csrf.clone()),
            ("device", device.to_owned()),
            ("confirmation", typed.to_owned()),
        ];
        let browser = &browser;
        async move {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.post("/security/unbind", &fields).await
        }
    };
    assert!(unbind(&ids[0], "no").await.body.contains("confirmation_required"));
    assert_eq!(unbind(&ids[0], "yes").await.location(), "/security?done=unbound");
    assert_eq!(scene.events("device-unbound"), 1);
    let app = ids[1].clone();
    let kept = unbind(&app, "YES").await;
    assert!(
        kept.body.contains("last_device") && kept.body.contains("help@example.org"),
        "{}",
        kept.body
    );
    // What is not one's own, or not there, is nothing.
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    let bobs = scene.test.bind_key(bob, &mut SoftAuthenticator::new(), "key").unwrap();
    for stranger in [bobs.id.to_string(), "0".repeat(32), "x".to_owned()] {
        let told = unbind(&stranger, "YES").await;
        assert_eq!(told.status, StatusCode::NOT_FOUND);
        assert!(told.body.contains("<code>not_found</code>"), "{}", told.body);
    }
    assert_eq!(scene.events("device-unbound"), 1);
}

#[tokio::test]
async fn where_people_may_not_manage_their_devices_the_page_is_for_reading() {
    let (_scene, browser) = signed_in(&format!("{KEYS}self-service = \"none\"\n")).await;
    let page = browser.get("/security").await;
    assert!(
        page.body
            .contains("You cannot change this yourself. Ask help@example.org."),
        "{}",
        page.body
    );
    assert!(!page.body.contains("id=\"create-passkey\"") && !page.body.contains("/security/unbind"));
    // The form token of another page of the same session, since this one has no form.
    let refused = browser.post("/security/keys", &[("csrf", "x")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nobody_is_sent_to_sign_in_and_comes_back() {
    let scene = Scene::with("", KEYS);
    let browser = scene.browser();
    let first = browser.get("/security").await;
    assert!(first.location().starts_with("/sign-in?flow="));
    let asks = browser.press(&first.location(), "name", &[("username", "ann")]).await;
    let asks = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    let back = browser
        .press(&asks.location(), "code", &[("code", &scene.code())])
        .await;
    assert_eq!(back.location(), "/security");
}

#[tokio::test]
async fn forms_need_the_token_of_this_session() {
    let (scene, browser) = signed_in(KEYS).await;
    let csrf = browser.get("/security").await.field("csrf");
    scene.test.clock.advance(30);
    let other = scene.browser();
    scene.sign_in(&other, "/login").await;
    for path in [
        "/security/confirm",
        "/security/keys",
        "/security/keys/options",
        "/security/unbind",
    ] {
        for token in ["", "x", &csrf] {
            assert_eq!(
                other.post(path, &[("csrf", token)]).await.status,
                StatusCode::FORBIDDEN,
                "{path}"
            );
        }
    }
    let elsewhere = axum::http::Request::post("/security/keys/options")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    let body = format!("csrf={csrf}&kind=passkey&name=x");
    assert_eq!(browser.send(elsewhere, body.into()).await.status, StatusCode::FORBIDDEN);
}
