//! Modules about request objects, as they are pushed (FAPI 2.0 Message Signing 5.3.1).

use super::Fapi;
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

const HOUR: i64 = 3600;

async fn push(fapi: &Fapi, object: &str) -> (StatusCode, String) {
    let form = [
        ("client_id".to_owned(), fapi.one.id.clone()),
        ("request".to_owned(), object.to_owned()),
    ];
    let page = fapi.push_form(&fapi.one, &form).await;
    (
        page.status,
        page.json()["error"].as_str().unwrap_or_default().to_owned(),
    )
}

async fn holds(fapi: &Fapi, changes: Value) {
    let object = fapi.one.object(&fapi.asked(), fapi.now(), &changes);
    let form = [
        ("client_id".to_owned(), fapi.one.id.clone()),
        ("request".to_owned(), object),
    ];
    let address = fapi.address(&fapi.one, &fapi.push_form(&fapi.one, &form).await);
    let answer = fapi.visit(&fapi.one, &address).await;
    let page = fapi.redeem(&fapi.one, answer.code()).await;
    fapi.tokens(&fapi.one, &page).await;
}

async fn is_refused(fapi: &Fapi, object: &str) {
    assert_eq!(
        push(fapi, object).await,
        (StatusCode::BAD_REQUEST, "invalid_request_object".to_owned()),
        "{object}"
    );
}

async fn refused_with(fapi: &Fapi, changes: Value) {
    is_refused(fapi, &fapi.one.object(&fapi.asked(), fapi.now(), &changes)).await;
}

pub async fn several_audiences(fapi: &Fapi) {
    holds(fapi, json!({"aud": [crate::scene::ISSUER, "https://other.example"]})).await;
}

pub async fn nbf_8_seconds_ahead(fapi: &Fapi) {
    holds(fapi, json!({"nbf": fapi.now() + 8})).await;
}

pub async fn without_exp(fapi: &Fapi) {
    refused_with(fapi, json!({"exp": null})).await;
}

pub async fn without_nbf(fapi: &Fapi) {
    refused_with(fapi, json!({"nbf": null})).await;
}

pub async fn expired(fapi: &Fapi) {
    let now = fapi.now();
    refused_with(fapi, json!({"exp": now - 300, "nbf": now - 600, "iat": now - 600})).await;
}

pub async fn bad_audience(fapi: &Fapi) {
    refused_with(fapi, json!({"aud": "https://other.example"})).await;
    refused_with(fapi, json!({"aud": null})).await;
}

pub async fn exp_over_an_hour(fapi: &Fapi) {
    refused_with(fapi, json!({"exp": fapi.now() + HOUR + 600})).await;
}

pub async fn nbf_over_an_hour(fapi: &Fapi) {
    refused_with(fapi, json!({"nbf": fapi.now() - HOUR - 600})).await;
}

pub async fn by_rs256(fapi: &Fapi) {
    let now = fapi.now();
    let mut claims = Value::Object(fapi.asked());
    for (name, value) in [
        ("exp", json!(now + 300)),
        ("nbf", json!(now)),
        ("aud", json!(crate::scene::ISSUER)),
    ] {
        claims[name] = value;
    }
    is_refused(fapi, &fapi.rs256(&claims)).await;
}

pub async fn by_none(fapi: &Fapi) {
    let object = fapi
        .one
        .object_as(&json!({"alg": "none"}), &fapi.asked(), fapi.now(), &json!({}));
    let (message, _) = object.rsplit_once('.').unwrap();
    is_refused(fapi, &format!("{message}.")).await;
}

pub async fn wrong_signature(fapi: &Fapi) {
    let object = fapi.one.object(&fapi.asked(), fapi.now(), &json!({}));
    let (message, signature) = object.rsplit_once('.').unwrap();
    let mut bytes = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    bytes[7] ^= 1;
    is_refused(fapi, &format!("{message}.{}", BASE64URL_NOPAD.encode(&bytes))).await;
}

pub async fn by_another_client(fapi: &Fapi) {
    let object = fapi.two.object(&fapi.asked(), fapi.now(), &json!({"iss": fapi.one.id}));
    is_refused(fapi, &object).await;
}

pub async fn with_a_request_uri(fapi: &Fapi) {
    refused_with(
        fapi,
        json!({"request_uri": "urn:ietf:params:oauth:request_uri:anything"}),
    )
    .await;
}

pub async fn unsigned_at_par(fapi: &Fapi) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let form: Vec<(String, String)> = fapi
        .asked()
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let page = fapi.push_form(&fapi.one, &form).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_request"))
    );
}
