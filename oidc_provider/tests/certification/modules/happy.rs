//! Sign-ins that must succeed, and what comes of them (OpenID Connect Core 3.1).

use crate::suite::{Mode, Question, Secret, Suite, Tokens, tokens};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use samekey_provider::clients::AuthMethod;
use samekey_provider::http::params::encode;
use samekey_provider::keys::Alg;
use serde_json::Value;

/// `oidcc-server`: the happy flow, and again with the second client.
pub async fn server(mode: Mode) {
    let suite = Suite::new(mode);
    happy_flow(&suite).await;
}

/// `oidcc-server-client-secret-post`
pub async fn server_client_secret_post(mode: Mode) {
    let mut suite = Suite::with(mode, "", |settings| settings.auth_method = AuthMethod::ClientSecretPost);
    suite.one.way = Secret::Post;
    suite.two.way = Secret::Post;
    happy_flow(&suite).await;
}

async fn happy_flow(suite: &Suite) {
    let asked = suite.ask();
    let authorized = suite.authorize(&asked).await;
    assert_eq!(authorized.questions, [Question::Name, Question::Password]);
    tokens::is_code(authorized.callback.code());
    let first = suite.redeem(&asked, authorized.callback.code()).await;
    told(suite, &first).await;
    let asked = suite.ask_as(&suite.two);
    let second = suite.tokens(&asked).await;
    told(suite, &second).await;
    assert_ne!(first.access_token, second.access_token);
    assert_eq!(first.claims["sub"], second.claims["sub"]);
}

/// The userinfo endpoint tells of the same person.
async fn told(suite: &Suite, tokens: &Tokens) {
    let page = suite.userinfo(&tokens.access_token).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.json()["sub"], tokens.claims["sub"]);
}

/// `oidcc-idtoken-signature`: RS256 where no algorithm was named, and its `kid` in the key set.
pub async fn idtoken_signature(mode: Mode) {
    let suite = Suite::new(mode);
    let tokens = suite.tokens(&suite.ask()).await;
    assert_eq!(tokens.header["alg"], "RS256");
    assert!(tokens.header["kid"].is_string());
}

/// `oidcc-idtoken-unsigned`: what the skip rests on: `none` is offered nowhere, and no client can be given it.
pub async fn idtoken_unsigned(mode: Mode) {
    let suite = Suite::new(mode);
    assert!(!suite.supports("id_token_signing_alg_values_supported", "none").await);
    assert!("none".parse::<Alg>().is_err());
    let tokens = suite.tokens(&suite.ask()).await;
    assert_ne!(tokens.header["alg"], "none");
}

/// `oidcc-userinfo-get`
pub async fn userinfo_get(mode: Mode) {
    let suite = Suite::new(mode);
    let tokens = suite.tokens(&suite.ask()).await;
    let page = suite.userinfo(&tokens.access_token).await;
    assert!(
        page.headers[CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("application/json")
    );
    told(&suite, &tokens).await;
}

/// `oidcc-userinfo-post-header`
pub async fn userinfo_post_header(mode: Mode) {
    let suite = Suite::new(mode);
    let tokens = suite.tokens(&suite.ask()).await;
    let request = Request::post("/userinfo").header(AUTHORIZATION, format!("Bearer {}", tokens.access_token));
    let page = suite.scene.browser().send(request, Body::empty()).await;
    assert_eq!(
        (page.status, &page.json()["sub"]),
        (StatusCode::OK, &tokens.claims["sub"])
    );
}

/// `oidcc-userinfo-post-body`
pub async fn userinfo_post_body(mode: Mode) {
    let suite = Suite::new(mode);
    let tokens = suite.tokens(&suite.ask()).await;
    let page = suite
        .scene
        .browser()
        .post("/userinfo", &[("access_token", &tokens.access_token)])
        .await;
    assert_eq!(
        (page.status, &page.json()["sub"]),
        (StatusCode::OK, &tokens.claims["sub"])
    );
}

/// `oidcc-ensure-request-without-nonce-succeeds-for-code-flow`
pub async fn without_nonce(mode: Mode) {
    let suite = Suite::new(mode);
    let tokens = suite.tokens(&suite.ask().without("nonce")).await;
    assert!(tokens.claims.get("nonce").is_none());
}

/// `oidcc-alternate-happy-flow`: scopes and parameters in another order.
pub async fn alternate_happy_flow(mode: Mode) {
    let suite = Suite::new(mode);
    let asked = suite
        .ask()
        .with("scope", "phone profile email address openid")
        .reversed();
    let tokens = suite.tokens(&asked).await;
    let granted = tokens.response["scope"].as_str().unwrap();
    for scope in ["openid", "profile", "email"] {
        assert!(granted.split(' ').any(|one| one == scope), "{granted}");
    }
    told(&suite, &tokens).await;
}

/// `oidcc-ensure-request-with-unknown-parameter-succeeds`
pub async fn unknown_parameter(mode: Mode) {
    let suite = Suite::new(mode);
    suite.tokens(&suite.ask().with("extra", "foobar")).await;
}

/// `oidcc-ensure-post-request-succeeds`: by POST from the relying party's page, so without the session's cookie.
pub async fn post_request(mode: Mode) {
    let suite = Suite::new(mode);
    suite.tokens(&suite.ask()).await;
    let asked = suite.ask();
    let body = encode(asked.pairs().into_iter());
    let request = Request::post("/authorize")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("origin", "https://suite.example")
        .header("sec-fetch-site", "cross-site");
    let first = suite.scene.browser().send(request, Body::from(body)).await;
    let authorized = suite.go_on(&asked, first).await;
    assert_eq!(authorized.questions, [], "the session is found by the GET that follows");
    suite.redeem(&asked, authorized.callback.code()).await;
}

/// `oidcc-ensure-request-with-valid-pkce-succeeds`
pub async fn valid_pkce(mode: Mode) {
    let suite = Suite::new(mode);
    let asked = suite
        .ask()
        .with("code_challenge", crate::relying_party::CHALLENGE)
        .with("code_challenge_method", "S256");
    let authorized = suite.authorize(&asked).await;
    let verifier = [("code_verifier", crate::relying_party::VERIFIER)];
    let answer = suite
        .try_redeem(&suite.one, authorized.callback.code(), &verifier)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let tokens = Tokens::verified(&suite, &asked, &answer).await;
    assert_ne!(tokens.claims["sub"], Value::Null);
}
