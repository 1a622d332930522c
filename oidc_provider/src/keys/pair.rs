//! One key pair: made here, signing and verifying with ring.

use super::Alg;
use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey};
use rsa::pkcs8::EncodePrivateKey;
use samekey_shared::entropy::Entropy;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Modulus of an RS256 or PS256 key, in bits.
const RSA_BITS: usize = 2048;

/// Why a key could not be made, read or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// No random bytes, or no primes found.
    #[error("no signing key could be made")]
    Making,
    /// What the store holds is not a key of that algorithm.
    #[error("the stored signing key cannot be read")]
    Reading,
    /// The signature failed.
    #[error("nothing was signed")]
    Signing,
}

type RsaParts = ring::rsa::PublicKeyComponents<Vec<u8>>;

/// A private key, ready to sign.
pub enum Pair {
    /// For [`Alg::Rs256`].
    Rsa(Box<RsaKeyPair>),
    /// For [`Alg::Ps256`].
    RsaPss(Box<RsaKeyPair>),
    /// For [`Alg::Es256`].
    P256(EcdsaKeyPair),
    /// For [`Alg::EdDsa`].
    Ed25519(Ed25519KeyPair),
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pair([secret])")
    }
}

/// The public half as RFC 7517 writes it. Members are in the order of RFC 7638, so that its serialisation without `kid`,
/// `use` and `alg` is what the thumbprint hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicJwk {
    /// Curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// RSA exponent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// Key type.
    pub kty: String,
    /// RSA modulus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// X coordinate, or the Ed25519 key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Y coordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

impl PublicJwk {
    /// The key's id: its RFC 7638 thumbprint, so that no two keys ever share one.
    pub fn thumbprint(&self) -> String {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        BASE64URL_NOPAD.encode(ring::digest::digest(&ring::digest::SHA256, &canonical).as_ref())
    }
}

/// Makes the private key of an algorithm; the bytes are what `Pair::read` reads back.
pub fn make(alg: Alg, entropy: &dyn Entropy) -> Result<Zeroizing<Vec<u8>>, PairError> {
    match alg {
        Alg::Rs256 | Alg::Ps256 => {
            let key = rsa::RsaPrivateKey::new(&mut Draw(entropy), RSA_BITS).map_err(|_| PairError::Making)?;
            let der = key.to_pkcs8_der().map_err(|_| PairError::Making)?;
            Ok(Zeroizing::new(der.as_bytes().to_vec()))
        }
        // ring draws these itself: its generator cannot be replaced.
        Alg::Es256 => {
            let der = EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
            Ok(Zeroizing::new(der.map_err(|_| PairError::Making)?.as_ref().to_vec()))
        }
        Alg::EdDsa => {
            let mut seed = Zeroizing::new(vec![0; 32]);
            entropy.fill(&mut seed).map_err(|_| PairError::Making)?;
            Ok(seed)
        }
    }
}

impl Pair {
    /// Reads a private key back.
    pub fn read(alg: Alg, private: &[u8]) -> Result<Self, PairError> {
        let wrong = |_| PairError::Reading;
        Ok(match alg {
            Alg::Rs256 => Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(private).map_err(wrong)?)),
            Alg::Ps256 => Self::RsaPss(Box::new(RsaKeyPair::from_pkcs8(private).map_err(wrong)?)),
            Alg::Es256 => {
                let spec = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                Self::P256(EcdsaKeyPair::from_pkcs8(spec, private, &SystemRandom::new()).map_err(wrong)?)
            }
            Alg::EdDsa => Self::Ed25519(Ed25519KeyPair::from_seed_unchecked(private).map_err(wrong)?),
        })
    }

    /// The public half.
    pub fn public(&self) -> PublicJwk {
        let text = |bytes: &[u8]| Some(BASE64URL_NOPAD.encode(bytes));
        let mut jwk = PublicJwk {
            crv: None,
            e: None,
            kty: String::new(),
            n: None,
            x: None,
            y: None,
        };
        match self {
            Self::Rsa(pair) | Self::RsaPss(pair) => {
                "RSA".clone_into(&mut jwk.kty);
                let parts = RsaParts::from(pair.public());
                jwk.n = text(&parts.n);
                jwk.e = text(&parts.e);
            }
            Self::P256(pair) => {
                "EC".clone_into(&mut jwk.kty);
                jwk.crv = Some("P-256".to_owned());
                // 0x04, then both coordinates of 32 bytes.
                let point = pair.public_key().as_ref();
                jwk.x = point.get(1..33).and_then(text);
                jwk.y = point.get(33..65).and_then(text);
            }
            Self::Ed25519(pair) => {
                "OKP".clone_into(&mut jwk.kty);
                jwk.crv = Some("Ed25519".to_owned());
                jwk.x = text(pair.public_key().as_ref());
            }
        }
        jwk
    }

    /// Signs, in the form that JWS wants.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, PairError> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => rsa_signed(pair, &signature::RSA_PKCS1_SHA256, &random, message),
            Self::RsaPss(pair) => rsa_signed(pair, &signature::RSA_PSS_SHA256, &random, message),
            Self::P256(pair) => {
                let signed = pair.sign(&random, message).map_err(|_| PairError::Signing)?;
                Ok(signed.as_ref().to_vec())
            }
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// Whether a signature is this key's.
    pub fn verifies(&self, message: &[u8], signed: &[u8]) -> bool {
        match self {
            Self::Rsa(pair) => RsaParts::from(pair.public())
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signed)
                .is_ok(),
            Self::RsaPss(pair) => RsaParts::from(pair.public())
                .verify(&signature::RSA_PSS_2048_8192_SHA256, message, signed)
                .is_ok(),
            Self::P256(pair) => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, pair.public_key())
                .verify(message, signed)
                .is_ok(),
            Self::Ed25519(pair) => UnparsedPublicKey::new(&signature::ED25519, pair.public_key())
                .verify(message, signed)
                .is_ok(),
        }
    }
}

fn rsa_signed(
    pair: &RsaKeyPair,
    padding: &'static dyn signature::RsaEncoding,
    random: &SystemRandom,
    message: &[u8],
) -> Result<Vec<u8>, PairError> {
    let mut out = vec![0; pair.public().modulus_len()];
    pair.sign(padding, random, message, &mut out)
        .map_err(|_| PairError::Signing)?;
    Ok(out)
}

/// Our entropy in the form that `rsa` asks for.
struct Draw<'a>(&'a dyn Entropy);

impl rand_core_06::RngCore for Draw<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core_06::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core_06::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        if self.0.fill(dest).is_err() {
            // The trait has no way to fail here, and a weak key must not come of it: `rsa` draws through `try_fill_bytes`
            // for nothing, so this process ends rather than sign with a guessable key.
            std::process::abort();
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core_06::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl rand_core_06::CryptoRng for Draw<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::entropy::SeededEntropy;

    #[test]
    fn every_algorithm_signs_what_it_verifies_and_nothing_else() {
        let entropy = SeededEntropy::new(7);
        let pairs = Alg::ALL.map(|alg| Pair::read(alg, &make(alg, &entropy).unwrap()).unwrap());
        for pair in &pairs {
            let signed = pair.sign(b"message").unwrap();
            assert!(pair.verifies(b"message", &signed));
            assert!(!pair.verifies(b"massage", &signed));
            assert!(!pair.verifies(b"message", &signed[1..]));
            assert!(!pair.verifies(b"message", b""));
        }
        assert!(!pairs[0].verifies(b"message", &pairs[1].sign(b"message").unwrap()));
    }

    #[test]
    fn one_rsa_key_never_verifies_the_other_padding() {
        let private = make(Alg::Rs256, &SeededEntropy::new(8)).unwrap();
        let [plain, pss] = [Alg::Rs256, Alg::Ps256].map(|alg| Pair::read(alg, &private).unwrap());
        assert!(!plain.verifies(b"message", &pss.sign(b"message").unwrap()));
        assert!(!pss.verifies(b"message", &plain.sign(b"message").unwrap()));
    }

    #[test]
    fn thumbprint_is_that_of_rfc_7638() {
        // RFC 7638 section 3.1.
        let jwk = PublicJwk {
            crv: None,
            e: Some("AQAB".into()),
            kty: "RSA".into(),
            n: Some(
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
                 tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI\
                 SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
                    .replace(' ', ""),
            ),
            x: None,
            y: None,
        };
        assert_eq!(jwk.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn printing_a_key_tells_nothing() {
        let private = make(Alg::EdDsa, &SeededEntropy::new(7)).unwrap();
        assert_eq!(
            format!("{:?}", Pair::read(Alg::EdDsa, &private).unwrap()),
            "Pair([secret])"
        );
    }
}
