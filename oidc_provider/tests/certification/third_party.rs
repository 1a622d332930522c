//! The plan of sign-ins that a third party begins (OpenID Connect Core section 4): `oidcc-3rdparty-init-login-certification-test-plan`.

use crate::registrant::own;
use crate::scene::{LAX, Scene};
use axum::http::StatusCode;
use serde_json::json;

const OPEN: &str = "registration = \"open\"\n";

#[tokio::test]
async fn oidcc_3rd_party_init_login() {
    let scene = Scene::with(OPEN, LAX);
    let begins = "https://suite.example/initiate-login";
    let document = json!({"redirect_uris": ["https://suite.example/callback"], "initiate_login_uri": begins});
    let registered = scene.register_itself(None, &document).await;
    assert_eq!(registered.status, StatusCode::CREATED, "{}", registered.body);
    assert_eq!(registered.json()["initiate_login_uri"], begins);
    let (path, token) = own(&registered);
    let read = scene.send_json("GET", &path, Some(&token), &json!({})).await;
    assert_eq!(read.status, StatusCode::OK);
    assert_eq!(read.json()["initiate_login_uri"], begins);
}

#[tokio::test]
async fn oidcc_3rd_party_init_login_nohttps() {
    let scene = Scene::with(OPEN, LAX);
    for begins in [
        "http://suite.example/initiate-login",
        "http://127.0.0.1/login",
        "javascript:alert(1)",
    ] {
        let document = json!({"redirect_uris": ["https://suite.example/callback"], "initiate_login_uri": begins});
        let page = scene.register_itself(None, &document).await;
        assert_eq!(
            (page.status, page.json()["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_client_metadata")),
            "{begins}"
        );
    }
}
