//! Row 4: signing out, asked for by applications.

use crate::scene::{SIGNED_OUT, Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::ClientKind;
use samekey_provider::http::params::encode;

async fn signed_in(scene: &Scene, browser: &crate::browser::Browser) -> (String, String) {
    let wiki = scene.wiki();
    let back = scene.sign_in(browser, &wiki.request(&[])).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
    let text = |member: &str| tokens[member].as_str().unwrap().to_owned();
    (text("id_token"), text("access_token"))
}

fn logout(params: &[(&str, &str)]) -> String {
    format!("/logout?{}", encode(params.iter().copied()))
}

#[tokio::test]
async fn the_sessions_own_token_signs_out_and_goes_where_it_may() {
    let scene = Scene::new();
    let browser = scene.browser();
    let (id_token, access_token) = signed_in(&scene, &browser).await;
    let params = [
        ("id_token_hint", id_token.as_str()),
        ("post_logout_redirect_uri", SIGNED_OUT),
        ("state", "s&t"),
    ];
    let back = browser.get(&logout(&params)).await;
    assert_eq!(back.location(), format!("{SIGNED_OUT}?state=s%26t"));
    let silent = browser.get(&scene.wiki().request(&[("prompt", "none")])).await;
    assert_eq!(silent.returned("error").as_deref(), Some("login_required"));
    assert_eq!(
        scene.wiki().userinfo(&access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(scene.events("session-ended"), 1);
}

#[tokio::test]
async fn without_a_matching_hint_the_person_is_asked() {
    let scene = Scene::new();
    let browser = scene.browser();
    signed_in(&scene, &browser).await;
    let page = browser.get(&logout(&[])).await;
    assert!(page.body.contains("Sign out?"), "{}", page.body);
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "asking changes nothing");
    let out = browser.post("/sign-out", &[("csrf", &page.field("csrf"))]).await;
    assert!(out.body.contains("You are signed out"));
    assert_eq!(browser.get("/").await.location(), "/login");
    assert!(browser.get(&logout(&[])).await.body.contains("You are signed out"));
}

#[tokio::test]
async fn a_hint_never_selects_whose_session_ends() {
    let scene = Scene::new();
    let (one, two) = (scene.browser(), scene.browser());
    let (first, _) = signed_in(&scene, &one).await;
    scene.test.clock.advance(30);
    signed_in(&scene, &two).await;
    // The first browser's token in the second: a question, and neither session has ended.
    let page = two.get(&logout(&[("id_token_hint", &first)])).await;
    assert!(page.body.contains("Sign out?"));
    // In a browser without a session nothing can end at all.
    assert!(
        scene
            .browser()
            .get(&logout(&[("id_token_hint", &first)]))
            .await
            .body
            .contains("signed out")
    );
    assert_eq!(one.get("/").await.status, StatusCode::OK);
    assert_eq!(two.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_doubtful_hint_or_address_is_never_followed() {
    let scene = Scene::new();
    scene.register("evil", ClientKind::Confidential, settings());
    let browser = scene.browser();
    let (id_token, _) = signed_in(&scene, &browser).await;
    let mut forged = id_token.clone();
    forged.replace_range(id_token.len() - 6..id_token.len() - 2, "AAAA");
    let cases: &[&[(&str, &str)]] = &[
        &[
            ("id_token_hint", &id_token),
            ("post_logout_redirect_uri", "https://evil.example/"),
        ],
        &[
            ("id_token_hint", &id_token),
            ("post_logout_redirect_uri", "https://wiki.example/bye/"),
        ],
        &[
            ("id_token_hint", &id_token),
            ("post_logout_redirect_uri", "https://wiki.example/bye?x"),
        ],
        &[
            ("id_token_hint", &id_token),
            ("client_id", "evil"),
            ("post_logout_redirect_uri", SIGNED_OUT),
        ],
        &[("id_token_hint", &forged), ("post_logout_redirect_uri", SIGNED_OUT)],
        &[("id_token_hint", "nonsense"), ("post_logout_redirect_uri", SIGNED_OUT)],
        &[("client_id", "nobody"), ("post_logout_redirect_uri", SIGNED_OUT)],
        &[("post_logout_redirect_uri", SIGNED_OUT)],
    ];
    for params in cases {
        let page = browser.get(&logout(params)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{params:?}");
    }
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn by_post_it_is_the_same() {
    let scene = Scene::new();
    let browser = scene.browser();
    let (id_token, _) = signed_in(&scene, &browser).await;
    let moved = browser
        .post(
            "/logout",
            &[("id_token_hint", &id_token), ("post_logout_redirect_uri", SIGNED_OUT)],
        )
        .await;
    assert!(moved.location().starts_with("/logout?id_token_hint="));
    assert_eq!(browser.get(&moved.location()).await.location(), SIGNED_OUT);
}

/// A step-up between sign-in and sign-out: the application's token names the same session still.
#[tokio::test]
async fn a_token_from_before_a_step_up_still_names_the_session() {
    let scene = Scene::with("", crate::scene::LAX);
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let back = scene.with_password(&browser, &wiki.request(&[])).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
    let asks = browser
        .get(&wiki.request(&[("acr_values", "urn:samekey:acr:mfa")]))
        .await;
    browser
        .press(&asks.location(), "code", &[("code", &scene.code())])
        .await
        .location();
    let hint = tokens["id_token"].as_str().unwrap();
    let out = browser.get(&logout(&[("id_token_hint", hint)])).await;
    assert!(out.body.contains("You are signed out"), "{}", out.body);
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        scene.wiki().userinfo(access_token).await.status,
        StatusCode::UNAUTHORIZED,
        "what was given before the step-up ends with the session too"
    );
}

/// `logout_hint` only ever makes us ask; `ui_locales` chooses the language of what is shown.
#[tokio::test]
async fn a_logout_hint_for_somebody_else_makes_us_ask_in_the_applications_language() {
    let scene = Scene::new();
    let browser = scene.browser();
    let (id_token, _) = signed_in(&scene, &browser).await;
    for (hint, asked) in [("bob", true), ("ann@elsewhere.example", true), ("ann", false)] {
        let params = [
            ("id_token_hint", id_token.as_str()),
            ("logout_hint", hint),
            ("ui_locales", "tlh zh-CN en"),
        ];
        let page = browser.get(&logout(&params)).await;
        let title = if asked { "退出登录？" } else { "您已退出登录" };
        assert!(page.body.contains(title), "{hint}: {}", page.body);
        assert_eq!(browser.cookies().contains_key("__Host-samekey-session"), asked);
    }
}

/// Row 3 at this endpoint.
#[tokio::test]
async fn a_repeated_or_malformed_parameter_is_refused() {
    let scene = Scene::new();
    let browser = scene.browser();
    signed_in(&scene, &browser).await;
    for query in [
        "state=a&state=b",
        "client_id=wiki&client_id=wiki",
        "state=%ff",
        "state=a%0d%0ab",
    ] {
        assert_eq!(
            browser.get(&format!("/logout?{query}")).await.status,
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "still signed in");
}
