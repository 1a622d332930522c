//! A client's DPoP key (RFC 9449), for whoever measures what bound tokens cost.

use crate::Trouble;
use data_encoding::BASE64URL_NOPAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use samekey_shared::clock::{Clock, SystemClock};

/// The key.
#[derive(Debug)]
pub struct ProofKey {
    pair: EcdsaKeyPair,
    header: String,
}

fn wrong(what: &'static str) -> Trouble {
    Trouble::Program(format!("no DPoP {what}"))
}

impl ProofKey {
    /// A new one.
    pub fn new() -> Result<Self, Trouble> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| wrong("key"))?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).map_err(|_| wrong("key"))?;
        let point = pair.public_key().as_ref();
        let part = |range| {
            point
                .get(range)
                .map(|part| BASE64URL_NOPAD.encode(part))
                .ok_or_else(|| wrong("key"))
        };
        let jwk = serde_json::json!({ "kty": "EC", "crv": "P-256", "x": part(1..33)?, "y": part(33..65)? });
        let header = serde_json::json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        Ok(Self {
            pair,
            header: BASE64URL_NOPAD.encode(header.to_string().as_bytes()),
        })
    }

    /// A proof for one request.
    pub fn proof(&self, method: &str, address: &str) -> Result<String, Trouble> {
        let random = SystemRandom::new();
        let mut name = [0; 16];
        random.fill(&mut name).map_err(|_| wrong("proof"))?;
        let claims = serde_json::json!({
            "jti": BASE64URL_NOPAD.encode(&name), "htm": method, "htu": address, "iat": SystemClock.now(),
        });
        let message = format!(
            "{}.{}",
            self.header,
            BASE64URL_NOPAD.encode(claims.to_string().as_bytes())
        );
        let signature = self
            .pair
            .sign(&random, message.as_bytes())
            .map_err(|_| wrong("proof"))?;
        Ok(format!("{message}.{}", BASE64URL_NOPAD.encode(signature.as_ref())))
    }
}
