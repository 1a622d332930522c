//! Somebody who holds a DPoP key (RFC 9449): makes proofs, and bent ones.

use crate::browser::{Browser, Page};
use crate::scene::{ISSUER, Scene};
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use samekey_provider::http::params::encode;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// See the module.
pub struct Prover {
    pair: EcdsaKeyPair,
    made: AtomicU32,
}

/// A proof before it is signed.
#[derive(Debug, Clone)]
pub struct Draft {
    pub header: Value,
    pub claims: Value,
}

impl Prover {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private.as_ref(), &random).unwrap();
        Self {
            pair,
            made: AtomicU32::new(0),
        }
    }

    pub fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])})
    }

    /// RFC 7638.
    pub fn jkt(&self) -> String {
        let jwk = self.jwk();
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]);
        hash(&canonical)
    }

    /// What a proof for this call holds; `path` is one of the provider's own.
    pub fn draft(&self, now: i64, method: &str, path: &str, token: Option<&str>) -> Draft {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let mut claims = json!({
            "jti": format!("{number}-{now}"),
            "htm": method,
            "htu": format!("{ISSUER}{path}"),
            "iat": now,
        });
        if let Some(token) = token {
            claims["ath"] = hash(token).into();
        }
        Draft {
            header: json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()}),
            claims,
        }
    }

    pub fn sign(&self, draft: &Draft) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(&draft.header), part(&draft.claims));
        let signed = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64URL_NOPAD.encode(signed.as_ref()))
    }

    pub fn proof(&self, now: i64, method: &str, path: &str, token: Option<&str>) -> String {
        self.sign(&self.draft(now, method, path, token))
    }
}

/// SHA-256 in base64url.
pub fn hash(text: &str) -> String {
    hash_of(text.as_bytes())
}

/// The same of bytes.
pub fn hash_of(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(digest(&SHA256, bytes).as_ref())
}

/// `POST` of a form with these `DPoP` headers.
pub async fn post(browser: &Browser, path: &str, params: &[(&str, &str)], proofs: &[&str]) -> Page {
    let mut request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    for proof in proofs {
        request = request.header("DPoP", *proof);
    }
    browser.send(request, Body::from(encode(params.iter().copied()))).await
}

/// `GET /userinfo` with this `Authorization` and these `DPoP` headers.
pub async fn userinfo(scene: &Scene, authorization: &str, proofs: &[&str]) -> Page {
    let mut request = Request::get("/userinfo").header(AUTHORIZATION, authorization);
    for proof in proofs {
        request = request.header("dpop", *proof);
    }
    scene.browser().send(request, Body::empty()).await
}
