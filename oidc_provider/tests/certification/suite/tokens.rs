//! What a token response must be, whatever the module (OpenID Connect Core 3.1.3.3 to 3.1.3.8, RFC 6749 section 5.1).

use super::{Asked, Suite, jwks};
use crate::browser::Page;
use crate::scene::ISSUER;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use std::collections::BTreeMap;

/// The least entropy of what must not be guessed, in bits, by the suite's measure.
const LEAST_BITS: f64 = 96.0;

/// A token response whose every part was looked at.
pub struct Tokens {
    /// The whole response.
    pub response: Value,
    /// The ID token as it came.
    pub id_token: String,
    pub header: Value,
    pub claims: Value,
    pub access_token: String,
}

impl Tokens {
    pub async fn verified(suite: &Suite, asked: &Asked, answer: &Page) -> Self {
        let response = token_response(answer);
        let text = |member: &str| {
            response[member]
                .as_str()
                .unwrap_or_else(|| panic!("no {member}: {response}"))
        };
        let (access_token, id_token) = (text("access_token").to_owned(), text("id_token").to_owned());
        let keys = jwks::fetch(&suite.browser).await;
        let (header, claims) = jwks::verify(&keys, &id_token);
        look_at(suite.scene.now(), asked, &claims);
        let hash = ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes());
        if let Some(bound) = claims["at_hash"].as_str() {
            assert_eq!(bound, BASE64URL_NOPAD.encode(&hash.as_ref()[..16]));
        }
        Self {
            response,
            id_token,
            header,
            claims,
            access_token,
        }
    }

    pub fn auth_time(&self) -> i64 {
        self.claims["auth_time"].as_i64().unwrap()
    }
}

/// A successful answer of the token endpoint, with what RFC 6749 section 5.1 wants of each.
pub fn token_response(answer: &Page) -> Value {
    let header = |name: axum::http::HeaderName| answer.headers[name].to_str().unwrap().to_owned();
    assert!(header(CONTENT_TYPE).starts_with("application/json"), "{}", answer.body);
    assert!(header(CACHE_CONTROL).contains("no-store"));
    let response = answer.json();
    let kind = response["token_type"].as_str().unwrap();
    assert!(["bearer", "dpop"].contains(&kind.to_lowercase().as_str()), "{kind}");
    assert!(response["expires_in"].as_i64().is_none_or(|seconds| seconds > 0));
    assert!(entropy(response["access_token"].as_str().unwrap()) >= LEAST_BITS);
    response
}

/// OpenID Connect Core 3.1.3.7.
fn look_at(now: i64, asked: &Asked, claims: &Value) {
    let client = asked.value("client_id").unwrap();
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], client, "a string with nobody else in it");
    assert!(claims.get("azp").is_none_or(|azp| azp == client));
    let sub = claims["sub"].as_str().unwrap();
    assert!(!sub.is_empty() && sub.len() <= 255 && sub.is_ascii(), "{sub}");
    let (issued, ends) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert!(issued <= now && now < ends && ends - issued <= 86_400, "{claims}");
    assert_eq!(claims.get("nonce").and_then(Value::as_str), asked.value("nonce"));
    assert!(claims["auth_time"].as_i64().is_none_or(|time| time <= now));
}

/// A code that nobody guesses, of characters that survive an address.
pub fn is_code(code: &str) {
    assert!(entropy(code) >= LEAST_BITS, "{code}");
    assert!(code.bytes().all(|b| (0x20..0x7F).contains(&b)), "{code}");
}

/// Shannon's entropy of the text, in bits for the whole of it.
fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<char, u32> = BTreeMap::new();
    for letter in text.chars() {
        *counts.entry(letter).or_default() += 1;
    }
    let all = f64::from(counts.values().sum::<u32>());
    let of_one: f64 = counts
        .values()
        .map(|count| {
            let share = f64::from(*count) / all;
            -share * share.log2()
        })
        .sum();
    of_one * all
}
