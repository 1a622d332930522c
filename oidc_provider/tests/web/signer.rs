//! An application with a key of its own: publishes it, and signs assertions and request objects, right and bent ones.

use crate::drawn_keys;
use crate::scene::ISSUER;
use data_encoding::BASE64URL_NOPAD;
use samekey_provider::keys::{Alg, Pair};
use serde_json::{Value, json};

/// RFC 7523 section 2.2.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// See the module.
pub struct Signer {
    pair: Pair,
    pub alg: Alg,
    pub kid: String,
}

impl Signer {
    /// Another seed is another key.
    pub fn new(alg: Alg, seed: u64) -> Self {
        Self {
            pair: Pair::read(alg, &drawn_keys::private(alg, seed)).unwrap(),
            alg,
            kid: format!("key-{seed}"),
        }
    }

    /// The public key.
    pub fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(self.pair.public()).unwrap();
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.alg.name());
        jwk
    }

    /// A set of it alone.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// Signs these claims under an ordinary header.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_under(&json!({"alg": self.alg.name(), "kid": self.kid}), claims)
    }

    /// Signs under whatever header.
    pub fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let signed = self.pair.sign(message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64URL_NOPAD.encode(&signed))
    }

    /// The claims of an assertion of this client, as they should be; `jti` is new each time.
    pub fn assertion(client: &str, now: i64) -> Value {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        json!({
            "iss": client,
            "sub": client,
            "aud": ISSUER,
            "iat": now,
            "exp": now + 60,
            "jti": format!("assertion-{id}"),
        })
    }
}
