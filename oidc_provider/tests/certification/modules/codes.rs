//! Codes offered twice, and refresh tokens (RFC 6749 sections 4.1.2, 6 and 10.5).

use crate::browser::Page;
use crate::suite::{Asked, Mode, Party, Suite, Tokens};
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

/// A request that lets a refresh token be given (OpenID Connect Core section 11).
fn offline(asked: Asked) -> Asked {
    asked.with("scope", "openid offline_access").with("prompt", "consent")
}

async fn refresh(suite: &Suite, party: &Party, token: &str) -> Page {
    let params = [("grant_type", "refresh_token"), ("refresh_token", token)];
    suite.token_request(party, &params).await
}

fn refresh_token_of(tokens: &Tokens) -> &str {
    let token = tokens.response["refresh_token"].as_str().unwrap();
    assert!(token.bytes().all(|b| (0x20..0x7F).contains(&b)), "{token}");
    token
}

/// `oidcc-refresh-token`: it works, tells of the same sign-in, and only for the client that it was given to.
pub async fn refresh_token(mode: Mode) {
    let suite = Suite::new(mode);
    assert!(suite.supports("grant_types_supported", "refresh_token").await);
    let asked = offline(suite.ask());
    let first = suite.tokens(&asked).await;
    suite.scene.test.clock.advance(5);
    let answer = refresh(&suite, &suite.one, refresh_token_of(&first)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    // OpenID Connect Core 12.2.
    let second = Tokens::verified(&suite, &asked.without("nonce"), &answer).await;
    for claim in ["iss", "sub", "aud", "auth_time", "azp"] {
        assert_eq!(second.claims.get(claim), first.claims.get(claim), "{claim}");
    }
    assert!(second.claims["iat"].as_i64() > first.claims["iat"].as_i64());
    assert_ne!(second.access_token, first.access_token);
    assert_eq!(suite.userinfo(&second.access_token).await.status, StatusCode::OK);

    let theirs = suite.tokens(&offline(suite.ask_as(&suite.two))).await;
    let stolen = refresh(&suite, &suite.one, refresh_token_of(&theirs)).await;
    assert_eq!(stolen.status, StatusCode::BAD_REQUEST);
    assert_eq!(stolen.json()["error"], "invalid_grant");
    let own = refresh(&suite, &suite.two, refresh_token_of(&theirs)).await;
    assert_eq!(own.status, StatusCode::OK, "nobody else's try ends it: {}", own.body);
}
