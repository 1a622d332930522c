//! Authorization requests, right and wrong: what goes to a page, what goes back to the application.

use crate::relying_party::CHALLENGE;
use crate::scene::{CALLBACK, ISSUER, Scene, settings};
use axum::http::StatusCode;
use axum::http::header::CONTENT_SECURITY_POLICY;
use samekey_provider::clients::{ClientKind, Pkce};

/// Row 1: whatever is not the registered address byte for byte is told to the person, never sent anywhere.
#[tokio::test]
async fn an_address_that_is_not_registered_is_never_followed() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    for address in [
        "",
        "https://wiki.example/cb/",
        "https://wiki.example/cb?x=1",
        "https://wiki.example/cb#x",
        "https://wiki.example/CB",
        "HTTPS://wiki.example/cb",
        "https://wiki.example/cb/../evil",
        "https://wiki.example/..;/cb",
        "https://wiki.example/cb%252f",
        "https://wiki.example@evil.example/cb",
        "https://evil.example\\@wiki.example/cb",
        "https://wiki.example.evil.example/cb",
        "https://evil.example/cb",
        "javascript:alert(1)//https://wiki.example/cb",
        "http://127.0.0.1/cb",
    ] {
        let page = browser.get(&wiki.request(&[("redirect_uri", address)])).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address}");
        assert!(page.body.contains("unknown_return_address"), "{address}");
        assert!(!page.body.contains("evil"), "{address} is repeated on the page");
    }
    let tab = browser
        .get(&wiki.request(&[("redirect_uri", "https://wiki.example/cb\t")]))
        .await;
    assert_eq!(tab.status, StatusCode::BAD_REQUEST);
    let page = browser.get(&wiki.request(&[("client_id", "nobody")])).await;
    assert!(page.body.contains("unknown_application"));
}

/// Row 3.
#[tokio::test]
async fn a_parameter_named_twice_is_refused_everywhere() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    for again in [
        "state=st",
        "scope=openid",
        "redirect_uri=https%3A%2F%2Fwiki.example%2Fcb",
        "client_id=wiki",
        "sc%6Fpe=x",
    ] {
        let page = browser.get(&format!("{}&{again}", wiki.request(&[]))).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{again}");
    }
    let twice = browser
        .post("/token", &[("grant_type", "authorization_code"), ("grant_type", "x")])
        .await;
    assert_eq!(twice.json()["error"], "invalid_request");
    assert_eq!(
        browser.get("/logout?state=a&state=b").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        browser.get("/login?username=a&username=b").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_wrong_request_of_a_known_application_goes_back_to_it() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let long = "x".repeat(1025);
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("scope", "")], "invalid_scope"),
        (&[("scope", "unknown")], "invalid_scope"),
        (&[("request", "eyJ")], "invalid_request_object"),
        (
            &[("request", "eyJ"), ("request_uri", "https://evil.example/r")],
            "invalid_request",
        ),
        (
            &[("request_uri", "https://evil.example/r")],
            "request_uri_not_supported",
        ),
        (&[("registration", "{}")], "registration_not_supported"),
        (
            &[("code_challenge", ""), ("code_challenge_method", "")],
            "invalid_request",
        ),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("prompt", "unknown")], "invalid_request"),
        (&[("dpop_jkt", "short")], "invalid_request"),
        (&[("resource", "https://api.example")], "invalid_target"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
        (&[("claims", "[]")], "invalid_request"),
        (&[("id_token_hint", "eyJ.x.y")], "invalid_request"),
        (&[("nonce", &long)], "invalid_request"),
        (&[("prompt", "none")], "login_required"),
    ];
    for (changes, error) in cases {
        let back = browser.get(&wiki.request(changes)).await;
        assert!(
            back.location().starts_with(&format!("{CALLBACK}?error=")),
            "{changes:?}"
        );
        assert_eq!(back.returned("error").as_deref(), Some(*error), "{changes:?}");
        assert_eq!(back.returned("state").as_deref(), Some("st"));
        assert_eq!(back.returned("iss").as_deref(), Some(ISSUER));
        assert_eq!(back.returned("code"), None);
        let described = back.returned("error_description").unwrap();
        assert!(
            described
                .bytes()
                .all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)),
            "{described}"
        );
    }
}

#[tokio::test]
async fn what_may_be_ignored_is_ignored() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let request = wiki.request(&[
        ("ui_locales", "fr de"),
        ("claims_locales", "se"),
        ("display", "popup"),
        ("scope", "address openid phone whatever"),
        ("extra", "1"),
        ("state", ""),
        ("nonce", ""),
    ]);
    let back = scene.sign_in(&browser, &request).await;
    assert!(back.returned("code").is_some());
    assert_eq!(back.returned("state"), None, "no state was sent, none comes back");
}

#[tokio::test]
async fn a_request_by_post_becomes_the_same_by_get() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let request = wiki.request(&[]);
    let query = request.split_once('?').unwrap().1.to_owned();
    let params = samekey_provider::http::Params::parse(query.as_bytes()).unwrap();
    let value = |name| params.value(name).unwrap();
    let names = [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    ];
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (*name, value(name))).collect();
    let page = browser.post("/authorize", &fields).await;
    assert_eq!(page.location(), request);
}

#[tokio::test]
async fn the_answer_comes_as_a_form_where_asked() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let page = scene
        .sign_in(&browser, &wiki.request(&[("response_mode", "form_post")]))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&format!("action=\"{CALLBACK}\"")));
    let policy = page.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' https://wiki.example;") && !policy.contains("unsafe"),
        "{policy}"
    );
    let tokens = wiki.redeem(&page.field("code"), &[]).await;
    assert_eq!(tokens.status, StatusCode::OK);
    let error = scene
        .browser()
        .get(&wiki.request(&[("response_mode", "form_post"), ("prompt", "none")]))
        .await;
    assert_eq!(error.field("error"), "login_required");
}

/// Row 37: what a request carries comes to no page unescaped.
#[tokio::test]
async fn nothing_from_a_request_becomes_markup() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let markup = "\"><script>alert(1)</script>";
    let first = browser
        .get(&wiki.request(&[("login_hint", markup), ("state", markup)]))
        .await;
    let page = browser.get(&first.location()).await;
    assert!(
        page.body.contains("&#34;&#62;&#60;script&#62;"),
        "the hint is shown escaped: {}",
        page.body
    );
    let asks_password = browser.press(&first.location(), "name", &[("username", markup)]).await;
    let password = browser.get(&asks_password.location()).await;
    let form_post = [("response_mode", "form_post"), ("prompt", "none"), ("state", markup)];
    let form = browser.get(&wiki.request(&form_post)).await;
    for page in [page, password, form] {
        assert!(!page.body.contains("<script>alert"), "{}", page.body);
    }
}

/// Row 9: a public client cannot leave PKCE out, whatever its row says; a confidential one only where it is let.
#[tokio::test]
async fn only_a_confidential_client_can_be_let_off_pkce() {
    let scene = Scene::new();
    let mut lax = settings();
    lax.pkce = Pkce::Optional;
    let secret = scene.register("old", ClientKind::Confidential, lax).unwrap();
    scene.register("app", ClientKind::Public, settings());
    let old = crate::relying_party::RelyingParty::new(&scene, "old", Some(&secret));
    let app = crate::relying_party::RelyingParty::new(&scene, "app", None);
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let browser = scene.browser();
    let back = browser.get(&app.request(&without)).await;
    assert_eq!(back.returned("error").as_deref(), Some("invalid_request"));
    let code = scene
        .sign_in(&browser, &old.request(&without))
        .await
        .returned("code")
        .unwrap();
    // A verifier without a challenge is as wrong as a challenge without a verifier.
    assert_eq!(old.redeem(&code, &[]).await.json()["error"], "invalid_grant");
    assert_eq!(old.redeem(&code, &[("code_verifier", "")]).await.status, StatusCode::OK);
    let code = browser.get(&old.request(&[])).await.returned("code").unwrap();
    assert_eq!(
        old.redeem(&code, &[("code_verifier", "")]).await.json()["error"],
        "invalid_grant"
    );
    assert_eq!(
        old.redeem(&code, &[("code_verifier", CHALLENGE)]).await.json()["error"],
        "invalid_grant"
    );
    assert_eq!(old.redeem(&code, &[]).await.status, StatusCode::OK);
}

/// Row 1: a native app chooses its port on a loopback address, and nothing else.
#[tokio::test]
async fn a_native_app_gets_its_code_on_whichever_port() {
    let scene = Scene::new();
    let mut native = settings();
    native.redirect_uris = vec!["http://127.0.0.1/cb".into()];
    scene.register("app", ClientKind::Public, native);
    let app = crate::relying_party::RelyingParty::new(&scene, "app", None);
    let browser = scene.browser();
    let address = "http://127.0.0.1:49152/cb";
    let back = scene
        .sign_in(&browser, &app.request(&[("redirect_uri", address)]))
        .await;
    assert!(back.location().starts_with(&format!("{address}?code=")));
    let code = back.returned("code").unwrap();
    // Row 8: the very address again, not merely one that is registered too.
    let other = app
        .redeem(&code, &[("redirect_uri", "http://127.0.0.1:49153/cb")])
        .await;
    assert_eq!(other.json()["error"], "invalid_grant");
    assert_eq!(
        app.redeem(&code, &[("redirect_uri", address)]).await.status,
        StatusCode::OK
    );
    let refused = browser
        .get(&app.request(&[("redirect_uri", "http://localhost:49152/cb")]))
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}
