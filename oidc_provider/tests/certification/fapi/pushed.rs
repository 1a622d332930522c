//! Modules about `/par` itself: handles, and who may leave something there.

use super::{Auth, Fapi, Shown};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use samekey_provider::oidc::par;
use serde_json::{Value, json};

async fn handle(fapi: &Fapi) -> String {
    fapi.address(&fapi.one, &fapi.push(&fapi.one, &fapi.asked()).await)
}

/// The page that says that the handle leads nowhere.
async fn leads_nowhere(fapi: &Fapi, address: &str) {
    let page = fapi.suite.browser.get(address).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    assert!(page.body.contains("invalid_request_uri"), "{}", page.body);
}

pub async fn reused_before_the_end(fapi: &Fapi) {
    let address = handle(fapi).await;
    let first = fapi.suite.page_at(&address).await;
    assert!(first.body.contains("name=\"username\""));
    fapi.visit(&fapi.one, &address).await.code();
}

pub async fn reused(fapi: &Fapi) {
    let address = handle(fapi).await;
    fapi.visit(&fapi.one, &address).await.code();
    leads_nowhere(fapi, &address).await;
}

pub async fn expired(fapi: &Fapi) {
    let address = handle(fapi).await;
    fapi.suite.scene.test.clock.advance(par::LIFETIME);
    leads_nowhere(fapi, &address).await;
}

pub async fn of_another_client(fapi: &Fapi) {
    let address = handle(fapi).await.replace(&fapi.one.id, &fapi.two.id);
    leads_nowhere(fapi, &address).await;
}

pub async fn request_uri_in_the_form(fapi: &Fapi) {
    for uri in [
        "urn:ietf:params:oauth:request_uri:anything",
        "https://suite.example/request",
    ] {
        let mut form = fapi.form(&fapi.one, &fapi.asked());
        form.push(("request_uri".into(), uri.into()));
        let page = fapi.push_form(&fapi.one, &form).await;
        assert_eq!(
            (page.status, page.json()["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_request"))
        );
    }
}

pub async fn wrong_method(fapi: &Fapi) {
    for method in ["GET", "PUT", "DELETE"] {
        let request = Request::builder().method(method).uri("/par");
        let page = fapi.suite.scene.browser().send(request, Body::empty()).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
}

/// The handle and the client's id are all that the browser needs to bring.
pub async fn without_duplicate_parameters(fapi: &Fapi) {
    let address = handle(fapi).await;
    let names: Vec<&str> = address
        .split(['?', '&'])
        .skip(1)
        .map(|pair| pair.split('=').next().unwrap())
        .collect();
    assert_eq!(names, ["client_id", "request_uri"]);
    fapi.visit(&fapi.one, &address).await.code();
}

/// Pushes with an assertion that has these changes; only where assertions are shown at all.
async fn pushed_with(fapi: &Fapi, changes: Value) -> Option<StatusCode> {
    if fapi.variant.auth != Auth::PrivateKeyJwt {
        return None;
    }
    let assertion = fapi.one.assertion(fapi.now(), &changes);
    let shown = Shown::default().assertion(&fapi.one, assertion);
    let page = fapi.call("/par", &fapi.form(&fapi.one, &fapi.asked()), &shown).await;
    if page.status != StatusCode::CREATED {
        assert_eq!(page.json()["error"], "invalid_client", "{}", page.body);
    }
    Some(page.status)
}

async fn is_refused(fapi: &Fapi, changes: Value) {
    let status = pushed_with(fapi, changes.clone()).await;
    assert!(
        status.is_none_or(|status| status == StatusCode::UNAUTHORIZED),
        "{changes}: {status:?}"
    );
}

pub async fn assertion_8_seconds_ahead(fapi: &Fapi) {
    let at = fapi.now() + 8;
    let status = pushed_with(fapi, json!({"iat": at, "nbf": at})).await;
    assert!(status.is_none_or(|status| status == StatusCode::CREATED), "{status:?}");
}

pub async fn assertion_60_seconds_ahead(fapi: &Fapi) {
    let at = fapi.now() + 70;
    is_refused(fapi, json!({"iat": at, "nbf": at, "exp": at + 60})).await;
    is_refused(fapi, json!({"nbf": at, "exp": at + 60})).await;
}

pub async fn audience_in_a_list(fapi: &Fapi) {
    is_refused(fapi, json!({"aud": [crate::scene::ISSUER]})).await;
    is_refused(fapi, json!({"aud": [crate::scene::ISSUER, "https://other.example"]})).await;
}

pub async fn audience_of_par(fapi: &Fapi) {
    is_refused(fapi, json!({"aud": format!("{}/par", crate::scene::ISSUER)})).await;
}

pub async fn audience_of_token(fapi: &Fapi) {
    is_refused(fapi, json!({"aud": format!("{}/token", crate::scene::ISSUER)})).await;
}
