//! The plan of front-channel logout (OpenID Connect Front-Channel Logout 1.0).

use crate::rp_initiated::{back, is_over, log_out_with, signed_in};
use crate::scene::ISSUER;
use crate::suite::{Mode, Suite};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFRESH};
use samekey_provider::http::params::encode;

const ADDRESS: &str = "https://suite.example/one/frontchannel_logout";

#[tokio::test]
async fn oidcc_frontchannel_logout_discovery_endpoint_verification() {
    let metadata = Suite::new(Mode::Query).metadata().await;
    assert!(metadata["end_session_endpoint"].is_string());
    assert_eq!(metadata["frontchannel_logout_supported"], true);
    assert_eq!(metadata["frontchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout() {
    let suite = Suite::with(Mode::Query, "", |settings| {
        settings.frontchannel_logout_uri = Some(ADDRESS.to_owned());
        settings.frontchannel_logout_session_required = true;
    });
    let tokens = signed_in(&suite).await;
    let page = log_out_with(&suite, &tokens.id_token, "s").await;
    let back = back(&suite);
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let sid = tokens.claims["sid"].as_str().unwrap();
    let asked = encode([("iss", ISSUER), ("sid", sid)].into_iter());
    // Askama writes `&` of an attribute as a reference.
    let frame = format!("<iframe src=\"{ADDRESS}?{}\"", asked.replace('&', "&#38;"));
    assert!(page.body.contains(&frame), "{frame} in {}", page.body);
    let policy = page.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("frame-src https://suite.example;"), "{policy}");
    let onward = page.headers[REFRESH].to_str().unwrap();
    assert!(onward.ends_with(&format!("; url={back}?state=s")), "{onward}");
    is_over(&suite).await;
}
