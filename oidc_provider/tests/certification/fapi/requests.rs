//! Modules about authorization requests and what the browser brings back.

use super::{Answer, Asked, Constrain, Fapi, Messages, Openid};
use crate::suite::DISCOVERY;
use axum::http::StatusCode;
use samekey_provider::http::params::encode;
use serde_json::{Value, json};

/// The request with changes; `null` leaves a parameter out.
#[expect(clippy::needless_pass_by_value, reason = "written where it is called")]
pub fn with(asked: &Asked, changes: Value) -> Asked {
    let mut whole = asked.clone();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            whole.remove(name);
        } else {
            whole.insert(name.clone(), value.clone());
        }
    }
    whole
}

/// Pushes, signs in, redeems, and uses the token; gives the answer and the tokens.
async fn whole(fapi: &Fapi, asked: &Asked) -> (Answer, Value) {
    let answer = fapi.authorize(&fapi.one, asked).await;
    let page = fapi.redeem(&fapi.one, answer.code()).await;
    let tokens = fapi.tokens(&fapi.one, &page).await;
    fapi.reaches(&fapi.one, tokens["access_token"].as_str().unwrap()).await;
    (answer, tokens)
}

/// Claims of an ID token that was verified before.
fn id_token(tokens: &Value) -> Value {
    crate::relying_party::claims(tokens["id_token"].as_str().unwrap())
}

pub async fn discovery(fapi: &Fapi) {
    let metadata = fapi.suite.scene.browser().get(DISCOVERY).await.json();
    let has = |member: &str, words: &[&str]| {
        let list = metadata[member].as_array().unwrap_or_else(|| panic!("no {member}"));
        for word in words {
            assert!(list.iter().any(|one| one == word), "{member}: no {word}");
        }
    };
    has("response_types_supported", &["code"]);
    has("code_challenge_methods_supported", &["S256"]);
    has("grant_types_supported", &["authorization_code"]);
    has(
        "token_endpoint_auth_methods_supported",
        &["private_key_jwt", "self_signed_tls_client_auth"],
    );
    has("token_endpoint_auth_signing_alg_values_supported", &["PS256", "ES256"]);
    assert!(
        metadata["pushed_authorization_request_endpoint"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
    assert!(metadata["require_pushed_authorization_requests"].is_boolean());
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    match fapi.variant.constrain {
        Constrain::Dpop => has("dpop_signing_alg_values_supported", &["PS256", "ES256"]),
        Constrain::Mtls => assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true),
    }
    if fapi.signs() {
        has("request_object_signing_alg_values_supported", &["PS256", "ES256"]);
    }
    if fapi.variant.messages == Messages::Signed {
        has("response_modes_supported", &["jwt"]);
        has("authorization_signing_alg_values_supported", &["PS256", "ES256"]);
    }
    if fapi.variant.openid == Openid::Connect {
        has("scopes_supported", &["openid"]);
        has("id_token_signing_alg_values_supported", &["PS256", "ES256"]);
    }
}

pub async fn happy_flow(fapi: &Fapi) {
    let (answer, tokens) = whole(fapi, &fapi.asked()).await;
    assert_eq!(answer.get("state"), Some("state-of-it"));
    if fapi.variant.openid == Openid::Connect {
        assert_eq!(id_token(&tokens)["nonce"], "nonce-of-it");
    }
    let answer = fapi.authorize(&fapi.two, &fapi.asked_by(&fapi.two)).await;
    let page = fapi.redeem(&fapi.two, answer.code()).await;
    fapi.tokens(&fapi.two, &page).await;
}

pub async fn user_rejects_authentication(fapi: &Fapi) {
    let address = fapi.address(&fapi.one, &fapi.push(&fapi.one, &fapi.asked()).await);
    let page = fapi.suite.page_at(&address).await;
    let end = fapi.suite.press(&page, "cancel", &[]).await;
    let answer = fapi.read(&fapi.one, &end).await;
    assert_eq!(answer.error(), "access_denied");
    assert_eq!(answer.get("state"), Some("state-of-it"));
}

pub async fn without_state(fapi: &Fapi) {
    let (answer, _) = whole(fapi, &with(&fapi.asked(), json!({"state": null}))).await;
    assert_eq!(answer.get("state"), None);
}

pub async fn without_nonce(fapi: &Fapi) {
    let (_, tokens) = whole(fapi, &with(&fapi.asked(), json!({"nonce": null}))).await;
    if fapi.variant.openid == Openid::Connect {
        assert!(id_token(&tokens).get("nonce").is_none());
    }
}

async fn nonce_comes_back(fapi: &Fapi, nonce: &str) {
    let (_, tokens) = whole(fapi, &with(&fapi.asked(), json!({ "nonce": nonce }))).await;
    if fapi.variant.openid == Openid::Connect {
        assert_eq!(id_token(&tokens)["nonce"], nonce);
    }
}

pub async fn nonce_of_64(fapi: &Fapi) {
    nonce_comes_back(fapi, &"n".repeat(64)).await;
}

pub async fn long_nonce(fapi: &Fapi) {
    nonce_comes_back(fapi, &"n1-_".repeat(96)).await;
}

pub async fn long_state(fapi: &Fapi) {
    let state = "s1-_".repeat(96);
    let (answer, _) = whole(fapi, &with(&fapi.asked(), json!({ "state": state }))).await;
    assert_eq!(answer.get("state"), Some(state.as_str()));
}

pub async fn other_scope_order(fapi: &Fapi) {
    let asked = fapi.asked();
    let mut words: Vec<&str> = asked["scope"].as_str().unwrap().split(' ').collect();
    words.reverse();
    whole(fapi, &with(&asked, json!({ "scope": words.join(" ") }))).await;
}

pub async fn claims_parameter(fapi: &Fapi) {
    if fapi.variant.openid == Openid::PlainOauth {
        return;
    }
    let claims = json!({
        "id_token": {"name": null, "preferred_username": {"essential": true}, "shoe_size": {"value": "44"}},
        "userinfo": {"name": {"essential": false}, "favourite_colour": null},
        "nowhere": {"name": null},
    });
    let asked = with(
        &fapi.asked(),
        json!({ "claims": claims.to_string(), "scope": "openid" }),
    );
    let (_, tokens) = whole(fapi, &asked).await;
    let told = id_token(&tokens);
    assert_eq!(
        (told["name"].as_str(), told["preferred_username"].as_str()),
        (Some("Ann Sommer"), Some("ann"))
    );
    assert!(told.get("shoe_size").is_none());
    let userinfo = fapi
        .resource(&fapi.one, tokens["access_token"].as_str().unwrap())
        .await
        .json();
    assert_eq!(
        (userinfo["name"].as_str(), userinfo["sub"].as_str()),
        (Some("Ann Sommer"), told["sub"].as_str())
    );
}

/// Whatever stands beside the handle is not even looked at.
async fn beside(fapi: &Fapi, asked: &Asked, name: &str) -> (Answer, Value) {
    let address = fapi.address(&fapi.one, &fapi.push(&fapi.one, asked).await);
    let answer = fapi.visit(&fapi.one, &format!("{address}&{name}=outside")).await;
    let page = fapi.redeem(&fapi.one, answer.code()).await;
    let tokens = fapi.tokens(&fapi.one, &page).await;
    (answer, tokens)
}

pub async fn different_nonce_outside(fapi: &Fapi) {
    let (_, tokens) = beside(fapi, &fapi.asked(), "nonce").await;
    if fapi.variant.openid == Openid::Connect {
        assert_eq!(id_token(&tokens)["nonce"], "nonce-of-it");
    }
}

pub async fn different_state_outside(fapi: &Fapi) {
    let (answer, _) = beside(fapi, &fapi.asked(), "state").await;
    assert_eq!(answer.get("state"), Some("state-of-it"));
}

pub async fn state_only_outside(fapi: &Fapi) {
    let (answer, _) = beside(fapi, &with(&fapi.asked(), json!({"state": null})), "state").await;
    assert_eq!(answer.get("state"), None);
}

/// A request whose parameters stand in the query.
pub async fn without_par(fapi: &Fapi) {
    let asked = fapi.asked();
    let pairs = asked
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    let page = fapi.suite.browser.get(&format!("/authorize?{}", encode(pairs))).await;
    let answer = fapi.read(&fapi.one, &page).await;
    assert_eq!(answer.error(), "invalid_request");
    assert_eq!(answer.get("state"), Some("state-of-it"));
    // A request object by value is no pushed one either.
    let object = fapi.one.object(&asked, fapi.now(), &json!({}));
    let query = encode([("client_id", fapi.one.id.as_str()), ("request", object.as_str())].into_iter());
    let page = fapi.suite.browser.get(&format!("/authorize?{query}")).await;
    assert_eq!(fapi.read(&fapi.one, &page).await.error(), "invalid_request");
}

/// Nothing of the request is kept, and the error says what it is about.
async fn refused_at_par(fapi: &Fapi, changes: Value, errors: &[&str]) {
    let page = fapi.push(&fapi.one, &with(&fapi.asked(), changes.clone())).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{changes}: {}", page.body);
    let error = page.json()["error"].as_str().unwrap().to_owned();
    assert!(errors.contains(&error.as_str()), "{changes}: {error}");
}

pub async fn object_without_redirect_uri(fapi: &Fapi) {
    refused_at_par(
        fapi,
        json!({"redirect_uri": null}),
        &["invalid_request", "invalid_request_object"],
    )
    .await;
}

pub async fn unregistered_redirect_uri(fapi: &Fapi) {
    let other = format!("{}/random", fapi.one.redirect_uri);
    refused_at_par(
        fapi,
        json!({ "redirect_uri": other }),
        &["invalid_request", "invalid_request_object"],
    )
    .await;
}

pub async fn response_type_code_id_token(fapi: &Fapi) {
    refused_at_par(
        fapi,
        json!({"response_type": "code id_token"}),
        &["unsupported_response_type"],
    )
    .await;
}

pub async fn response_type_token(fapi: &Fapi) {
    refused_at_par(fapi, json!({"response_type": "token"}), &["unsupported_response_type"]).await;
}

pub async fn pkce_required(fapi: &Fapi) {
    let without = json!({"code_challenge": null, "code_challenge_method": null});
    refused_at_par(fapi, without, &["invalid_request"]).await;
}

pub async fn plain_pkce(fapi: &Fapi) {
    let verifier = crate::relying_party::VERIFIER;
    let plain = json!({"code_challenge": verifier, "code_challenge_method": "plain"});
    refused_at_par(fapi, plain, &["invalid_request"]).await;
    refused_at_par(fapi, json!({"code_challenge_method": null}), &["invalid_request"]).await;
}
