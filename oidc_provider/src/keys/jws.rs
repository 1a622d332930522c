//! JSON Web Signature, compact form (RFC 7515): ID tokens signed, ID token hints read back.
//!
//! Only our own keys ever verify: the header's `kid` picks one of them, the key's own algorithm must be the header's, and
//! a header with any further member (`crit`, `jwk`, `jku`, `x5u`, `zip`, ...) is refused (oidc.md row 13).

use super::{Alg, Key, KeySet, PairError};
use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The type of tokens that have none of their own.
const PLAIN: &str = "JWT";
/// Longest token that is read at all.
const LONGEST: usize = 8 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    alg: &'a str,
    kid: &'a str,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typ: Option<&'a str>,
}

/// Signs the claims of an ID token, or of whatever else has no type of its own.
pub fn sign(key: &Key, claims: &impl Serialize) -> Result<String, PairError> {
    sign_typed(key, PLAIN, claims)
}

/// Signs claims of this type (RFC 8725 section 3.11), so that no kind of token is taken for another.
pub fn sign_typed(key: &Key, typ: &str, claims: &impl Serialize) -> Result<String, PairError> {
    let header = Header {
        alg: key.alg.name(),
        kid: &key.kid,
        typ: Some(typ),
    };
    let header = serde_json::to_vec(&header).map_err(|_| PairError::Signing)?;
    let claims = serde_json::to_vec(claims).map_err(|_| PairError::Signing)?;
    let mut token = BASE64URL_NOPAD.encode(&header);
    token.push('.');
    BASE64URL_NOPAD.encode_append(&claims, &mut token);
    let signed = key.pair.sign(token.as_bytes())?;
    token.push('.');
    BASE64URL_NOPAD.encode_append(&signed, &mut token);
    Ok(token)
}

/// Reads claims without a type of their own that one of our keys signed; `None` for anything else. Says nothing of `aud`
/// or `exp`.
pub fn read<T: DeserializeOwned>(keys: &KeySet, token: &str) -> Option<T> {
    read_typed(keys, PLAIN, token)
}

/// The same, of this type.
pub fn read_typed<T: DeserializeOwned>(keys: &KeySet, typ: &str, token: &str) -> Option<T> {
    if token.len() > LONGEST {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let header = BASE64URL_NOPAD.decode(header.as_bytes()).ok()?;
    let header: Header<'_> = serde_json::from_slice(&header).ok()?;
    if header.typ.unwrap_or(PLAIN) != typ {
        return None;
    }
    let alg: Alg = header.alg.parse().ok()?;
    let key = keys.by_kid(header.kid).filter(|key| key.alg == alg)?;
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
    if !key.pair.verifies(message.as_bytes(), &signature) {
        return None;
    }
    serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?).ok()
}

/// `at_hash` (OpenID Connect Core 3.1.3.6): the left half of the hash that goes with the algorithm.
pub fn half_hash(alg: Alg, text: &str) -> String {
    // Ed25519 hashes with SHA-512 inside, and so does its at_hash.
    let (hash, half) = match alg {
        Alg::Rs256 | Alg::Ps256 | Alg::Es256 => (&ring::digest::SHA256, 16),
        Alg::EdDsa => (&ring::digest::SHA512, 32),
    };
    BASE64URL_NOPAD.encode(&ring::digest::digest(hash, text.as_bytes()).as_ref()[..half])
}
