//! The plan of session management (OpenID Connect Session Management 1.0).

use crate::rp_initiated::{log_out_with, signed_in};
use crate::scene::ISSUER;
use crate::suite::{Mode, Suite};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};

#[tokio::test]
async fn oidcc_session_management_discovery_endpoint_verification() {
    let metadata = Suite::new(Mode::Query).metadata().await;
    assert!(metadata["end_session_endpoint"].is_string());
    assert!(
        metadata["check_session_iframe"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
}

/// What the frame's script answers to "client session_state" (section 3.2); a browser's own run of it stands in `tests/browser`.
fn judged(suite: &Suite, session_state: &str) -> &'static str {
    let cookies = suite.browser.cookies();
    let state = cookies.get("__Host-samekey-state").map_or("", String::as_str);
    let (_, salt) = session_state.split_once('.').unwrap();
    let text = format!("{} https://suite.example {state} {salt}", suite.one.id);
    let hash = BASE64URL_NOPAD.encode(digest(&SHA256, text.as_bytes()).as_ref());
    if format!("{hash}.{salt}") == session_state {
        "unchanged"
    } else {
        "changed"
    }
}

#[tokio::test]
async fn oidcc_session_management_rp_initiated_logout() {
    let suite = Suite::new(Mode::Query);
    let metadata = suite.metadata().await;
    let address = metadata["check_session_iframe"].as_str().unwrap();
    let frame = suite.browser.get(address.strip_prefix(ISSUER).unwrap()).await;
    assert_eq!(frame.status, StatusCode::OK);
    assert!(!frame.headers.contains_key(X_FRAME_OPTIONS), "applications frame it");
    let policy = frame.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("frame-ancestors *"), "{policy}");

    let asked = suite.ask();
    let authorized = suite.authorize(&asked).await;
    let session_state = authorized.callback.get("session_state").unwrap().to_owned();
    assert!(!session_state.contains(' '));
    let tokens = suite.redeem(&asked, authorized.callback.code()).await;
    assert_eq!(judged(&suite, &session_state), "unchanged");
    let again = suite.authorize(&suite.ask().with("prompt", "none")).await;
    assert_eq!(
        judged(&suite, again.callback.get("session_state").unwrap()),
        "unchanged"
    );

    log_out_with(&suite, &tokens.id_token, "s").await.location();
    assert_eq!(judged(&suite, &session_state), "changed");
    // A refusal tells the state of a browser that nobody is signed in with, another hash each time (section 3.2).
    let refusal = || async {
        let silent = suite.authorize(&suite.ask().with("prompt", "none")).await;
        assert_eq!(silent.callback.error(), "login_required");
        silent.callback.get("session_state").unwrap().to_owned()
    };
    let (nobody, again) = (refusal().await, refusal().await);
    assert_ne!(nobody, again);
    assert_eq!(judged(&suite, &nobody), "unchanged", "no sooner than somebody signs in");
    signed_in(&suite).await;
    assert_eq!(judged(&suite, &nobody), "changed", "somebody did");
    assert_eq!(
        judged(&suite, &session_state),
        "changed",
        "another session is another one"
    );
}
