//! Codes offered twice, and refresh tokens (RFC 6749 sections 4.1.2, 6 and 10.5).

use crate::suite::{Mode, Suite, Tokens};
use axum::http::StatusCode;

/// Uses one code twice, with this many seconds in between; gives the first tokens.
async fn reused(suite: &Suite, seconds: i64) -> Tokens {
    let asked = suite.ask();
    let authorized = suite.authorize(&asked).await;
    let code = authorized.callback.code();
    let tokens = suite.redeem(&asked, code).await;
    suite.scene.test.clock.advance(seconds);
    let again = suite.try_redeem(&suite.one, code, &[]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert_eq!(again.json()["error"], "invalid_grant");
    tokens
}

/// `oidcc-codereuse`
pub async fn codereuse(mode: Mode) {
    reused(&Suite::new(mode), 0).await;
}

/// `oidcc-codereuse-30seconds`: and what the first use gave is dead.
pub async fn codereuse_30seconds(mode: Mode) {
    let suite = Suite::new(mode);
    let tokens = reused(&suite, 30).await;
    let refused = suite.userinfo(&tokens.access_token).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}
