//! A key of a client that the suite plays: it signs its assertions and proofs with the private half, we know the public one.

use crate::exit::Failure;
use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// Where the private number of a P-256 key lies in the PKCS #8 document that ring writes (RFC 5915 inside RFC 5208).
const NUMBER: std::ops::Range<usize> = 36..68;

/// See the module.
pub(super) struct PrivateKey {
    public: Value,
    number: String,
}

impl PrivateKey {
    /// Makes one for ES256, which FAPI 2.0 allows and the suite speaks. ring draws it itself.
    pub(super) fn make() -> Result<Self, Failure> {
        let failed = || Failure::failed("no key could be made");
        let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(how, &random).map_err(|_| failed())?;
        let pair = EcdsaKeyPair::from_pkcs8(how, document.as_ref(), &random).map_err(|_| failed())?;
        // 0x04, then both coordinates of 32 bytes.
        let point = pair.public_key().as_ref();
        let text = |bytes: Option<&[u8]>| bytes.map(|bytes| BASE64URL_NOPAD.encode(bytes)).ok_or_else(failed);
        let (x, y) = (text(point.get(1..33))?, text(point.get(33..65))?);
        // RFC 7638: the members in this order, without blanks.
        let named = format!("{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"{x}\",\"y\":\"{y}\"}}");
        let kid = ring::digest::digest(&ring::digest::SHA256, named.as_bytes());
        let kid = BASE64URL_NOPAD.encode(kid.as_ref());
        Ok(Self {
            public: json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig", "alg": "ES256"}),
            number: text(document.as_ref().get(NUMBER))?,
        })
    }

    /// What is registered.
    pub(super) fn public(&self) -> Value {
        self.public.clone()
    }

    /// What the suite signs with.
    pub(super) fn private(&self) -> Value {
        let mut whole = self.public.clone();
        whole["d"] = Value::from(self.number.as_str());
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the suite gets is the private half of what is registered: it signs, and the public half verifies.
    #[test]
    fn both_halves_are_of_one_key() {
        let key = PrivateKey::make().unwrap();
        let bytes = |name: &str| {
            let whole = key.private();
            BASE64URL_NOPAD
                .decode(whole[name].as_str().unwrap().as_bytes())
                .unwrap()
        };
        let point = [vec![4], bytes("x"), bytes("y")].concat();
        let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        assert!(EcdsaKeyPair::from_private_key_and_public_key(how, &bytes("d"), &point, &random).is_ok());
        assert!(key.public().get("d").is_none());
    }
}
