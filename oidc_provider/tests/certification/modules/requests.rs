//! Requests that are refused, and where that is told (RFC 6749 section 4.1.2.1).

use crate::suite::{Mode, Suite};
use axum::http::StatusCode;

/// `oidcc-response-type-missing`
pub async fn response_type_missing(mode: Mode) {
    let suite = Suite::new(mode);
    let refused = suite.authorize(&suite.ask().without("response_type")).await;
    assert_eq!(refused.callback.error(), "invalid_request");
}

/// `oidcc-ensure-registered-redirect-uri`: told to the person, never sent.
pub async fn registered_redirect_uri(mode: Mode) {
    let suite = Suite::new(mode);
    let elsewhere = format!("{}/unregistered", suite.one.redirect_uri);
    let page = suite
        .page_at(&suite.ask().with("redirect_uri", &elsewhere).address())
        .await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("unknown_return_address"), "{}", page.body);
}
