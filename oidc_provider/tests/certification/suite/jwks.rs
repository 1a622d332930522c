//! The provider's key set as a relying party sees it, and signatures verified by it alone (RFC 7515, RFC 7517, RFC 7518).

use crate::browser::Browser;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use data_encoding::BASE64URL_NOPAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;
use std::collections::BTreeSet;

/// Members that only a private or a symmetric key has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Fetches the set and holds it against the rules for every key.
pub async fn fetch(browser: &Browser) -> Vec<Value> {
    let page = browser.get("/jwks").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.headers[CONTENT_TYPE].to_str().unwrap().starts_with("application/"));
    let keys = page.json()["keys"].as_array().unwrap().clone();
    assert!(!keys.is_empty());
    let mut kids = BTreeSet::new();
    for key in &keys {
        assert!(
            kids.insert(key["kid"].as_str().unwrap().to_owned()),
            "two keys with one kid"
        );
        assert_eq!(key["use"], "sig", "{key}");
        for member in PRIVATE {
            assert!(key.get(member).is_none(), "{member} is published");
        }
        match key["kty"].as_str().unwrap() {
            "RSA" => assert!(bytes(&key["n"]).len() >= 256, "{key}"),
            "EC" => assert_eq!(
                (key["crv"].as_str(), bytes(&key["x"]).len(), bytes(&key["y"]).len()),
                (Some("P-256"), 32, 32)
            ),
            "OKP" => assert_eq!((key["crv"].as_str(), bytes(&key["x"]).len()), (Some("Ed25519"), 32)),
            other => panic!("a key of kind {other}"),
        }
    }
    keys
}

/// Verifies a token by the one key that its `kid` names; gives header and claims.
pub fn verify(keys: &[Value], token: &str) -> (Value, Value) {
    let (signed, signature) = token.rsplit_once('.').unwrap_or_else(|| panic!("no JWS: {token}"));
    let (header, claims) = signed.split_once('.').unwrap();
    let part =
        |text: &str| -> Value { serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()).unwrap() };
    let (header, claims) = (part(header), part(claims));
    let key = keys.iter().find(|key| key["kid"] == header["kid"]);
    let key = key.unwrap_or_else(|| panic!("the key is not published: {header}"));
    let alg = header["alg"].as_str().unwrap();
    assert!(
        key["alg"].as_str().is_none_or(|bound| bound == alg),
        "{header} by {key}"
    );
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let rsa = |how| {
        let key = RsaPublicKeyComponents {
            n: bytes(&key["n"]),
            e: bytes(&key["e"]),
        };
        key.verify(how, signed.as_bytes(), &signature).is_ok()
    };
    let good = match alg {
        "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "ES256" => {
            let point = [vec![4], bytes(&key["x"]), bytes(&key["y"])].concat();
            let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
            key.verify(signed.as_bytes(), &signature).is_ok()
        }
        "EdDSA" => {
            let key = UnparsedPublicKey::new(&signature::ED25519, bytes(&key["x"]));
            key.verify(signed.as_bytes(), &signature).is_ok()
        }
        other => panic!("signed by {other}"),
    };
    assert!(good, "the signature is wrong: {header}");
    (header, claims)
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64URL_NOPAD.decode(value.as_str().unwrap().as_bytes()).unwrap()
}
