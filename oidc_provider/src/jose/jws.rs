//! JSON Web Signature, compact form (RFC 7515), signed by others.

use super::{JoseError, JwkSet};
use crate::keys::Alg;
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Longest token that is read at all.
const LONGEST: usize = 32 * 1024;

/// The header: what a token says of itself. Members that we do not know are passed over (section 4), never followed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Header {
    /// The algorithm's name; not yet known to be allowed.
    pub alg: String,
    /// Which key.
    #[serde(default)]
    pub kid: Option<String>,
    /// What kind of token.
    #[serde(default)]
    pub typ: Option<String>,
    /// The key itself: only a DPoP proof is ever verified with that one.
    #[serde(default)]
    pub jwk: Option<Value>,
    #[serde(default)]
    crit: Option<Value>,
    #[serde(default)]
    b64: Option<Value>,
}

impl Header {
    /// Whether `typ` is this, with or without `application/`, in any case (RFC 7515 section 4.1.9).
    pub fn is(&self, typ: &str) -> bool {
        self.typ.as_deref().is_some_and(|own| {
            let own = own.to_ascii_lowercase();
            own.strip_prefix("application/").unwrap_or(&own) == typ
        })
    }

    /// Its algorithm, if the caller allows it.
    pub fn alg(&self, allowed: &[Alg]) -> Result<Alg, JoseError> {
        let alg = if self.alg == "Ed25519" {
            "EdDSA"
        } else {
            self.alg.as_str()
        };
        let alg: Alg = alg.parse().map_err(|_| JoseError::Algorithm)?;
        if allowed.contains(&alg) {
            Ok(alg)
        } else {
            Err(JoseError::Algorithm)
        }
    }
}

/// A token that one of the keys signed. Says nothing yet of who it is for or when.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Its header.
    pub header: Header,
    /// Its claims.
    pub claims: Map<String, Value>,
}

/// A token's three parts.
struct Parts<'a> {
    message: &'a str,
    header: Header,
    claims: &'a str,
    signature: Vec<u8>,
}

fn parts(token: &str) -> Result<Parts<'_>, JoseError> {
    if token.len() > LONGEST {
        return Err(JoseError::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(JoseError::Malformed)?;
    let (head, claims) = message.split_once('.').ok_or(JoseError::Malformed)?;
    if claims.contains('.') {
        // Five parts are an encrypted token.
        return Err(JoseError::Malformed);
    }
    let header: Header = serde_json::from_slice(&decoded(head)?).map_err(|_| JoseError::Malformed)?;
    if header.crit.is_some() || header.b64.is_some() {
        return Err(JoseError::Critical);
    }
    Ok(Parts {
        message,
        header,
        claims,
        signature: decoded(signature)?,
    })
}

fn decoded(text: &str) -> Result<Vec<u8>, JoseError> {
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| JoseError::Malformed)
}

/// A token's header, unverified: for a proof that brings its own key, and to see which key is meant.
pub fn header(token: &str) -> Result<Header, JoseError> {
    parts(token).map(|parts| parts.header)
}

/// A token's claims, unverified: only to find whose keys to look for, or where registration allows `none`.
pub fn unverified(token: &str) -> Result<Verified, JoseError> {
    let parts = parts(token)?;
    Ok(Verified {
        claims: claims(parts.claims)?,
        header: parts.header,
    })
}

fn claims(text: &str) -> Result<Map<String, Value>, JoseError> {
    serde_json::from_slice(&decoded(text)?).map_err(|_| JoseError::Malformed)
}

/// A token that one of these keys signed with one of these algorithms.
///
/// [`JoseError::NoKey`] tells that none was even tried: keys that are fetched are then worth fetching anew.
pub fn verify(token: &str, keys: &JwkSet, allowed: &[Alg]) -> Result<Verified, JoseError> {
    let parts = parts(token)?;
    let alg = parts.header.alg(allowed)?;
    let kid = parts.header.kid.clone();
    let mut candidates = keys.candidates(kid.as_deref(), alg).peekable();
    candidates.peek().ok_or(JoseError::NoKey)?;
    if !candidates.any(|key| key.verifies(alg, parts.message.as_bytes(), &parts.signature)) {
        return Err(JoseError::Signature);
    }
    Ok(Verified {
        claims: claims(parts.claims)?,
        header: parts.header,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Pair, make};
    use samekey_shared::entropy::SeededEntropy;
    use serde_json::json;

    fn encode(value: &Value) -> String {
        BASE64URL_NOPAD.encode(value.to_string().as_bytes())
    }

    #[test]
    fn only_allowed_algorithms_and_known_keys_verify() {
        let pair = Pair::read(Alg::Es256, &make(Alg::Es256, &SeededEntropy::new(3)).unwrap()).unwrap();
        let mut published = serde_json::to_value(pair.public()).unwrap();
        published["kid"] = json!("one");
        let keys =
            JwkSet::parse(&json!({ "keys": [published, {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}] })).unwrap();
        let token = |header: Value| {
            let message = format!("{}.{}", encode(&header), encode(&json!({"iss": "a"})));
            let signed = pair.sign(message.as_bytes()).unwrap();
            format!("{message}.{}", BASE64URL_NOPAD.encode(&signed))
        };
        let all = Alg::ALL.as_slice();
        let good = token(json!({"alg": "ES256", "kid": "one", "typ": "JWT", "x5t": "ignored"}));
        assert_eq!(verify(&good, &keys, all).unwrap().claims["iss"], "a");
        assert!(
            verify(&token(json!({"alg": "ES256"})), &keys, all).is_ok(),
            "no kid: whichever fits"
        );
        assert_eq!(verify(&good, &keys, &[Alg::EdDsa]), Err(JoseError::Algorithm));
        assert_eq!(verify(&good, &JwkSet::default(), all), Err(JoseError::NoKey));
        for (header, why) in [
            (json!({"alg": "none"}), JoseError::Algorithm),
            (json!({"alg": "HS256", "kid": "one"}), JoseError::Algorithm),
            (json!({"alg": "RS256", "kid": "one"}), JoseError::NoKey),
            (json!({"alg": "ES256", "kid": "two"}), JoseError::NoKey),
            (json!({"alg": "ES256", "kid": "../one"}), JoseError::NoKey),
            (
                json!({"alg": "ES256", "kid": "one", "crit": ["x"], "x": 1}),
                JoseError::Critical,
            ),
            (json!({"alg": "ES256", "kid": "one", "b64": false}), JoseError::Critical),
            (json!({"kid": "one"}), JoseError::Malformed),
        ] {
            assert_eq!(verify(&token(header.clone()), &keys, all), Err(why), "{header}");
        }
        let (message, signature) = good.rsplit_once('.').unwrap();
        let (header, _) = message.split_once('.').unwrap();
        let other = format!("{header}.{}.{signature}", encode(&json!({"iss": "b"})));
        assert_eq!(verify(&other, &keys, all), Err(JoseError::Signature));
        for broken in [
            "",
            ".",
            "..",
            "a.b.c",
            "e30.e30.",
            &format!("{good}.x.y"),
            &"a".repeat(40_000),
        ] {
            assert!(verify(broken, &keys, all).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_type_is_read_in_any_case_and_with_its_prefix() {
        let of = |typ: &str| header(&format!("{}.e30.", encode(&json!({"alg": "ES256", "typ": typ})))).unwrap();
        assert!(of("dpop+jwt").is("dpop+jwt") && of("application/DPoP+JWT").is("dpop+jwt"));
        assert!(!of("jwt").is("dpop+jwt"));
    }
}
