//! Public keys in COSE (RFC 9052), as authenticators hand them out: four algorithms, and nothing in them that need not be.

use super::cbor::Reader;
use super::error::KeyError;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use std::fmt;

/// ECDSA on P-256 with SHA-256.
pub const ES256: i64 = -7;
/// ECDSA on P-384 with SHA-384.
pub const ES384: i64 = -35;
/// EdDSA; on Ed25519 alone.
pub const EDDSA: i64 = -8;
/// RSASSA-PKCS1-v1_5 with SHA-256: Windows Hello on older TPMs.
pub const RS256: i64 = -257;

/// What we accept, the best first: for `pubKeyCredParams`. ES256 is what every key has.
pub const ALGORITHMS: [i64; 4] = [ES256, EDDSA, ES384, RS256];

/// The longest public key that is looked at, in bytes: RSA with 4096 bits has 528.
pub const LONGEST: usize = 768;
/// RSA from 2048 to 4096 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;
/// 65537, the one exponent that keys are made with.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// A public key that may verify.
#[derive(Clone, PartialEq, Eq)]
pub struct CoseKey(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// The uncompressed point.
    Es256([u8; 65]),
    /// The uncompressed point.
    Es384([u8; 97]),
    EdDsa([u8; 32]),
    /// The modulus; the exponent is always [`EXPONENT`].
    Rs256(Box<[u8]>),
}

impl CoseKey {
    /// Reads a key: an algorithm of [`ALGORITHMS`], exactly its parameters (WebAuthn Level 3, 6.5.1.1), no bytes after
    /// them. Whether an elliptic curve's coordinates are a point of it is [`Self::check_point`]'s business, and that of
    /// every verification.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() > LONGEST {
            return Err(KeyError::Malformed);
        }
        let mut reader = Reader::new(bytes);
        let parameters = Parameters::read(&mut reader)?;
        reader.finish()?;
        parameters.key()
    }

    /// A bare public key of ES256, `EdDSA` or RS256 as a COSE key: libfido2 and the programs built on it hold x and y (U2F's with
    /// 4 in front), Ed25519's 32 bytes, or a modulus of 2048 bits with its exponent behind.
    pub fn wrapped(algorithm: i64, bare: &[u8]) -> Result<Vec<u8>, KeyError> {
        let key = match (algorithm, bare) {
            (ES256, [4, point @ ..]) if point.len() == 64 => return Self::wrapped(ES256, point),
            (ES256, point) if point.len() == 64 => {
                let (x, y) = point.split_at(32);
                [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat()
            }
            (EDDSA, key) if key.len() == 32 => [b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", key].concat(),
            (RS256, [modulus @ .., 1, 0, 1]) if modulus.len() == *MODULUS.start() => {
                let head = b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00";
                [head, modulus, b"\x21\x43\x01\x00\x01"].concat()
            }
            _ => return Err(KeyError::Malformed),
        };
        Self::parse(&key)?.check_point()?;
        Ok(key)
    }

    /// The COSE number of its algorithm.
    pub fn algorithm(&self) -> i64 {
        match self.0 {
            Kind::Es256(_) => ES256,
            Kind::Es384(_) => ES384,
            Kind::EdDsa(_) => EDDSA,
            Kind::Rs256(_) => RS256,
        }
    }

    /// Whether this key signed this message; ECDSA's signature is in ASN.1 (WebAuthn Level 3, 6.5.6).
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let verified = match &self.0 {
            Kind::Es256(point) => by(&ECDSA_P256_SHA256_ASN1, point, message, signature),
            Kind::Es384(point) => by(&ECDSA_P384_SHA384_ASN1, point, message, signature),
            Kind::EdDsa(key) => by(&ED25519, key, message, signature),
            Kind::Rs256(modulus) => RsaPublicKeyComponents::<&[u8]> {
                n: modulus,
                e: &EXPONENT,
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
        };
        verified.map_err(|_| KeyError::BadSignature)
    }

    /// Whether an elliptic curve's coordinates are a point of it, asked once, when the key is bound. A key that is none
    /// could never sign in; better to say so at once. Ed25519 keys are looked at only by their first signature.
    pub fn check_point(&self) -> Result<(), KeyError> {
        let (curve, point) = match &self.0 {
            Kind::Es256(point) => (&ring::agreement::ECDH_P256, &point[..]),
            Kind::Es384(point) => (&ring::agreement::ECDH_P384, &point[..]),
            Kind::EdDsa(_) | Kind::Rs256(_) => return Ok(()),
        };
        // ring checks a point where it uses it, and has no other door to that check than key agreement. The private
        // half is thrown away, so what it was cannot matter.
        let random = ring::rand::SystemRandom::new();
        ring::agreement::EphemeralPrivateKey::generate(curve, &random)
            .and_then(|private| {
                let public = ring::agreement::UnparsedPublicKey::new(curve, point);
                ring::agreement::agree_ephemeral(private, &public, |_| ())
            })
            .map_err(|_| KeyError::Malformed)
    }

    /// The uncompressed point of an ES256 key: U2F signs over it.
    pub(super) fn es256_point(&self) -> Option<&[u8; 65]> {
        match &self.0 {
            Kind::Es256(point) => Some(point),
            _ => None,
        }
    }
}

impl fmt::Debug for CoseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CoseKey({})", self.algorithm())
    }
}

fn by(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    m: &[u8],
    s: &[u8],
) -> Result<(), ring::error::Unspecified> {
    UnparsedPublicKey::new(algorithm, key).verify(m, s)
}

/// The map as it stands: a label is a number of RFC 9053, and what -1, -2 and -3 mean depends on the key type.
#[derive(Default)]
struct Parameters<'b> {
    key_type: Option<i64>,
    algorithm: Option<i64>,
    /// -1 of an elliptic curve.
    curve: Option<i64>,
    /// -1 of RSA.
    modulus: Option<&'b [u8]>,
    /// -2: the x coordinate, or RSA's exponent.
    x: Option<&'b [u8]>,
    /// -3: the y coordinate.
    y: Option<&'b [u8]>,
}

impl<'b> Parameters<'b> {
    /// Keys that have no place in a credential's public key are refused ("MUST NOT contain any other OPTIONAL
    /// parameters"), and so is a key that stands twice.
    fn read(reader: &mut Reader<'b>) -> Result<Self, KeyError> {
        let mut found = Self::default();
        for _ in 0..reader.map()? {
            let before = match reader.int()? {
                1 => found.key_type.replace(reader.int()?).is_some(),
                3 => found.algorithm.replace(reader.int()?).is_some(),
                -1 if reader.at_int()? => found.curve.replace(reader.int()?).is_some(),
                -1 => found.modulus.replace(reader.bytes()?).is_some(),
                -2 => found.x.replace(reader.bytes()?).is_some(),
                -3 => found.y.replace(reader.bytes()?).is_some(),
                _ => true,
            };
            if before {
                return Err(KeyError::Malformed);
            }
        }
        Ok(found)
    }

    fn key(&self) -> Result<CoseKey, KeyError> {
        let algorithm = self.algorithm.ok_or(KeyError::Malformed)?;
        if !ALGORITHMS.contains(&algorithm) {
            return Err(KeyError::UnknownAlgorithm);
        }
        let kind = match (algorithm, self.key_type, self.curve, self.modulus, self.x, self.y) {
            (ES256, Some(2), Some(1), None, Some(x), Some(y)) => Kind::Es256(point(x, y)?),
            (ES384, Some(2), Some(2), None, Some(x), Some(y)) => Kind::Es384(point(x, y)?),
            (EDDSA, Some(1), Some(6), None, Some(x), None) => {
                Kind::EdDsa(x.try_into().map_err(|_| KeyError::Malformed)?)
            }
            (RS256, Some(3), None, Some(modulus), Some(exponent), None) => {
                // 2048 bits or more: the first bit of the first byte decides at the lower end, and ring refuses
                // leading zeros.
                let long_enough =
                    modulus.len() > *MODULUS.start() || modulus.first().is_some_and(|byte| byte & 0x80 != 0);
                if !MODULUS.contains(&modulus.len())
                    || !long_enough
                    || modulus.first() == Some(&0)
                    || exponent != EXPONENT
                {
                    return Err(KeyError::Malformed);
                }
                Kind::Rs256(modulus.into())
            }
            _ => return Err(KeyError::Malformed),
        };
        Ok(CoseKey(kind))
    }
}

/// SEC 1's uncompressed form.
fn point<const N: usize>(x: &[u8], y: &[u8]) -> Result<[u8; N], KeyError> {
    let mut point = [0; N];
    let (form, coordinates) = point.split_first_mut().ok_or(KeyError::Malformed)?;
    let (for_x, for_y) = coordinates.split_at_mut((N - 1) / 2);
    if for_x.len() != x.len() || for_y.len() != y.len() {
        return Err(KeyError::Malformed);
    }
    *form = 4;
    for_x.copy_from_slice(x);
    for_y.copy_from_slice(y);
    Ok(point)
}
