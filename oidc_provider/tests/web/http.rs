//! Rows 26, 35, 37, 39, 40 and 45: what every request meets before any page.

use crate::relying_party::RelyingParty;
use crate::scene::{ISSUER, Scene, settings};
use axum::body::Body;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ORIGIN};
use axum::http::{Method, Request, StatusCode};
use samekey_provider::clients::ClientKind;

/// Row 35.
#[tokio::test]
async fn an_address_that_could_be_read_two_ways_is_refused() {
    let scene = Scene::new();
    let browser = scene.browser();
    for path in [
        "/authorize;x=1",
        "/..;/token",
        "/assets/../token",
        "/assets/./style.css",
        "/assets//style.css",
        "/%2e%2e/token",
        "/assets%2fstyle.css",
        "/assets%252fstyle.css",
        "/jwks%0d%0aSet-Cookie:x",
        "/jwks%00",
        "/d/example.org%2flogin/login",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let scene = Scene::new();
    let browser = scene.browser();
    let first = browser.get(&scene.wiki().request(&[])).await;
    for path in [
        "/",
        "/login",
        "/jwks",
        "/nowhere",
        "/assets/style.css",
        "/forgot-password",
        &first.location(),
        "/%2e",
    ] {
        let page = browser.get(path).await;
        let header = |name: &str| page.headers.get(name).map_or("", |value| value.to_str().unwrap());
        let policy = header(CONTENT_SECURITY_POLICY.as_str());
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert!(!header("cache-control").is_empty(), "{path}");
        assert!(
            !page.body.contains("<style") && !page.body.contains(" style=") && !page.body.contains("onclick"),
            "{path}"
        );
    }
}

/// Row 40.
#[tokio::test]
async fn whatever_is_larger_than_we_ask_for_is_refused() {
    let scene = Scene::new();
    let browser = scene.browser();
    let long = "x".repeat(17 * 1024);
    assert_eq!(
        browser.get(&format!("/login?username={long}")).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(
        browser.post("/sign-in", &[("flow", &long)]).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(
        browser.post("/token", &[("code", &long)]).await.status,
        StatusCode::BAD_REQUEST
    );
    let request = Request::get("/jwks").header("x-long", "x".repeat(33 * 1024));
    assert_eq!(
        browser.send(request, Body::empty()).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let many: Vec<(String, String)> = (0..100).map(|n| (format!("p{n}"), "1".to_owned())).collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(browser.post("/token", &many).await.json()["error"], "invalid_request");
    let first = browser.get(&scene.wiki().request(&[])).await;
    let asks = browser.press(&first.location(), "name", &[("username", "ann")]).await;
    let page = browser
        .press(&asks.location(), "password", &[("password", &"p".repeat(2000))])
        .await;
    assert!(browser.get(&page.location()).await.body.contains("not right"));
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let scene = Scene::new();
    let browser = scene.browser();
    for (kind, body) in [
        ("application/json", "{}"),
        ("text/plain", "a=b"),
        ("application/x-www-form-urlencoded", "a=%ff"),
        ("application/x-www-form-urlencoded", "a=%00"),
    ] {
        for path in ["/token", "/sign-in", "/authorize", "/logout", "/sign-out"] {
            let request = Request::post(path).header(CONTENT_TYPE, kind);
            let page = browser.send(request, Body::from(body)).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{path} {kind} {body}");
        }
    }
}

/// Row 39.
#[tokio::test]
async fn only_registered_origins_read_and_only_four_addresses() {
    let scene = Scene::new();
    let mut spa = settings();
    spa.redirect_uris = vec!["https://spa.example/cb".into()];
    scene.register("spa", ClientKind::Public, spa);
    let browser = scene.browser();
    let allowed = async |path: &str, origin: &str, method: Method| {
        let request = Request::builder().method(method).uri(path).header(ORIGIN, origin);
        let page = browser.send(request, Body::empty()).await;
        page.headers
            .get(ACCESS_CONTROL_ALLOW_ORIGIN)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    for path in ["/.well-known/openid-configuration", "/jwks", "/userinfo", "/token"] {
        let good = allowed(path, "https://spa.example", Method::OPTIONS).await;
        assert_eq!(good.as_deref(), Some("https://spa.example"), "{path}");
        for origin in [
            "https://evil.example",
            "null",
            "https://spa.example.evil.example",
            "https://wiki.example",
            "http://spa.example",
        ] {
            assert_eq!(allowed(path, origin, Method::OPTIONS).await, None, "{path} {origin}");
            assert_eq!(allowed(path, origin, Method::GET).await, None, "{path} {origin}");
        }
    }
    for path in ["/authorize", "/logout", "/sign-in", "/", "/login"] {
        assert_eq!(allowed(path, "https://spa.example", Method::GET).await, None, "{path}");
        assert_eq!(
            allowed(path, "https://spa.example", Method::OPTIONS).await,
            None,
            "{path}"
        );
    }
    let app = RelyingParty::new(&scene, "spa", None);
    let back = scene
        .sign_in(&browser, &app.request(&[("redirect_uri", "https://spa.example/cb")]))
        .await;
    assert!(back.returned("code").is_some());
}

/// Row 26: nobody is believed about an address unless the operator named them; then nonsense is refused.
#[tokio::test]
async fn forwarded_addresses_count_only_from_named_proxies() {
    async fn lock_out(scene: &Scene, peer: [u8; 4], forwarded: &str) -> bool {
        let browser = scene.browser().from(peer);
        let mut locked = false;
        for _ in 0..6 {
            let first = browser.get(&scene.wiki().request(&[])).await;
            let page = browser.get(&first.location()).await;
            let fields = [("flow", page.field("flow")), ("csrf", page.field("csrf"))];
            let post = async |fields: Vec<(&str, &str)>| {
                let body = samekey_provider::http::params::encode(fields.into_iter());
                let request = Request::post("/sign-in")
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header("x-forwarded-for", forwarded);
                browser.send(request, Body::from(body)).await
            };
            let base = vec![("flow", fields[0].1.as_str()), ("csrf", fields[1].1.as_str())];
            let mut name = base.clone();
            name.extend([("action", "name"), ("username", "ann")]);
            post(name).await;
            let mut password = base.clone();
            password.extend([("action", "password"), ("password", "not the password")]);
            let answer = post(password).await;
            locked = browser.get(&answer.location()).await.body.contains("too_many_attempts");
        }
        locked
    }
    let scene = Scene::new();
    // The peer is nobody's proxy: its claims about other addresses change nothing, and it locks only strangers.
    assert!(lock_out(&scene, [192, 0, 2, 66], "198.51.100.1").await);
    let scene = Scene::with("trusted-proxies = [\"10.0.0.0/8\"]\n", crate::scene::STRICT);
    let browser = scene.browser().from([10, 0, 0, 1]);
    for line in ["unknown", "203.0.113.9:80", "fe80::1%eth0", "1.2.3"] {
        let page = browser
            .send(Request::get("/login").header("x-forwarded-for", line), Body::empty())
            .await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{line}");
    }
    let good = browser
        .send(
            Request::get("/login").header("x-forwarded-for", "203.0.113.9"),
            Body::empty(),
        )
        .await;
    assert_eq!(good.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn behind_a_named_proxy_nobody_else_is_served() {
    let lines = "listen = \"0.0.0.0:80\"\ntrusted-proxies = [\"10.0.0.0/8\"]\n";
    let scene = Scene::with(lines, crate::scene::STRICT);
    assert_eq!(scene.browser().get("/jwks").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        scene.browser().from([10, 1, 2, 3]).get("/jwks").await.status,
        StatusCode::OK
    );
}

/// Row 45: what an application sends as `state` is never a session, and no cookie value is another's.
#[tokio::test]
async fn a_state_or_a_code_is_no_session() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    let browser = scene.browser();
    let back = scene.sign_in(&browser, &wiki.request(&[])).await;
    let token = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let flow = scene.browser();
    flow.get(&wiki.request(&[])).await;
    let sealed = flow.cookies().into_values().next().unwrap();
    for value in ["st", &back.returned("code").unwrap(), &token, &sealed, ""] {
        let thief = scene.browser();
        thief.set_cookies([("__Host-samekey-session".to_owned(), value.to_owned())].into());
        assert_eq!(thief.get("/").await.location(), "/login", "{value}");
    }
}

#[tokio::test]
async fn an_error_page_names_its_request_and_nothing_else() {
    let scene = Scene::new();
    let browser = scene.browser();
    let one = browser.get("/nowhere").await;
    assert_eq!(one.status, StatusCode::NOT_FOUND);
    assert!(one.body.contains("not_found") && one.body.contains("Request: <code>"));
    assert!(!one.body.contains(ISSUER) && one.body.contains("help@example.org"));
    assert_eq!(
        browser.send(Request::delete("/token"), Body::empty()).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}
