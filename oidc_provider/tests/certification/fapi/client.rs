//! A client of the profile: what it signs, and what it shows.

use super::{Asked, x509};
use crate::drawn_keys;
use crate::scene::ISSUER;
use data_encoding::BASE64URL_NOPAD;
use samekey_provider::keys::{Alg, Pair};
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Never the same `jti` twice.
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// See the module.
pub struct Client {
    pub id: String,
    pub redirect_uri: String,
    key: Pair,
    dpop: Pair,
    tls: Pair,
    certificate: Vec<u8>,
}

/// What goes with one call.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    pub fields: Vec<(String, String)>,
    pub certificate: Option<Vec<u8>>,
    pub proof: Option<String>,
}

impl Shown {
    #[expect(clippy::needless_pass_by_value, reason = "made for this one call")]
    pub fn assertion(mut self, client: &Client, assertion: String) -> Self {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        for (name, value) in [
            ("client_assertion_type", kind),
            ("client_assertion", &assertion),
            ("client_id", &client.id),
        ] {
            self.fields.retain(|(known, _)| known != name);
            self.fields.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub fn certificate(mut self, client: &Client) -> Self {
        self.certificate = Some(client.certificate.clone());
        if !self.fields.iter().any(|(name, _)| name == "client_id") {
            self.fields.push(("client_id".to_owned(), client.id.clone()));
        }
        self
    }

    pub fn proof(mut self, proof: String) -> Self {
        self.proof = Some(proof);
        self
    }
}

fn pair(alg: Alg, seed: u64) -> Pair {
    Pair::read(alg, &drawn_keys::private(alg, seed)).unwrap()
}

fn encoded(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

/// SHA-256 in base64url.
pub fn hash(text: &str) -> String {
    BASE64URL_NOPAD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref())
}

/// Claims with changes; `null` leaves one out.
fn changed(mut claims: Map<String, Value>, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.clone(), value.clone());
        }
    }
    Value::Object(claims)
}

impl Client {
    /// Its signatures are ES256, its certificate holds an Ed25519 key.
    pub fn new(id: &str, seed: u64) -> Self {
        let tls = pair(Alg::EdDsa, seed + 2000);
        Self {
            id: id.to_owned(),
            redirect_uri: format!("https://suite.example/{id}/callback"),
            key: pair(Alg::Es256, seed),
            dpop: pair(Alg::Es256, seed + 1000),
            certificate: x509::self_signed(&tls),
            tls,
        }
    }

    /// What it registers: the key that signs, and the certificate's.
    pub fn jwks(&self) -> Value {
        let public = |pair: &Pair| serde_json::to_value(pair.public()).unwrap();
        json!({ "keys": [public(&self.key), public(&self.tls)] })
    }

    /// Signs with its registered key.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        signed(&self.key, header, claims)
    }

    /// A request object.
    pub fn object(&self, asked: &Asked, now: i64, changes: &Value) -> String {
        self.object_as(
            &json!({"alg": "ES256", "typ": "oauth-authz-req+jwt"}),
            asked,
            now,
            changes,
        )
    }

    /// The same under another header.
    pub fn object_as(&self, header: &Value, asked: &Asked, now: i64, changes: &Value) -> String {
        let mut claims = asked.clone();
        let about = json!({ "iss": self.id, "aud": ISSUER, "exp": now + 300, "nbf": now, "iat": now });
        claims.extend(about.as_object().unwrap().clone());
        self.sign(header, &changed(claims, changes))
    }

    /// A client assertion (RFC 7523).
    pub fn assertion(&self, now: i64, changes: &Value) -> String {
        self.assertion_as("ES256", now, changes)
    }

    /// The same under another algorithm's name.
    pub fn assertion_as(&self, alg: &str, now: i64, changes: &Value) -> String {
        let claims = json!({
            "iss": self.id, "sub": self.id, "aud": ISSUER, "exp": now + 60, "iat": now, "nbf": now, "jti": serial(),
        });
        self.sign(
            &json!({ "alg": alg }),
            &changed(claims.as_object().unwrap().clone(), changes),
        )
    }

    /// A DPoP proof (RFC 9449).
    pub fn proof(&self, now: i64, (method, path): (&str, &str), changes: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.dpop.public() });
        let claims = json!({ "jti": serial(), "htm": method, "htu": format!("{ISSUER}{path}"), "iat": now });
        signed(
            &self.dpop,
            &header,
            &changed(claims.as_object().unwrap().clone(), changes),
        )
    }
}

fn serial() -> String {
    format!("serial-{}", SERIAL.fetch_add(1, Ordering::Relaxed))
}

fn signed(pair: &Pair, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = pair.sign(message.as_bytes()).unwrap();
    format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
}
