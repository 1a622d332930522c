//! The credentials of WebAuthn's test vectors: private keys from the seed, public keys in COSE, deterministic signatures.

use super::certificate;
use super::seed::Seed;
use minicbor::Encoder;
use p521::ecdsa::signature::Signer;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};
use rsa::BigUint;

/// Which key a vector has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Es256,
    Es384,
    Es512,
    Rs256,
    EdDsa,
    Ed448,
}

/// A private key.
pub enum Credential {
    Es256(p256::ecdsa::SigningKey),
    Es384(p384::ecdsa::SigningKey),
    Es512(p521::ecdsa::SigningKey),
    Rs256(Rsa),
    EdDsa(Ed25519KeyPair),
    /// No library of ours can derive the public half, and neither verifier gets as far as reading it: octets of the right
    /// lengths stand in for key and signatures.
    Ed448,
}

impl Credential {
    pub fn draw(algorithm: Algorithm, seed: &mut Seed) -> Self {
        match algorithm {
            Algorithm::Es256 => Self::Es256(p256::ecdsa::SigningKey::from_slice(&seed.next(32)).unwrap()),
            Algorithm::Es384 => Self::Es384(p384::ecdsa::SigningKey::from_slice(&seed.next(48)).unwrap()),
            // 65 bytes are drawn, and the field has 66.
            Algorithm::Es512 => {
                let private = [vec![0], seed.next(65)].concat();
                Self::Es512(p521::ecdsa::SigningKey::from_slice(&private).unwrap())
            }
            Algorithm::Rs256 => Self::Rs256(Rsa::mersenne()),
            Algorithm::EdDsa => Self::EdDsa(Ed25519KeyPair::from_seed_unchecked(&seed.next(32)).unwrap()),
            Algorithm::Ed448 => {
                seed.next(57);
                Self::Ed448
            }
        }
    }

    pub fn public_key(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut to = Encoder::new(&mut out);
        match self {
            Self::Es256(key) => elliptic(&mut to, -7, 1, &certificate::point(key)),
            Self::Es384(key) => elliptic(&mut to, -35, 2, key.verifying_key().to_sec1_point(false).as_bytes()),
            Self::Es512(key) => elliptic(&mut to, -36, 3, key.verifying_key().to_sec1_point(false).as_bytes()),
            Self::Rs256(key) => {
                to.map(4)
                    .unwrap()
                    .u8(1)
                    .unwrap()
                    .u8(3)
                    .unwrap()
                    .u8(3)
                    .unwrap()
                    .i16(-257)
                    .unwrap();
                to.i8(-1).unwrap().bytes(&key.modulus.to_bytes_be()).unwrap();
                to.i8(-2).unwrap().bytes(&[1, 0, 1]).unwrap();
            }
            Self::EdDsa(key) => octets(&mut to, -8, 6, key.public_key().as_ref()),
            Self::Ed448 => octets(&mut to, -53, 7, &[0; 57]),
        }
        out
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Es256(key) => certificate::sign(key, message),
            Self::Es384(key) => {
                let signature: p384::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Self::Es512(key) => {
                let signature: p521::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Self::Rs256(key) => key.sign(message),
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
            Self::Ed448 => vec![0; 114],
        }
    }

    /// The key itself, where it also certifies.
    pub fn es256(&self) -> &p256::ecdsa::SigningKey {
        match self {
            Self::Es256(key) => key,
            _ => panic!("the vector has an ES256 key"),
        }
    }
}

/// A textbook's RSA: for one key, which guards nothing.
pub struct Rsa {
    modulus: BigUint,
    private: BigUint,
}

impl Rsa {
    /// The key of the two smallest Mersenne primes above 2^1024.
    fn mersenne() -> Self {
        let one = BigUint::from(1u8);
        let prime = |exponent: usize| (one.clone() << exponent) - &one;
        let (p, q) = (prime(1279), prime(2203));
        let order = (&p - &one) * (&q - &one);
        // The one multiple of the order below 65537 times it that is one short of a multiple of 65537.
        let exponent = BigUint::from(65537u32);
        let short =
            (1u32..65537).find(|times| ((&order % &exponent) * *times + &one) % &exponent == BigUint::default());
        let private = (order * short.unwrap() + &one) / exponent;
        Self {
            modulus: p * q,
            private,
        }
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017, 9.2).
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let prefix = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
        let hashed = [prefix, digest(&SHA256, message).as_ref()].concat();
        let length = self.modulus.to_bytes_be().len();
        let padding = vec![0xff; length - hashed.len() - 3];
        let padded = [b"\x00\x01", padding.as_slice(), b"\x00", &hashed].concat();
        let signature = BigUint::from_bytes_be(&padded)
            .modpow(&self.private, &self.modulus)
            .to_bytes_be();
        [vec![0; length - signature.len()], signature].concat()
    }
}

fn elliptic(to: &mut Encoder<&mut Vec<u8>>, algorithm: i64, curve: u8, point: &[u8]) {
    let (x, y) = point[1..].split_at(point.len() / 2);
    to.map(5)
        .unwrap()
        .u8(1)
        .unwrap()
        .u8(2)
        .unwrap()
        .u8(3)
        .unwrap()
        .i64(algorithm)
        .unwrap();
    to.i8(-1)
        .unwrap()
        .u8(curve)
        .unwrap()
        .i8(-2)
        .unwrap()
        .bytes(x)
        .unwrap()
        .i8(-3)
        .unwrap()
        .bytes(y)
        .unwrap();
}

fn octets(to: &mut Encoder<&mut Vec<u8>>, algorithm: i64, curve: u8, x: &[u8]) {
    to.map(4)
        .unwrap()
        .u8(1)
        .unwrap()
        .u8(1)
        .unwrap()
        .u8(3)
        .unwrap()
        .i64(algorithm)
        .unwrap();
    to.i8(-1).unwrap().u8(curve).unwrap().i8(-2).unwrap().bytes(x).unwrap();
}
