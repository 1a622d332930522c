//! How access tokens are presented, and what a wrong one is answered (RFC 6750, RFC 9449 section 7.1).

use crate::scene::Scene;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Request, StatusCode};

async fn token(scene: &Scene) -> String {
    let back = scene.sign_in(&scene.browser(), &scene.wiki().request(&[])).await;
    let tokens = scene.wiki().redeem(&back.returned("code").unwrap(), &[]).await.json();
    tokens["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_taken_from_the_header_or_the_form_and_nowhere_else() {
    let scene = Scene::new();
    let token = token(&scene).await;
    let browser = scene.browser();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = Request::get("/userinfo").header(AUTHORIZATION, format!("{scheme} {token}"));
        assert_eq!(
            browser.send(request, Body::empty()).await.status,
            StatusCode::OK,
            "{scheme}"
        );
    }
    let form = browser.post("/userinfo", &[("access_token", &token)]).await;
    assert_eq!(form.status, StatusCode::OK);
    // RFC 6750 section 2.3 and 5.3: addresses are logged.
    for query in [format!("access_token={token}"), format!("%61ccess_token={token}")] {
        let page = browser.get(&format!("/userinfo?{query}")).await;
        assert_eq!(
            (page.status, page.json()["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_request"))
        );
        let request = Request::get(format!("/userinfo?{query}")).header(AUTHORIZATION, format!("Bearer {token}"));
        assert_eq!(
            browser.send(request, Body::empty()).await.status,
            StatusCode::BAD_REQUEST
        );
    }
}

#[tokio::test]
async fn a_token_that_comes_twice_is_refused() {
    let scene = Scene::new();
    let token = token(&scene).await;
    let bearer = format!("Bearer {token}");
    let form =
        |request: axum::http::request::Builder| request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let once = || form(Request::post("/userinfo")).header(AUTHORIZATION, &bearer);
    let in_form = format!("access_token={token}");
    for (request, body) in [
        (once(), in_form.clone()),
        (once().header(AUTHORIZATION, &bearer), String::new()),
        (form(Request::post("/userinfo")), format!("{in_form}&{in_form}")),
    ] {
        let page = scene.browser().send(request, Body::from(body)).await;
        assert_eq!(
            (page.status, page.json()["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_request")),
            "{}",
            page.body
        );
    }
}

#[tokio::test]
async fn no_token_is_answered_with_both_challenges_and_a_wrong_one_with_its_error() {
    let scene = Scene::new();
    let none = scene.browser().get("/userinfo").await;
    let lines: Vec<_> = none.headers.get_all(WWW_AUTHENTICATE).iter().collect();
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], "Bearer", "no error where there was no token");
    assert!(lines[1].to_str().unwrap().starts_with("DPoP algs=\"ES256 "));
    assert_eq!(none.headers[CACHE_CONTROL], "no-store");
    let token = token(&scene).await;
    for wrong in [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        &format!("Bearer {}", &token[..token.len() - 1]),
        &format!("Bearer {token}A"),
        &format!("Bearer {}", token.to_uppercase()),
        &format!("Bearer a.{token}.b"),
    ] {
        let request = Request::get("/userinfo").header(AUTHORIZATION, wrong);
        let page = scene.browser().send(request, Body::empty()).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{wrong}");
        let line = page.headers[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(
            line.starts_with("Bearer error=\"invalid_token\", error_description=\""),
            "{line}"
        );
    }
}
