//! Scopes, the `claims` parameter and `acr_values` (OpenID Connect Core 5.4, 5.5, 3.1.2.1).

use crate::suite::{Mode, Suite, Tokens};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Signs in with these scopes; gives the tokens and what userinfo tells.
async fn with_scope(suite: &Suite, scope: &str) -> (Tokens, Value) {
    let tokens = suite.tokens(&suite.ask().with("scope", scope)).await;
    let page = suite.userinfo(&tokens.access_token).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let told = page.json();
    assert_eq!(told["sub"], tokens.claims["sub"]);
    (tokens, told)
}

/// That each scope which the metadata offers was granted, and none that was not asked.
async fn granted(suite: &Suite, tokens: &Tokens, scope: &str) {
    let granted: Vec<&str> = tokens.response["scope"].as_str().unwrap().split(' ').collect();
    for one in scope.split(' ') {
        let offered = suite.supports("scopes_supported", one).await;
        assert_eq!(granted.contains(&one), offered, "{one}: {granted:?}");
    }
    assert!(
        granted.iter().all(|one| scope.split(' ').any(|asked| asked == *one)),
        "{granted:?}"
    );
}

/// `oidcc-scope-profile`
pub async fn scope_profile(mode: Mode) {
    let suite = Suite::new(mode);
    let (tokens, told) = with_scope(&suite, "openid profile").await;
    granted(&suite, &tokens, "openid profile").await;
    assert_eq!(
        (told["name"].as_str(), told["preferred_username"].as_str()),
        (Some("Ann Sommer"), Some("ann"))
    );
    assert!(
        tokens.claims.get("name").is_none(),
        "told at userinfo, not in the ID token"
    );
}

/// `oidcc-scope-email`
pub async fn scope_email(mode: Mode) {
    of_a_person(mode, "email", &["email", "email_verified"]).await;
}

/// `oidcc-scope-address`
pub async fn scope_address(mode: Mode) {
    of_a_person(mode, "address", &["address"]).await;
}

/// `oidcc-scope-phone`
pub async fn scope_phone(mode: Mode) {
    of_a_person(mode, "phone", &["phone_number", "phone_number_verified"]).await;
}

/// One scope, and that nothing of another comes with it.
async fn of_a_person(mode: Mode, scope: &str, claims: &[&str]) {
    let suite = Suite::new(mode);
    let asked = format!("openid {scope}");
    let (tokens, told) = with_scope(&suite, &asked).await;
    granted(&suite, &tokens, &asked).await;
    for claim in told.as_object().unwrap().keys() {
        assert!(
            claim == "sub" || claims.contains(&claim.as_str()),
            "{claim} was not asked"
        );
    }
    for (claim, value) in told.as_object().unwrap() {
        let as_told = if claim.ends_with("_verified") {
            value.is_boolean()
        } else if claim == "address" {
            value.is_object()
        } else {
            value.as_str().is_some_and(|text| !text.is_empty())
        };
        assert!(as_told, "{claim}: {value}");
    }
}

/// `oidcc-scope-all`
pub async fn scope_all(mode: Mode) {
    let suite = Suite::new(mode);
    let (tokens, told) = with_scope(&suite, "openid email phone address profile").await;
    granted(&suite, &tokens, "openid email phone address profile").await;
    assert_eq!(told["name"], "Ann Sommer");
}

/// `oidcc-claims-essential`
pub async fn claims_essential(mode: Mode) {
    let suite = Suite::new(mode);
    let wishes = json!({"userinfo": {"name": {"essential": true}}}).to_string();
    let tokens = suite.tokens(&suite.ask().with("claims", &wishes)).await;
    assert_eq!(suite.userinfo(&tokens.access_token).await.json()["name"], "Ann Sommer");
}

/// `oidcc-ensure-request-with-acr-values-succeeds`: all that are advertised are sent back, and one of them is told.
pub async fn acr_values(mode: Mode) {
    let suite = Suite::new(mode);
    let metadata = suite.metadata().await;
    let advertised: Vec<&str> = metadata["acr_values_supported"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    let tokens = suite
        .tokens(&suite.ask().with("acr_values", &advertised.join(" ")))
        .await;
    let told = tokens.claims["acr"].as_str().unwrap();
    assert!(advertised.contains(&told), "{told}");
}
