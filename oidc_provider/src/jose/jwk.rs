//! One public key (RFC 7517, RFC 8037), and whether a signature is its own: by ring alone.

use super::JoseError;
use crate::keys::{Alg, PublicJwk};
use data_encoding::BASE64URL_NOPAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};

/// Members that only a private or symmetric key has (RFC 7518 sections 6.2.2, 6.3.2, 6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// Most characters of one member: an RSA modulus of 8192 bits is 1366.
const LONGEST: usize = 2048;

/// A public key that signatures are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    public: PublicJwk,
    material: Material,
    kid: Option<String>,
    alg: Option<String>,
    verifies: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Jwk {
    /// Reads one key. Private and symmetric ones are refused by their own names, so that who published one learns of it.
    pub fn parse(value: &Value) -> Result<Self, JoseError> {
        let members = value.as_object().ok_or(JoseError::Malformed)?;
        let kty = text(members, "kty")?.ok_or(JoseError::Malformed)?;
        if kty == "oct" {
            return Err(JoseError::Symmetric);
        }
        if PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return Err(JoseError::Private);
        }
        let mut public = PublicJwk {
            crv: None,
            e: None,
            kty: kty.to_owned(),
            n: None,
            x: None,
            y: None,
        };
        let material = match (kty, text(members, "crv")?) {
            ("RSA", _) => rsa(members, &mut public)?,
            ("EC", Some("P-256")) => p256(members, &mut public)?,
            ("OKP", Some("Ed25519")) => ed25519(members, &mut public)?,
            ("EC" | "OKP", None) => return Err(JoseError::Malformed),
            _ => return Err(JoseError::Unknown),
        };
        Ok(Self {
            public,
            material,
            kid: text(members, "kid")?.map(str::to_owned),
            alg: text(members, "alg")?.map(str::to_owned),
            verifies: is_for_signatures(members)?,
        })
    }

    /// The key of an RSA modulus and exponent, of a certificate's.
    pub fn of_rsa(n: &[u8], e: &[u8]) -> Result<Self, JoseError> {
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        Self::parse(&serde_json::json!({ "kty": "RSA", "n": text(n), "e": text(e) }))
    }

    /// The key of an uncompressed point on P-256, of a certificate's.
    pub fn of_p256(point: &[u8]) -> Result<Self, JoseError> {
        let (Some(0x04), Some(x), Some(y), 65) = (point.first(), point.get(1..33), point.get(33..), point.len()) else {
            return Err(JoseError::Malformed);
        };
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        Self::parse(&serde_json::json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) }))
    }

    /// The key of an Ed25519 point, of a certificate's.
    pub fn of_ed25519(x: &[u8]) -> Result<Self, JoseError> {
        Self::parse(&serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": BASE64URL_NOPAD.encode(x) }))
    }

    /// Its RFC 7638 thumbprint: the same for the same key, however it is written.
    pub fn thumbprint(&self) -> String {
        self.public.thumbprint()
    }

    /// The id it is published under.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether it is published for signatures, and for this algorithm.
    pub fn fits(&self, alg: Alg) -> bool {
        let kind = match self.material {
            Material::Rsa { .. } => matches!(alg, Alg::Rs256 | Alg::Ps256),
            Material::P256(_) => alg == Alg::Es256,
            Material::Ed25519(_) => alg == Alg::EdDsa,
        };
        // RFC 9864 calls EdDSA on this curve by the curve's name.
        let named = self.alg.as_deref().is_none_or(|own| {
            let own = if own == "Ed25519" { "EdDSA" } else { own };
            own == alg.name()
        });
        self.verifies && kind && named
    }

    /// Whether the signature over the message is this key's; false where the key does not fit the algorithm.
    pub fn verifies(&self, alg: Alg, message: &[u8], signed: &[u8]) -> bool {
        if !self.fits(alg) {
            return false;
        }
        match &self.material {
            Material::Rsa { n, e } => {
                let scheme = match alg {
                    Alg::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                    _ => &signature::RSA_PSS_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }.verify(scheme, message, signed).is_ok()
            }
            Material::P256(point) => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signed)
                .is_ok(),
            Material::Ed25519(x) => UnparsedPublicKey::new(&signature::ED25519, x)
                .verify(message, signed)
                .is_ok(),
        }
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JoseError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= LONGEST => Ok(Some(text)),
        Some(_) => Err(JoseError::Malformed),
    }
}

fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, JoseError> {
    let text = text(members, name)?.ok_or(JoseError::Malformed)?;
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| JoseError::Malformed)
}

/// Leading zeros are no part of a number (RFC 7518 section 2, Base64urlUInt), and would change the thumbprint.
fn number(members: &Map<String, Value>, name: &str) -> Result<(Vec<u8>, String), JoseError> {
    let bytes = bytes(members, name)?;
    let first = bytes.iter().position(|byte| *byte != 0).ok_or(JoseError::Malformed)?;
    let bytes = bytes.get(first..).unwrap_or_default().to_vec();
    let text = BASE64URL_NOPAD.encode(&bytes);
    Ok((bytes, text))
}

fn rsa(members: &Map<String, Value>, public: &mut PublicJwk) -> Result<Material, JoseError> {
    let (n, n_text) = number(members, "n")?;
    let (e, e_text) = number(members, "e")?;
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    // ring takes odd exponents from 3 to 2^33-1; below 2^16 is refused here (NIST SP 800-56B section 6.2).
    let large = e.len() > 2 && e.len() <= 5 && e.last().is_some_and(|byte| byte % 2 == 1);
    if !(2048..=8192).contains(&bits) || !large {
        return Err(JoseError::Weak);
    }
    public.n = Some(n_text);
    public.e = Some(e_text);
    Ok(Material::Rsa { n, e })
}

fn p256(members: &Map<String, Value>, public: &mut PublicJwk) -> Result<Material, JoseError> {
    let (x, y) = (bytes(members, "x")?, bytes(members, "y")?);
    if x.len() != 32 || y.len() != 32 {
        return Err(JoseError::Malformed);
    }
    public.crv = Some("P-256".to_owned());
    public.x = Some(BASE64URL_NOPAD.encode(&x));
    public.y = Some(BASE64URL_NOPAD.encode(&y));
    Ok(Material::P256([&[0x04], x.as_slice(), y.as_slice()].concat()))
}

fn ed25519(members: &Map<String, Value>, public: &mut PublicJwk) -> Result<Material, JoseError> {
    let x = bytes(members, "x")?;
    if x.len() != 32 {
        return Err(JoseError::Malformed);
    }
    public.crv = Some("Ed25519".to_owned());
    public.x = Some(BASE64URL_NOPAD.encode(&x));
    Ok(Material::Ed25519(x))
}

/// `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3): a key for encryption verifies nothing.
fn is_for_signatures(members: &Map<String, Value>) -> Result<bool, JoseError> {
    let by_use = text(members, "use")?.is_none_or(|what| what == "sig");
    let by_ops = match members.get("key_ops") {
        None | Some(Value::Null) => true,
        Some(Value::Array(ops)) => ops.iter().any(|op| op == "verify"),
        Some(_) => return Err(JoseError::Malformed),
    };
    Ok(by_use && by_ops)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Pair, make};
    use samekey_shared::entropy::SeededEntropy;
    use serde_json::json;

    fn pair(alg: Alg) -> Pair {
        Pair::read(alg, &make(alg, &SeededEntropy::new(3)).unwrap()).unwrap()
    }

    fn published(alg: Alg) -> Value {
        serde_json::to_value(pair(alg).public()).unwrap()
    }

    #[test]
    fn each_kind_verifies_its_own_signature_and_no_other() {
        let pairs: Vec<(Alg, Pair)> = Alg::ALL.into_iter().map(|alg| (alg, pair(alg))).collect();
        for (alg, pair) in &pairs {
            let jwk = Jwk::parse(&serde_json::to_value(pair.public()).unwrap()).unwrap();
            let signed = pair.sign(b"message").unwrap();
            assert!(jwk.verifies(*alg, b"message", &signed), "{alg}");
            assert!(!jwk.verifies(*alg, b"massage", &signed), "{alg}");
            assert!(!jwk.verifies(*alg, b"message", b""), "{alg}");
            for other in Alg::ALL.into_iter().filter(|other| other != alg) {
                assert!(!jwk.verifies(other, b"message", &signed), "{alg} as {other}");
            }
            assert_eq!(jwk.thumbprint(), pair.public().thumbprint());
        }
    }

    /// Row 13, and what DPoP proofs may not carry.
    #[test]
    fn private_symmetric_weak_and_broken_keys_are_refused_by_name() {
        let with = |alg, name: &str, value: Value| {
            let mut key = published(alg);
            key[name] = value;
            Jwk::parse(&key)
        };
        assert_eq!(with(Alg::Es256, "d", json!("AAAA")), Err(JoseError::Private));
        assert_eq!(with(Alg::Rs256, "qi", json!("AAAA")), Err(JoseError::Private));
        assert_eq!(
            Jwk::parse(&json!({"kty": "oct", "k": "AAAA"})),
            Err(JoseError::Symmetric)
        );
        assert_eq!(
            with(Alg::Rs256, "n", json!(BASE64URL_NOPAD.encode(&[0xff; 128]))),
            Err(JoseError::Weak)
        );
        assert_eq!(with(Alg::Rs256, "e", json!("Aw")), Err(JoseError::Weak));
        assert_eq!(with(Alg::Es256, "crv", json!("P-384")), Err(JoseError::Unknown));
        assert_eq!(with(Alg::EdDsa, "crv", json!("X25519")), Err(JoseError::Unknown));
        for (name, value) in [
            ("x", json!(5)),
            ("x", json!("AA")),
            ("x", json!("=")),
            ("kid", json!([])),
            ("crv", Value::Null),
            ("kty", json!(1)),
            ("key_ops", json!("verify")),
        ] {
            assert_eq!(with(Alg::Es256, name, value), Err(JoseError::Malformed), "{name}");
        }
        assert_eq!(Jwk::parse(&json!("key")), Err(JoseError::Malformed));
    }

    #[test]
    fn a_key_for_encryption_or_another_algorithm_verifies_nothing() {
        // Drawn once: ring's own dice know no seed.
        let pair = pair(Alg::Es256);
        let signed = pair.sign(b"m").unwrap();
        for (name, value, good) in [
            ("use", json!("sig"), true),
            ("use", json!("enc"), false),
            ("key_ops", json!(["verify"]), true),
            ("key_ops", json!(["encrypt"]), false),
            ("alg", json!("ES256"), true),
            ("alg", json!("ECDH-ES"), false),
        ] {
            let mut key = serde_json::to_value(pair.public()).unwrap();
            key[name] = value.clone();
            let jwk = Jwk::parse(&key).unwrap();
            assert_eq!(jwk.verifies(Alg::Es256, b"m", &signed), good, "{name} {value}");
        }
    }

    /// RFC 8037 appendix A.3.
    #[test]
    fn the_thumbprint_is_that_of_the_specification_however_the_key_is_written() {
        let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "x", "use": "sig",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        assert_eq!(
            Jwk::parse(&key).unwrap().thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
        let mut padded = published(Alg::Rs256);
        let n = BASE64URL_NOPAD
            .decode(padded["n"].as_str().unwrap().as_bytes())
            .unwrap();
        let plain = Jwk::parse(&padded).unwrap().thumbprint();
        padded["n"] = json!(BASE64URL_NOPAD.encode(&[&[0, 0], n.as_slice()].concat()));
        assert_eq!(Jwk::parse(&padded).unwrap().thumbprint(), plain);
    }
}
