//! The plan of back-channel logout (OpenID Connect Back-Channel Logout 1.0).

use crate::rp_initiated::{back, is_over, log_out_with, signed_in};
use crate::scene::ISSUER;
use crate::suite::{Mode, Suite, jwks};
use samekey_provider::logout;
use serde_json::json;
use std::sync::Mutex;

const ADDRESS: &str = "https://suite.example/one/backchannel_logout";

#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let metadata = Suite::new(Mode::Query).metadata().await;
    assert!(metadata["end_session_endpoint"].is_string());
    assert_eq!(metadata["backchannel_logout_supported"], true);
    assert_eq!(metadata["backchannel_logout_session_supported"], true);
    let claims = metadata["claims_supported"].as_array().unwrap();
    assert!(claims.iter().any(|claim| claim == "sid"));
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let suite = Suite::with(Mode::Query, "", |settings| {
        settings.backchannel_logout_uri = Some(ADDRESS.to_owned());
        settings.backchannel_logout_session_required = true;
    });
    let tokens = signed_in(&suite).await;
    let page = log_out_with(&suite, &tokens.id_token, "s").await;
    let back = back(&suite);
    assert_eq!(page.location(), format!("{back}?state=s"));

    let posted = Mutex::new(Vec::new());
    let told = logout::once(&suite.scene.app, &|address, token| {
        posted.lock().unwrap().push((address.to_owned(), token.to_owned()));
        Ok(200)
    });
    assert_eq!(told.unwrap(), 1);
    let posted = posted.into_inner().unwrap();
    let [(address, token)] = posted.as_slice() else {
        panic!("told other than once: {posted:?}");
    };
    assert_eq!(address, ADDRESS);
    let (header, claims) = jwks::verify(&jwks::fetch(&suite.browser).await, token);
    assert_eq!(header["typ"], "logout+jwt");
    assert_eq!(header["alg"], tokens.header["alg"], "signed as its ID tokens are");
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], suite.one.id.as_str());
    assert_eq!(claims["sub"], tokens.claims["sub"]);
    assert_eq!(claims["sid"], tokens.claims["sid"]);
    assert_eq!(claims["iat"], suite.scene.now());
    let lives = claims["exp"].as_i64().unwrap() - suite.scene.now();
    assert!((1..=120).contains(&lives), "{lives}");
    assert!(!claims["jti"].as_str().unwrap().is_empty());
    assert_eq!(
        claims["events"],
        json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
    );
    assert!(claims.get("nonce").is_none(), "section 2.4 forbids it");
    is_over(&suite).await;
}
