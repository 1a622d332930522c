//! Tokens that are bound to the client's certificate (RFC 8705 section 3), as a trusted proxy passes it on.

use crate::browser::Page;
use crate::prover::{Prover, hash_of};
use crate::relying_party::{VERIFIER, claims};
use crate::scene::{CALLBACK, STRICT, Scene, settings};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Request, StatusCode};
use data_encoding::BASE64;
use samekey_provider::clients::{AccessTokenForm, ClientKind};
use samekey_provider::http::params::encode;
use serde_json::json;

/// The test's browser comes from this address.
const PROXY: &str = "trusted-proxies = [\"192.0.2.7\"]\nclient-cert-header = true\n";

fn scene() -> Scene {
    let scene = Scene::with(PROXY, STRICT);
    let mut chosen = settings();
    chosen.access_token = AccessTokenForm::Jwt;
    chosen.certificate_bound = true;
    scene.register("app", ClientKind::Public, chosen);
    scene
}

/// What RFC 9440 makes of a certificate.
fn header(der: &[u8]) -> String {
    format!(":{}:", BASE64.encode(der))
}

async fn redeem(scene: &Scene, code: &str, certificate: Option<&[u8]>, proof: Option<&str>) -> Page {
    let params = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
    ];
    let mut request = Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(der) = certificate {
        request = request.header("client-cert", header(der));
    }
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    scene
        .browser()
        .send(request, Body::from(encode(params.into_iter())))
        .await
}

async fn userinfo(scene: &Scene, token: &str, certificate: Option<&[u8]>) -> Page {
    let mut request = Request::get("/userinfo").header(AUTHORIZATION, format!("Bearer {token}"));
    if let Some(der) = certificate {
        request = request.header("client-cert", header(der));
    }
    scene.browser().send(request, Body::empty()).await
}

async fn code(scene: &Scene) -> String {
    let app = crate::relying_party::RelyingParty::new(scene, "app", None);
    let back = scene.sign_in(&scene.browser(), &app.request(&[])).await;
    back.returned("code").unwrap()
}

#[tokio::test]
async fn a_bound_token_works_over_its_own_certificate_alone() {
    let scene = scene();
    let code = code(&scene).await;
    let bare = redeem(&scene, &code, None, None).await;
    assert_eq!(
        (bare.status, bare.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_request")),
        "no certificate, no token"
    );
    let proof = Prover::new().proof(scene.now(), "POST", "/token", None);
    let other_way = redeem(&scene, &code, Some(b"mine"), Some(&proof)).await;
    assert_eq!(
        other_way.json()["error"],
        "invalid_request",
        "not the way that its operator chose"
    );
    let tokens = redeem(&scene, &code, Some(b"mine"), None).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    assert_eq!(tokens.json()["token_type"], "Bearer", "RFC 8705 section 3");
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&token)["cnf"], json!({"x5t#S256": hash_of(b"mine")}));
    assert_eq!(userinfo(&scene, &token, Some(b"mine")).await.status, StatusCode::OK);
    for certificate in [None, Some(&b"yours"[..])] {
        let page = userinfo(&scene, &token, certificate).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        let line = page.headers[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(line.starts_with("Bearer error=\"invalid_token\""), "{line}");
    }
}

/// Row 26: a header that a stranger sends is no certificate.
#[tokio::test]
async fn nobody_but_the_proxy_is_believed_about_certificates() {
    let scene = scene();
    let code = code(&scene).await;
    let params = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
    ];
    let request = Request::post("/token")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("client-cert", header(b"mine"));
    let browser = scene.browser().from([203, 0, 113, 5]);
    let page = browser.send(request, Body::from(encode(params.into_iter()))).await;
    assert_ne!(page.status, StatusCode::OK, "{}", page.body);
}
