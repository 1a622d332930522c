//! Signing in with passkeys and security keys: alone, among the suggestions of the name's field, and as second factor.

use crate::browser::{Browser, Page};
use crate::keys::{KEYS, asked, posted};
use crate::relying_party::claims;
use crate::scene::{ISSUER, PASSWORD, Scene};
use axum::http::StatusCode;
use samekey_shared::methods::fido::Assertion;
use samekey_shared::testing::soft_authenticator::{Algorithm, BE, BS, Draft, Habits, UP, UV, web_client_data};
use samekey_shared::testing::{ORIGIN, SoftAuthenticator};
use serde_json::{Value, json};

async fn told(scene: &Scene, back: &Page) -> Value {
    let code = back
        .returned("code")
        .unwrap_or_else(|| panic!("no code: {}", back.location()));
    let tokens = scene.wiki().redeem(&code, &[]).await.json();
    claims(tokens["id_token"].as_str().unwrap())
}

/// Ann, a provider that takes every method, and a key of hers.
fn with_key(mut key: SoftAuthenticator) -> (Scene, SoftAuthenticator) {
    let scene = Scene::with("", KEYS);
    scene.test.bind_key(scene.ann, &mut key, "key").unwrap();
    (scene, key)
}

async fn first_page(browser: &Browser, address: &str) -> String {
    browser.get(address).await.location()
}

#[tokio::test]
async fn a_passkey_alone_signs_in_without_a_name() {
    let (scene, mut key) = with_key(SoftAuthenticator::new());
    let browser = scene.browser();
    let address = first_page(&browser, &scene.wiki().request(&[])).await;
    let back = browser.touch(&address, "passkey", &mut key).await;
    let claims = told(&scene, &back).await;
    assert_eq!(claims["acr"], "phr");
    assert_eq!(claims["amr"], json!(["pop", "user", "mfa"]));
    assert_eq!(claims["sub"], scene.ann.to_string());
    assert_eq!(claims["auth_time"], scene.now());
    // The session is a passkey's, and suffices for what asks for as much.
    let again = browser
        .get(&scene.wiki().request(&[("acr_values", "phr"), ("prompt", "none")]))
        .await;
    assert_eq!(told(&scene, &again).await["amr"], json!(["pop", "user", "mfa"]));
    // This browser is offered the passkey first from now on; that cookie decides nothing.
    assert_eq!(
        browser.cookies().get("__Host-samekey-last").map(String::as_str),
        Some("passkey")
    );
}

/// R48: the browser is told what kinds this person has, the oldest first; alone, where nobody is named, nothing.
#[tokio::test]
async fn hints_follow_what_is_bound() {
    let scene = Scene::with("", KEYS);
    let bind = |name: &str, transports: &[&str]| {
        let mut made = SoftAuthenticator::new()
            .make("example.org", &scene.ann.to_bytes())
            .unwrap();
        made.transports = transports.iter().map(ToString::to_string).collect();
        scene.test.bind_made(scene.ann, &made, name).unwrap();
        scene.test.clock.advance(1);
    };
    for (name, transports, hints) in [
        ("stick", &["usb", "nfc"][..], json!(["security-key"])),
        ("laptop", &["internal"], json!(["security-key", "client-device"])),
        (
            "pixel",
            &["hybrid", "internal"],
            json!(["security-key", "client-device", "hybrid"]),
        ),
    ] {
        bind(name, transports);
        let browser = scene.browser();
        let asks = scene.with_password(&browser, "/login").await;
        let options = browser.options(&browser.get(&asks.location()).await).await.json();
        assert_eq!(options["publicKey"]["hints"], hints, "{name}");
    }
    let browser = scene.browser();
    let address = first_page(&browser, "/login").await;
    let options = browser.options(&browser.get(&address).await).await.json();
    assert_eq!(options["publicKey"]["hints"], json!([]), "it tells nothing of anybody");
}

#[tokio::test]
async fn the_claims_say_synced_and_hardware_only_where_it_is_known() {
    for (habits, amr, acr) in [
        (
            Habits {
                synced: true,
                ..Habits::default()
            },
            json!(["swk", "user", "mfa"]),
            "phr",
        ),
        (
            Habits {
                attested: true,
                ..Habits::default()
            },
            json!(["hwk", "user", "mfa"]),
            "phrh",
        ),
    ] {
        let (scene, mut key) = with_key(SoftAuthenticator::with(habits));
        let browser = scene.browser();
        let address = first_page(&browser, &scene.wiki().request(&[])).await;
        let claims = told(&scene, &browser.touch(&address, "passkey", &mut key).await).await;
        assert_eq!((&claims["amr"], &claims["acr"]), (&amr, &json!(acr)));
    }
}

#[tokio::test]
async fn both_buttons_stand_on_both_pages_for_any_name() {
    let (scene, _) = with_key(SoftAuthenticator::new());
    for name in ["ann", "nobody-of-this-name"] {
        let browser = scene.browser();
        let address = first_page(&browser, "/login").await;
        let page = browser.get(&address).await;
        assert!(
            page.body.contains("autocomplete=\"username webauthn\""),
            "{}",
            page.body
        );
        let next = browser.press(&address, "name", &[("username", name)]).await;
        let password = browser.get(&next.location()).await;
        for page in [&page, &password] {
            assert!(page.body.contains("id=\"with-passkey\"") && page.body.contains("id=\"with-password\""));
            assert!(page.body.contains("Log on with Passkey"), "{}", page.body);
            // No dead button: the script uncovers it, and without scripts a sentence stands there (R14).
            assert!(page.body.contains("formnovalidate hidden") && page.body.contains("<noscript>"));
            let policy = page.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("script-src 'self'; connect-src 'self';"), "{policy}");
        }
        assert!(password.body.contains("Log on with Password"));
    }
}

#[tokio::test]
async fn a_passkey_takes_the_passwords_place_after_the_name_too() {
    let (scene, mut key) = with_key(SoftAuthenticator::new());
    let browser = scene.browser();
    let address = first_page(&browser, "/login").await;
    let next = browser.press(&address, "name", &[("username", "ann")]).await;
    let back = browser.touch(&next.location(), "passkey", &mut key).await;
    assert_eq!(back.location(), "/");
    assert!(browser.get("/").await.body.contains("ann"));
}

#[tokio::test]
async fn a_touch_after_the_password_is_the_second_factor() {
    let (scene, mut key) = with_key(SoftAuthenticator::touch_only());
    let browser = scene.browser();
    let asks = scene.with_password(&browser, &scene.wiki().request(&[])).await;
    let page = browser.get(&asks.location()).await;
    assert!(page.body.contains("id=\"use-key\"") && page.body.contains("Insert your security key and touch it."));
    assert!(
        page.body.contains("value=\"choose-totp\""),
        "the other ways stand below"
    );
    let options = browser.options(&page).await.json();
    assert_eq!(options["publicKey"]["userVerification"], "discouraged");
    assert_eq!(
        options["publicKey"]["allowCredentials"][0]["transports"],
        json!(["usb"])
    );
    let back = browser.touch(&asks.location(), "key", &mut key).await;
    let claims = told(&scene, &back).await;
    assert_eq!(claims["acr"], "phr");
    assert_eq!(claims["amr"], json!(["pwd", "pop", "mfa"]));
}

#[tokio::test]
async fn without_user_verification_a_key_is_no_passkey() {
    let (scene, mut key) = with_key(SoftAuthenticator::new());
    let browser = scene.browser();
    let address = first_page(&browser, "/login").await;
    let back = bent(&browser, &address, "passkey", &mut key, |draft| draft.flags &= !UV).await;
    let page = browser.get(&back.location()).await;
    assert!(page.body.contains("did not check your PIN"), "{}", page.body);
    assert_eq!(scene.results("key-refused"), ["user_verification_missing"]);
    assert!(!browser.cookies().contains_key("__Host-samekey-session"));
}

/// A ceremony with an answer that was bent before it was signed.
async fn bent(
    browser: &Browser,
    address: &str,
    action: &str,
    key: &mut SoftAuthenticator,
    bend: impl Fn(&mut Draft),
) -> Page {
    let page = browser.get(address).await;
    let mut draft = key.draft(&asked(&browser.options(&page).await.json()), ORIGIN).unwrap();
    bend(&mut draft);
    let assertion = key.sign(draft).unwrap();
    browser.answer(&page, action, &posted(&assertion)).await
}

/// Oidc.md row 29: each wrong answer is refused with a reason of its own in the trail, a sentence on the page, and the other
/// way at hand; a right one afterwards is taken.
#[tokio::test]
async fn each_wrong_answer_has_its_own_reason() {
    type Bend = fn(&mut Draft);
    let cases: [(&str, Bend); 6] = [
        ("key_wrong_origin", |draft| {
            let read: Value = serde_json::from_slice(&draft.client_data).unwrap();
            let challenge = data_encoding::BASE64URL_NOPAD.decode(read["challenge"].as_str().unwrap().as_bytes());
            draft.client_data = web_client_data("webauthn.get", &challenge.unwrap(), "https://evil.example");
        }),
        ("key_wrong_type", |draft| {
            let text = String::from_utf8(draft.client_data.clone()).unwrap();
            draft.client_data = text.replace("webauthn.get", "webauthn.create").into_bytes();
        }),
        ("key_wrong_challenge", |draft| {
            draft.client_data = web_client_data("webauthn.get", &[7; 32], ORIGIN);
        }),
        ("key_wrong_rp_id", |draft| draft.rp_id = "evil.example".into()),
        ("key_not_touched", |draft| draft.flags &= !UP),
        ("key_wrong_flags", |draft| draft.flags |= BE | BS),
    ];
    for (reason, bend) in cases {
        let (scene, mut key) = with_key(SoftAuthenticator::new());
        let browser = scene.browser();
        let asks = scene.with_password(&browser, "/login").await;
        let back = bent(&browser, &asks.location(), "key", &mut key, bend).await;
        assert_eq!(scene.results("key-refused"), [reason]);
        let page = browser.get(&back.location()).await;
        assert!(
            page.body.contains("role=\"alert\"") && page.body.contains("formnovalidate autofocus"),
            "{reason}"
        );
        assert!(!browser.cookies().contains_key("__Host-samekey-session"), "{reason}");
        assert_eq!(
            browser.touch(&back.location(), "key", &mut key).await.location(),
            "/",
            "{reason}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_before_anything_is_asked_of_it() {
    let (scene, mut key) = with_key(SoftAuthenticator::new());
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    let page = browser.get(&asks.location()).await;
    let assertion = key
        .answer(&asked(&browser.options(&page).await.json()), ORIGIN)
        .unwrap();
    let right = posted(&assertion);
    let mut trailing: Assertion = assertion.clone();
    trailing.authenticator_data.push(0);
    let mut short = assertion.clone();
    short.authenticator_data.truncate(36);
    let wrong = [
        "{}".to_owned(),
        right[..right.len() / 2].to_owned(),
        posted(&trailing),
        posted(&short),
    ];
    for (nth, credential) in wrong.iter().enumerate().take(2) {
        let page = browser.get(&asks.location()).await;
        let back = browser.answer(&page, "key", credential).await;
        assert!(back.location().starts_with("/sign-in?flow="), "{nth}");
    }
    assert_eq!(scene.results("key-refused"), ["key_malformed", "key_malformed"]);
    for credential in &wrong[2..] {
        let other = scene.browser();
        let asks = scene.with_password(&other, "/login").await;
        let page = other.get(&asks.location()).await;
        other.options(&page).await;
        other.answer(&page, "key", credential).await;
        assert!(!other.cookies().contains_key("__Host-samekey-session"));
    }
    assert_eq!(scene.results("key-refused").len(), 4);
    let huge = "x".repeat(20_000);
    assert_eq!(
        browser.answer(&page, "key", &huge).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn an_answer_works_once_and_only_where_it_was_asked() {
    let (scene, mut key) = with_key(SoftAuthenticator::new());
    let browser = scene.browser();
    let address = first_page(&browser, "/login").await;
    let page = browser.get(&address).await;
    let options = browser.options(&page).await.json();
    let before = browser.cookies();
    let credential = posted(&key.answer(&asked(&options), ORIGIN).unwrap());
    assert_eq!(browser.answer(&page, "passkey", &credential).await.location(), "/");
    // The same form with the same cookies a second time.
    let replay = scene.browser();
    replay.set_cookies(before);
    let back = replay.answer(&page, "passkey", &credential).await;
    assert!(back.location().starts_with("/sign-in"));
    assert!(!replay.cookies().contains_key("__Host-samekey-session"));
    // Another browser, which has asked for a challenge of its own.
    let other = scene.browser();
    let address = first_page(&other, "/login").await;
    let page = other.get(&address).await;
    other.options(&page).await;
    other.answer(&page, "passkey", &credential).await;
    assert!(!other.cookies().contains_key("__Host-samekey-session"));
    assert_eq!(scene.results("key-refused").len(), 2);
    // What was signed for a sign-in confirms nothing else: the answer to a second factor's question.
    let asks = scene.with_password(&other, "/login").await;
    let page = other.get(&asks.location()).await;
    other.options(&page).await;
    other.answer(&page, "key", &credential).await;
    assert_eq!(scene.results("key-refused").len(), 3);
    assert!(!other.cookies().contains_key("__Host-samekey-session"));
}

#[tokio::test]
async fn an_answer_that_comes_late_is_refused() {
    let (scene, mut key) = with_key(SoftAuthenticator::new());
    let browser = scene.browser();
    let address = first_page(&browser, "/login").await;
    let page = browser.get(&address).await;
    let credential = posted(
        &key.answer(&asked(&browser.options(&page).await.json()), ORIGIN)
            .unwrap(),
    );
    scene.test.clock.advance(301);
    let cookies = browser.cookies();
    let back = browser.answer(&page, "passkey", &credential).await;
    assert!(browser.get(&back.location()).await.body.contains("too late"));
    // The browser has forgotten what was asked by then: the same sentence.
    let forgotten = cookies
        .into_iter()
        .filter(|(name, _)| !name.starts_with("__Host-samekey-passkey-"));
    browser.set_cookies(forgotten.collect());
    let back = browser.answer(&page, "passkey", &credential).await;
    assert!(browser.get(&back.location()).await.body.contains("too late"));
    assert_eq!(scene.results("key-refused"), ["key_challenge_spent"]);
}

#[tokio::test]
async fn nobody_signs_in_with_somebody_elses_key() {
    let (scene, _) = with_key(SoftAuthenticator::new());
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    let mut bobs = SoftAuthenticator::new();
    scene.test.bind_key(bob, &mut bobs, "key").unwrap();
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    let page = browser.get(&asks.location()).await;
    let mut ask = asked(&browser.options(&page).await.json());
    ask.allow.clear();
    let credential = posted(&bobs.answer(&ask, ORIGIN).unwrap());
    let back = browser.answer(&page, "key", &credential).await;
    assert_eq!(scene.results("key-refused"), ["key_of_other_account"]);
    assert!(
        browser
            .get(&back.location())
            .await
            .body
            .contains("not bound to this account")
    );
}

#[tokio::test]
async fn a_passkey_that_nobody_has_is_forgotten_by_the_browsers_store() {
    let (scene, _) = with_key(SoftAuthenticator::new());
    let mut stray = SoftAuthenticator::new();
    stray.make("example.org", &scene.ann.to_bytes()).unwrap();
    let browser = scene.browser();
    let address = first_page(&browser, "/login").await;
    let back = browser.touch(&address, "passkey", &mut stray).await;
    let page = browser.get(&back.location()).await;
    assert!(
        page.body.contains("data-signal=") && page.body.contains("unknown"),
        "{}",
        page.body
    );
    assert!(
        page.body
            .contains("id=\"with-password\" name=\"action\" value=\"name\" autofocus"),
        "{}",
        page.body
    );
    assert_eq!(scene.results("key-refused"), ["key_unknown"]);
    // It is said once.
    let next = browser.press(&back.location(), "name", &[("username", "ann")]).await;
    assert!(!browser.get(&next.location()).await.body.contains("data-signal="));
}

#[tokio::test]
async fn a_ceremony_that_came_to_nothing_leads_to_the_other_way() {
    let (scene, _) = with_key(SoftAuthenticator::new());
    let browser = scene.browser();
    let asks = scene.with_password(&browser, "/login").await;
    for (word, sentence) in [
        ("cancelled", "No passkey or security key was used"),
        ("failed", "could not use your passkey"),
    ] {
        let page = browser.get(&asks.location()).await;
        let (flow, csrf) = (page.field("flow"), page.field("csrf"));
        let fields = [
            ("flow", &*flow),
            ("csrf", &*csrf),
            ("action", "key"),
            ("credential", ""),
            ("trouble", word),
        ];
        let back = browser.post("/sign-in", &fields).await;
        let page = browser.get(&back.location()).await;
        assert!(page.body.contains(sentence), "{}", page.body);
        assert!(
            page.body.contains("value=\"choose-totp\" formnovalidate autofocus"),
            "{}",
            page.body
        );
    }
    let chosen = browser.press(&asks.location(), "choose-totp", &[]).await;
    let back = browser
        .press(&chosen.location(), "code", &[("code", &scene.code())])
        .await;
    assert_eq!(back.location(), "/");
}

#[tokio::test]
async fn what_is_switched_off_is_off_behind_the_page_too() {
    let scene = Scene::with("", &format!("{KEYS}passkey-sign-in = false\n"));
    let mut key = SoftAuthenticator::new();
    scene.test.bind_key(scene.ann, &mut key, "key").unwrap();
    let browser = scene.browser();
    let address = first_page(&browser, "/login").await;
    let page = browser.get(&address).await;
    assert!(!page.body.contains("with-passkey") && !page.body.contains("passkey.js"));
    assert_eq!(browser.options(&page).await.status, StatusCode::CONFLICT);
    // As second factor it goes on.
    let asks = scene.with_password(&browser, "/login").await;
    assert_eq!(browser.touch(&asks.location(), "key", &mut key).await.location(), "/");
}

#[tokio::test]
async fn a_key_of_another_algorithm_goes_by_our_verifier_alone() {
    let habits = Habits {
        algorithm: Algorithm::EdDsa,
        ..Habits::default()
    };
    let (scene, mut key) = with_key(SoftAuthenticator::with(habits));
    let browser = scene.browser();
    let address = first_page(&browser, "/login").await;
    assert_eq!(browser.touch(&address, "passkey", &mut key).await.location(), "/");
    let other = scene.browser();
    let address = first_page(&other, "/login").await;
    bent(&other, &address, "passkey", &mut key, |draft| {
        draft.rp_id = "evil.example".into();
    })
    .await;
    assert_eq!(scene.results("key-refused"), ["key_wrong_rp_id"]);
}

#[tokio::test]
async fn a_key_of_rsa_passes_both_verifiers_and_its_lies_do_not() {
    let habits = Habits {
        algorithm: Algorithm::Rs256,
        ..Habits::default()
    };
    let (scene, mut key) = with_key(SoftAuthenticator::with(habits));
    let browser = scene.browser();
    let address = first_page(&browser, "/login").await;
    assert_eq!(browser.touch(&address, "passkey", &mut key).await.location(), "/");
    let other = scene.browser();
    let address = first_page(&other, "/login").await;
    bent(&other, &address, "passkey", &mut key, |draft| draft.flags = 0).await;
    assert_eq!(scene.results("key-refused").len(), 1);
}

/// EAP ACR Values 1.0: of what was asked for the first that is satisfied, and otherwise the highest reached.
#[tokio::test]
async fn phr_and_phrh_are_told_as_they_were_asked_for_and_reached() {
    let attested = Habits {
        attested: true,
        ..Habits::default()
    };
    for (habits, asked, acr) in [
        (Habits::default(), "phrh phr", "phr"),
        (Habits::default(), "phrh", "phr"),
        (
            Habits::default(),
            "urn:nobody urn:samekey:acr:phr phr",
            "urn:samekey:acr:phr",
        ),
        (attested.clone(), "phr phrh", "phr"),
        (attested, "phrh phr", "phrh"),
    ] {
        let (scene, mut key) = with_key(SoftAuthenticator::with(habits));
        let browser = scene.browser();
        let address = first_page(&browser, &scene.wiki().request(&[("acr_values", asked)])).await;
        let claims = told(&scene, &browser.touch(&address, "passkey", &mut key).await).await;
        assert_eq!(claims["acr"], acr, "{asked}");
    }
}

#[tokio::test]
async fn an_application_may_insist_on_a_key() {
    let (scene, mut key) = with_key(SoftAuthenticator::new());
    let wiki = scene.wiki();
    let phr = r#"{"id_token":{"acr":{"essential":true,"value":"phr"}}}"#;
    let browser = scene.browser();
    let asks = scene.with_password(&browser, &wiki.request(&[("claims", phr)])).await;
    let page = browser.get(&asks.location()).await;
    assert!(
        page.body.contains("id=\"use-key\"") && !page.body.contains("choose-totp"),
        "{}",
        page.body
    );
    let back = browser.touch(&asks.location(), "key", &mut key).await;
    assert_eq!(told(&scene, &back).await["acr"], "phr");
    // No key here is known to be hardware, and nobody could prove that one is.
    let phrh = phr.replace("phr", "phrh");
    let back = scene.browser().get(&wiki.request(&[("claims", &phrh)])).await;
    assert_eq!(
        back.returned("error").as_deref(),
        Some("unmet_authentication_requirements")
    );
}

#[tokio::test]
async fn browsers_find_where_passkeys_are_kept_and_who_may_use_them() {
    let scene = Scene::new();
    let browser = scene.browser();
    let page = format!("{ISSUER}/security");
    assert_eq!(
        browser.get("/.well-known/passkey-endpoints").await.json(),
        json!({"enroll": page, "manage": page})
    );
    assert_eq!(
        browser.get("/.well-known/webauthn").await.json(),
        json!({"origins": [ISSUER]})
    );
}
