//! Modules about the token endpoint: whose code, who calls, and when.

use super::{Auth, Constrain, Fapi, Shown};
use axum::http::StatusCode;
use serde_json::{Value, json};

async fn code(fapi: &Fapi) -> String {
    fapi.authorize(&fapi.one, &fapi.asked()).await.code().to_owned()
}

/// The redemption with one field changed; empty leaves it out.
async fn redeemed_with(fapi: &Fapi, code: &str, (name, value): (&str, &str)) -> (StatusCode, String) {
    let mut form = Fapi::redemption(&fapi.one, code);
    form.retain(|(known, _)| known != name);
    if !value.is_empty() {
        form.push((name.to_owned(), value.to_owned()));
    }
    let page = fapi.call("/token", &form, &fapi.bound(&fapi.one)).await;
    (
        page.status,
        page.json()["error"].as_str().unwrap_or_default().to_owned(),
    )
}

pub async fn client_id_of_another(fapi: &Fapi) {
    let code = code(fapi).await;
    let (status, error) = redeemed_with(fapi, &code, ("client_id", &fapi.two.id)).await;
    assert!(
        status == StatusCode::BAD_REQUEST || status == StatusCode::UNAUTHORIZED,
        "{status}"
    );
    assert!(
        ["invalid_client", "invalid_request", "invalid_grant"].contains(&error.as_str()),
        "{error}"
    );
}

/// Row 7.
pub async fn code_of_another(fapi: &Fapi) {
    let code = code(fapi).await;
    let page = fapi
        .call("/token", &Fapi::redemption(&fapi.one, &code), &fapi.bound(&fapi.two))
        .await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
    let page = fapi.redeem(&fapi.one, &code).await;
    fapi.tokens(&fapi.one, &page).await;
}

/// Row 5.
pub async fn code_again(fapi: &Fapi) {
    let code = code(fapi).await;
    let page = fapi.redeem(&fapi.one, &code).await;
    let tokens = fapi.tokens(&fapi.one, &page).await;
    fapi.suite.scene.test.clock.advance(1);
    let page = fapi.redeem(&fapi.one, &code).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
    let page = fapi.resource(&fapi.one, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(
        page.status,
        StatusCode::UNAUTHORIZED,
        "the tokens of a code that came twice are revoked"
    );
}

/// Rows 7 and 15: refreshed by its own client alone, each time as bound as before; the refresh token stays as it is, since losing
/// an answer must not end what a bound token guards anyway (FAPI 2.0 Security Profile 5.3.2.1).
pub async fn refreshed(fapi: &Fapi) {
    let mut asked = fapi.asked();
    let scope = format!("{} offline_access", asked["scope"].as_str().unwrap());
    asked.insert("scope".into(), scope.into());
    let answer = fapi.authorize(&fapi.one, &asked).await;
    let page = fapi.redeem(&fapi.one, answer.code()).await;
    let tokens = fapi.tokens(&fapi.one, &page).await;
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let form = [("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh)];
    let form = form.map(|(name, value)| (name.to_owned(), value));
    let page = fapi.call("/token", &form, &fapi.bound(&fapi.two)).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
    for _ in 0..2 {
        let page = fapi.call("/token", &form, &fapi.bound(&fapi.one)).await;
        assert_eq!(page.status, StatusCode::OK, "{:?}: {}", fapi.variant, page.body);
        assert_eq!(page.json()["token_type"], tokens["token_type"]);
        fapi.reaches(&fapi.one, page.json()["access_token"].as_str().unwrap())
            .await;
    }
}

pub async fn code_too_late(fapi: &Fapi) {
    let code = code(fapi).await;
    fapi.suite.scene.test.clock.advance(60);
    let page = fapi.redeem(&fapi.one, &code).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
}

pub async fn verifier_required(fapi: &Fapi) {
    let code = code(fapi).await;
    let (status, error) = redeemed_with(fapi, &code, ("code_verifier", "")).await;
    assert_eq!((status, error.as_str()), (StatusCode::BAD_REQUEST, "invalid_grant"));
}

pub async fn verifier_wrong(fapi: &Fapi) {
    let code = code(fapi).await;
    let (status, error) = redeemed_with(fapi, &code, ("code_verifier", &"v".repeat(43))).await;
    assert_eq!((status, error.as_str()), (StatusCode::BAD_REQUEST, "invalid_grant"));
}

/// Redeems with what is shown in place of the assertion; with the binding as it should be.
async fn shown_instead(fapi: &Fapi, assertion: Option<String>) {
    if fapi.variant.auth != Auth::PrivateKeyJwt {
        return;
    }
    let code = code(fapi).await;
    let mut shown = Shown::default();
    if let Some(assertion) = assertion {
        shown = shown.assertion(&fapi.one, assertion);
    }
    shown = match fapi.variant.constrain {
        Constrain::Dpop => shown.proof(fapi.one.proof(fapi.now(), ("POST", "/token"), &json!({}))),
        Constrain::Mtls => shown.certificate(&fapi.one),
    };
    let mut form = Fapi::redemption(&fapi.one, &code);
    form.push(("client_id".to_owned(), fapi.one.id.clone()));
    let page = fapi.call("/token", &form, &shown).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("invalid_client"))
    );
    // Nothing was spent by the failure (row 5).
    let page = fapi.redeem(&fapi.one, &code).await;
    fapi.tokens(&fapi.one, &page).await;
}

pub async fn assertion_by_rs256(fapi: &Fapi) {
    let (id, now) = (fapi.one.id.clone(), fapi.now());
    let claims: Value =
        json!({"iss": id, "sub": id, "aud": crate::scene::ISSUER, "exp": now + 60, "iat": now, "jti": "rs256"});
    let assertion = fapi.rs256(&claims);
    shown_instead(fapi, Some(assertion)).await;
}

pub async fn no_assertion(fapi: &Fapi) {
    shown_instead(fapi, None).await;
}

pub async fn assertion_expired(fapi: &Fapi) {
    let now = fapi.now();
    let past = json!({"exp": now - 300, "iat": now - 360, "nbf": now - 360});
    shown_instead(fapi, Some(fapi.one.assertion(now, &past))).await;
}

pub async fn assertion_for_another(fapi: &Fapi) {
    for aud in ["https://other.example", "https://id.example.org/", ""] {
        let assertion = fapi.one.assertion(fapi.now(), &json!({ "aud": aud }));
        shown_instead(fapi, Some(assertion)).await;
    }
}

pub async fn assertion_without_sub(fapi: &Fapi) {
    let assertion = fapi.one.assertion(fapi.now(), &json!({"sub": null}));
    shown_instead(fapi, Some(assertion)).await;
}
