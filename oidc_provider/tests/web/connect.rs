//! Device authorization (RFC 8628): codes, polls, the page, and the same policy as in front of the application (row 19).

use crate::browser::{Browser, Page};
use crate::scene::{LAX, STRICT, Scene, settings};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, StatusCode};
use samekey_provider::clients::{ClientKind, ClientSettings, GrantType};
use serde_json::Value;
use std::sync::Arc;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A scene with a program, `tv`, that may sign in as a device.
fn scene_with(policy: &str, change: impl Fn(&mut ClientSettings)) -> Scene {
    let scene = Scene::with("", policy);
    let mut chosen = settings();
    chosen.grant_types.insert(GrantType::DeviceCode);
    change(&mut chosen);
    scene.register("tv", ClientKind::Public, chosen);
    scene
}

/// What the program does, from an address of its own.
struct Tv {
    browser: Browser,
    codes: Value,
}

impl Tv {
    async fn begin(scene: &Scene) -> Self {
        let browser = scene.browser().from([198, 51, 100, 9]);
        let page = ask(&browser, &[("client_id", "tv"), ("scope", "openid profile")]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        Self {
            browser,
            codes: page.json(),
        }
    }

    fn user_code(&self) -> &str {
        self.codes["user_code"].as_str().unwrap()
    }

    async fn poll(&self) -> Page {
        poll(&self.browser, self.codes["device_code"].as_str().unwrap()).await
    }

    async fn error(&self) -> String {
        let page = self.poll().await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
        page.json()["error"].as_str().unwrap().to_owned()
    }
}

async fn ask(browser: &Browser, fields: &[(&str, &str)]) -> Page {
    browser.post("/device_authorization", fields).await
}

async fn poll(browser: &Browser, code: &str) -> Page {
    let fields = [("grant_type", GRANT), ("client_id", "tv"), ("device_code", code)];
    browser.post("/token", &fields).await
}

/// Ann's browser, signed in.
async fn ann(scene: &Scene) -> Browser {
    let browser = scene.browser();
    scene.sign_in(&browser, "/login").await;
    scene.test.clock.advance(30);
    browser
}

/// Types a code; the answer to it.
async fn find(browser: &Browser, code: &str) -> Page {
    let csrf = browser.get("/device").await.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("action", "find"), ("user_code", code)];
    browser.post("/device", &fields).await
}

/// Presses a button of the page about one device.
async fn press(browser: &Browser, page: &Page, action: &str) -> Page {
    let (csrf, waiting) = (page.field("csrf"), page.field("waiting"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("waiting", waiting.as_str()),
        ("action", action),
    ];
    browser.post("/device", &fields).await
}

async fn question(browser: &Browser, code: &str) -> Page {
    browser.get(&find(browser, code).await.location()).await
}

#[tokio::test]
async fn a_device_is_signed_in_by_its_person_and_gets_its_tokens_once() {
    let scene = scene_with(STRICT, |_| {});
    let tv = Tv::begin(&scene).await;
    assert_eq!(tv.codes["verification_uri"], "https://id.example.org/device");
    assert_eq!(
        (&tv.codes["expires_in"], &tv.codes["interval"]),
        (&600.into(), &5.into())
    );
    assert_eq!(tv.error().await, "authorization_pending");
    let browser = ann(&scene).await;
    let page = question(&browser, tv.user_code()).await;
    for told in [
        "The tv",
        "198.51.100.9",
        "your name, user name",
        ">ann<",
        "id=\"phishing\"",
        "id=\"elsewhere\"",
    ] {
        assert!(page.body.contains(told), "{told} is not told: {}", page.body);
    }
    assert_eq!(
        press(&browser, &page, "allow").await.location(),
        "/device?done=approved"
    );
    assert!(
        browser
            .get("/device?done=approved")
            .await
            .body
            .contains("Go back to your device")
    );
    let tokens = tv.poll().await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    assert_eq!(tokens.headers[CACHE_CONTROL], "no-store");
    let claims = crate::relying_party::claims(tokens.json()["id_token"].as_str().unwrap());
    assert_eq!(
        (claims["sub"].as_str(), &claims["aud"]),
        (Some(scene.ann.to_string().as_str()), &"tv".into())
    );
    assert_eq!(
        (&claims["acr"], &claims["amr"][1]),
        (&"urn:samekey:acr:mfa".into(), &"otp".into())
    );
    assert_eq!(tv.error().await, "invalid_grant", "once");
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(scene.wiki().userinfo(&token).await.json()["preferred_username"], "ann");
    assert_eq!(scene.events("device-sign-in-approved"), 1);
}

#[tokio::test]
async fn who_polls_too_often_waits_longer_each_time() {
    let scene = scene_with(STRICT, |_| {});
    let tv = Tv::begin(&scene).await;
    assert_eq!(tv.error().await, "authorization_pending");
    assert_eq!(tv.error().await, "slow_down");
    // Five seconds were enough before, and ten are needed now.
    scene.test.clock.advance(5);
    assert_eq!(tv.error().await, "slow_down");
    scene.test.clock.advance(15);
    assert_eq!(tv.error().await, "authorization_pending");
    scene.test.clock.advance(15);
    assert_eq!(tv.error().await, "authorization_pending");
}

#[tokio::test]
async fn a_refused_device_and_one_whose_time_ran_out_are_told_so() {
    let scene = scene_with(STRICT, |_| {});
    let browser = ann(&scene).await;
    let tv = Tv::begin(&scene).await;
    let page = question(&browser, tv.user_code()).await;
    assert_eq!(press(&browser, &page, "deny").await.location(), "/device?done=denied");
    assert_eq!(tv.error().await, "access_denied");
    assert_eq!(scene.events("device-sign-in-denied"), 1);
    // Decided is decided.
    assert_eq!(press(&browser, &page, "allow").await.location(), "/device?done=gone");
    assert_eq!(tv.error().await, "access_denied");
    let late = Tv::begin(&scene).await;
    let page = question(&browser, late.user_code()).await;
    scene.test.clock.advance(600);
    assert_eq!(press(&browser, &page, "allow").await.location(), "/device?done=gone");
    assert_eq!(late.error().await, "expired_token");
    assert!(
        find(&browser, late.user_code())
            .await
            .body
            .contains("No device waits with that code")
    );
}

/// Row 5 for devices.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_polls_exactly_one_gets_the_tokens() {
    let scene = Arc::new(scene_with(STRICT, |_| {}));
    let browser = ann(&scene).await;
    for _ in 0..5 {
        let tv = Tv::begin(&scene).await;
        let page = question(&browser, tv.user_code()).await;
        assert_eq!(
            press(&browser, &page, "allow").await.location(),
            "/device?done=approved"
        );
        let code = tv.codes["device_code"].as_str().unwrap().to_owned();
        let tries: Vec<_> = (0..12)
            .map(|_| {
                let (scene, code) = (scene.clone(), code.clone());
                tokio::spawn(async move { poll(&scene.browser(), &code).await.status })
            })
            .collect();
        let mut won = 0;
        for one in tries {
            won += usize::from(one.await.unwrap() == StatusCode::OK);
        }
        assert_eq!(won, 1);
    }
}

/// Row 19: rules in front of the application hold for its devices.
#[tokio::test]
async fn a_device_is_signed_in_only_with_all_that_its_application_asks() {
    let rule = format!(
        "{LAX}\n[[rule]]\nname = \"tv-two-factors\"\nwhen = {{ services = [\"oidc:tv\"] }}\nrequire = {{ level = \"high\" }}\n"
    );
    let scene = scene_with(&rule, |_| {});
    let browser = scene.browser();
    scene.with_password(&browser, "/login").await;
    let tv = Tv::begin(&scene).await;
    let page = question(&browser, tv.user_code()).await;
    let asks = press(&browser, &page, "allow").await.location();
    assert!(asks.starts_with("/sign-in?flow="), "{asks}");
    assert_eq!(
        tv.error().await,
        "authorization_pending",
        "the password alone is not enough"
    );
    // Nobody else can go on in this browser's place, and nobody can begin anew under another name.
    assert!(!browser.get(&asks).await.body.contains("value=\"restart\""));
    let back = browser.press(&asks, "code", &[("code", &scene.code())]).await;
    assert_eq!(back.location(), "/device?done=approved");
    scene.test.clock.advance(5);
    let tokens = tv.poll().await.json();
    let claims = crate::relying_party::claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["acr"], "urn:samekey:acr:mfa");
}

/// Rows 16 and 19: what was given is held against what is, when the device comes for it.
#[tokio::test]
async fn a_device_gets_nothing_when_its_person_left_or_its_application_asks_more() {
    let scene = scene_with(STRICT, |_| {});
    let browser = ann(&scene).await;
    let tv = Tv::begin(&scene).await;
    let page = question(&browser, tv.user_code()).await;
    press(&browser, &page, "allow").await;
    let home = browser.get("/").await;
    browser.post("/sign-out", &[("csrf", &home.field("csrf"))]).await;
    assert_eq!(tv.error().await, "invalid_grant", "signed out meanwhile");
    let browser = ann(&scene).await;
    let tv = Tv::begin(&scene).await;
    let page = question(&browser, tv.user_code()).await;
    press(&browser, &page, "allow").await;
    let stricter = format!(
        "{STRICT}[[rule]]\nname = \"no-tv\"\nwhen = {{ services = [\"oidc:tv\"] }}\nrequire = {{ deny = true }}\n"
    );
    scene.test.policy(&stricter).unwrap();
    assert_eq!(tv.error().await, "invalid_grant", "the policy refuses it now");
}

/// Row 27: one throttle of the account, which the sign-in shares.
#[tokio::test]
async fn guessed_user_codes_count_and_close_the_door() {
    let scene = scene_with(STRICT, |_| {});
    let tv = Tv::begin(&scene).await;
    let browser = ann(&scene).await;
    for wrong in ["", "x", "AEIO-UAEI", "BCDF-GHJ"] {
        assert!(
            find(&browser, wrong).await.body.contains("A code has eight letters"),
            "{wrong}"
        );
    }
    assert_eq!(
        scene.events("device-code-refused"),
        0,
        "slips of the hand are no guesses"
    );
    for _ in 0..4 {
        assert!(find(&browser, "BCDF-GHJK").await.body.contains("No device waits"));
    }
    assert!(find(&browser, "BCDF-GHJK").await.body.contains("Too many wrong codes"));
    assert!(
        find(&browser, tv.user_code())
            .await
            .body
            .contains("Too many wrong codes"),
        "not even the right one"
    );
    assert_eq!(scene.events("device-code-refused"), 5);
    scene.test.clock.advance(901);
    let tv = Tv::begin(&scene).await;
    assert!(
        find(&browser, &tv.user_code().to_lowercase())
            .await
            .location()
            .starts_with("/device?waiting=")
    );
}

#[tokio::test]
async fn a_code_in_the_address_fills_the_field_and_asks_nothing_of_the_store() {
    let scene = scene_with(STRICT, |_| {});
    let tv = Tv::begin(&scene).await;
    let complete = tv.codes["verification_uri_complete"].as_str().unwrap();
    let path = complete.strip_prefix("https://id.example.org").unwrap();
    // Whoever is not signed in signs in first and comes back with it.
    let browser = scene.browser();
    let back = scene.sign_in(&browser, path).await.location();
    assert_eq!(back.replace('-', ""), path.replace('-', ""));
    let filled = browser.get(&back).await;
    assert!(
        filled
            .body
            .contains(&format!("value=\"{}\"", tv.user_code().replace('-', ""))),
        "{}",
        filled.body
    );
    assert!(
        !filled.body.contains("name=\"waiting\""),
        "it is not looked up before it is sent"
    );
    let wrong = browser.get("/device?user_code=BCDF-GHJK").await;
    assert!(wrong.body.contains("value=\"BCDF-GHJK\"") && !wrong.body.contains("No device waits"));
    let hostile = browser.get("/device?user_code=%3Cscript%3E").await;
    assert!(!hostile.body.contains("<script>"));
}

#[tokio::test]
async fn the_page_takes_no_form_from_elsewhere_and_stands_in_no_frame() {
    let scene = scene_with(STRICT, |_| {});
    let tv = Tv::begin(&scene).await;
    let browser = ann(&scene).await;
    let page = question(&browser, tv.user_code()).await;
    let framed = |headers: &HeaderMap| {
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        policy.contains("frame-ancestors 'none'") && headers[X_FRAME_OPTIONS] == "DENY"
    };
    assert!(framed(&page.headers) && framed(&browser.get("/device").await.headers));
    let waiting = page.field("waiting");
    for csrf in ["", "x"] {
        let fields = [("csrf", csrf), ("waiting", waiting.as_str()), ("action", "allow")];
        assert_eq!(browser.post("/device", &fields).await.status, StatusCode::FORBIDDEN);
    }
    let stranger = scene.browser();
    let csrf = page.field("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("waiting", waiting.as_str()),
        ("action", "allow"),
    ];
    assert_eq!(stranger.post("/device", &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(tv.error().await, "authorization_pending");
}

#[tokio::test]
async fn only_a_client_that_may_begins_and_only_its_own_code_helps_it() {
    let scene = scene_with(STRICT, |_| {});
    let browser = scene.browser();
    let error = |page: &Page| {
        (
            page.status,
            page.json()["error"].as_str().unwrap_or_default().to_owned(),
        )
    };
    scene.register("page", ClientKind::Public, settings());
    let wiki = ask(&browser, &[("client_id", "page")]).await;
    assert_eq!(error(&wiki), (StatusCode::BAD_REQUEST, "unauthorized_client".into()));
    let secretless = ask(&browser, &[("client_id", "wiki")]).await;
    assert_eq!(error(&secretless), (StatusCode::UNAUTHORIZED, "invalid_client".into()));
    let unknown = ask(&browser, &[("client_id", "nobody")]).await;
    assert_eq!(error(&unknown).1, "invalid_client");
    let twice = browser
        .send(
            axum::http::Request::post("/device_authorization")
                .header("content-type", "application/x-www-form-urlencoded"),
            axum::body::Body::from("client_id=tv&client_id=tv"),
        )
        .await;
    assert_eq!(
        error(&twice),
        (StatusCode::BAD_REQUEST, "invalid_request".into()),
        "row 3"
    );
    let nothing = ask(&browser, &[("client_id", "tv"), ("scope", "nothing-known")]).await;
    assert_eq!(error(&nothing), (StatusCode::BAD_REQUEST, "invalid_scope".into()));
    // Row 7: another client's code, with valid credentials of one's own.
    let mut other = settings();
    other.grant_types.insert(GrantType::DeviceCode);
    scene.register("radio", ClientKind::Public, other);
    let tv = Tv::begin(&scene).await;
    let code = tv.codes["device_code"].as_str().unwrap();
    let stolen = [("grant_type", GRANT), ("client_id", "radio"), ("device_code", code)];
    assert_eq!(error(&browser.post("/token", &stolen).await).1, "invalid_grant");
    let short = &code[..code.len() - 1];
    for wrong in [short, "x", &code.to_lowercase(), &format!("{code}A")] {
        assert_eq!(error(&poll(&browser, wrong).await).1, "invalid_grant", "{wrong}");
    }
    assert_eq!(error(&poll(&browser, "").await).1, "invalid_request");
    assert_eq!(tv.error().await, "authorization_pending");
}

/// Row 40: nobody fills the store with codes.
#[tokio::test]
async fn a_client_may_have_only_so_many_devices_waiting() {
    let scene = scene_with(STRICT, |_| {});
    let browser = scene.browser();
    for _ in 0..1000 {
        let page = ask(&browser, &[("client_id", "tv")]).await;
        assert_eq!(page.status, StatusCode::OK);
    }
    let page = ask(&browser, &[("client_id", "tv")]).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    scene.test.clock.advance(601);
    assert_eq!(ask(&browser, &[("client_id", "tv")]).await.status, StatusCode::OK);
}
