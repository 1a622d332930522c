//! A key in somebody's hand, for the tests of every crate: signs whatever it is given, right or wrong.

use super::assertion::Assertion;
use super::client_data::Scene;
use super::cose::{EDDSA, ES256, ES384, RS256};
use crate::testing::Any;
use data_encoding::{BASE64URL_NOPAD, HEXUPPER};
use minicbor::Encoder;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};

/// User present.
pub const UP: u8 = 0x01;
/// User verified.
pub const UV: u8 = 0x04;
/// Backup eligibility.
pub const BE: u8 = 0x08;
/// Backup state.
pub const BS: u8 = 0x10;
/// Attested credential data included.
pub const AT: u8 = 0x40;
/// Extension data included.
pub const ED: u8 = 0x80;

/// The key pairs of RFC 6979, A.2.5 and A.2.6: private key, x, y.
const P256: [&str; 3] = [
    "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
];
const P384: [&str; 3] = [
    "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
    "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13",
    "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
];

/// A private key with its credential id.
#[derive(Debug)]
pub struct KeyInHand {
    pair: Pair,
    /// What it answers to.
    pub credential_id: Vec<u8>,
}

#[derive(Debug)]
enum Pair {
    Es256(EcdsaKeyPair),
    Es384(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl KeyInHand {
    /// ES256: what every security key has.
    pub fn es256() -> Result<Self, Any> {
        let [private, x, y] = P256.map(hex);
        let point = [vec![4], x?, y?].concat();
        let random = SystemRandom::new();
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_ASN1_SIGNING, &private?, &point, &random)
                .map_err(said)?;
        Ok(Self::with(Pair::Es256(pair)))
    }

    /// ES384.
    pub fn es384() -> Result<Self, Any> {
        let [private, x, y] = P384.map(hex);
        let point = [vec![4], x?, y?].concat();
        let random = SystemRandom::new();
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P384_SHA384_ASN1_SIGNING, &private?, &point, &random)
                .map_err(said)?;
        Ok(Self::with(Pair::Es384(pair)))
    }

    /// `EdDSA` on Ed25519.
    pub fn eddsa() -> Result<Self, Any> {
        Ok(Self::with(Pair::EdDsa(
            Ed25519KeyPair::from_seed_unchecked(&[7; 32]).map_err(said)?,
        )))
    }

    /// RS256, with this private key in PKCS#8.
    pub fn rs256(pkcs8: &[u8]) -> Result<Self, Any> {
        Ok(Self::with(Pair::Rs256(RsaKeyPair::from_pkcs8(pkcs8).map_err(said)?)))
    }

    fn with(pair: Pair) -> Self {
        Self {
            pair,
            credential_id: b"the credential of a key in hand!".to_vec(),
        }
    }

    /// Its public key in COSE.
    pub fn public_key(&self) -> Result<Vec<u8>, Any> {
        let mut out = Vec::new();
        let mut to = Encoder::new(&mut out);
        match &self.pair {
            Pair::Es256(pair) => elliptic(&mut to, (ES256, 1), pair.public_key().as_ref())?,
            Pair::Es384(pair) => elliptic(&mut to, (ES384, 2), pair.public_key().as_ref())?,
            Pair::EdDsa(pair) => {
                to.map(4)?.u8(1)?.u8(1)?.u8(3)?.i64(EDDSA)?.i8(-1)?.u8(6)?.i8(-2)?;
                to.bytes(pair.public_key().as_ref())?;
            }
            Pair::Rs256(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                to.map(4)?.u8(1)?.u8(3)?.u8(3)?.i64(RS256)?.i8(-1)?;
                to.bytes(&public.n)?.i8(-2)?;
                to.bytes(&public.e)?;
            }
        }
        Ok(out)
    }

    /// Its public key as ring takes it; nothing for RSA.
    pub fn public_octets(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Es256(pair) | Pair::Es384(pair) => pair.public_key().as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rs256(_) => Vec::new(),
        }
    }

    /// Modulus and exponent of an RSA key.
    pub fn rsa_parts(&self) -> Option<RsaPublicKeyComponents<Vec<u8>>> {
        match &self.pair {
            Pair::Rs256(pair) => Some(RsaPublicKeyComponents::from(pair.public())),
            Pair::Es256(_) | Pair::Es384(_) | Pair::EdDsa(_) => None,
        }
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Any> {
        let random = SystemRandom::new();
        Ok(match &self.pair {
            Pair::Es256(pair) | Pair::Es384(pair) => pair.sign(&random, message).map_err(said)?.as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(said)?;
                signature
            }
        })
    }

    /// An assertion over exactly these bytes.
    pub fn assert(&self, authenticator_data: Vec<u8>, client_data: Vec<u8>) -> Result<Assertion, Any> {
        let message = [&authenticator_data, digest(&SHA256, &client_data).as_ref()].concat();
        Ok(Assertion {
            credential_id: self.credential_id.clone(),
            signature: self.sign(&message)?,
            authenticator_data,
            client_data,
            user_handle: None,
            app_id: false,
        })
    }

    /// The authenticator data of this key's registration.
    pub fn registration_data(&self, rp_id: &str, flags: u8, counter: u32) -> Result<Vec<u8>, Any> {
        let length = u16::try_from(self.credential_id.len())?.to_be_bytes();
        let public_key = self.public_key()?;
        let tail = [&[0; 16], &length[..], &self.credential_id, &public_key].concat();
        Ok(authenticator_data(rp_id, flags | AT, counter, &tail))
    }
}

/// Authenticator data as an authenticator writes them, with whatever is to follow the counter.
pub fn authenticator_data(rp_id: &str, flags: u8, counter: u32, tail: &[u8]) -> Vec<u8> {
    let hash = digest(&SHA256, rp_id.as_bytes());
    [hash.as_ref(), &[flags], &counter.to_be_bytes(), tail].concat()
}

/// Client data as a browser writes them (WebAuthn Level 3, 5.8.1.1).
pub fn client_data(kind: &str, challenge: &[u8], origin: &str) -> Vec<u8> {
    let challenge = BASE64URL_NOPAD.encode(challenge);
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#).into_bytes()
}

/// An attestation object with this format and statement.
pub fn attestation_object(format: &str, statement: &[u8], authenticator_data: &[u8]) -> Result<Vec<u8>, Any> {
    let mut out = Vec::new();
    let mut to = Encoder::new(&mut out);
    to.map(3)?.str("fmt")?.str(format)?.str("attStmt")?;
    to.writer_mut().extend_from_slice(statement);
    to.str("authData")?.bytes(authenticator_data)?;
    Ok(out)
}

/// The place of a browser at one origin.
pub fn at(origins: &[String]) -> Scene<'_> {
    Scene::Web { origins }
}

fn elliptic(to: &mut Encoder<&mut Vec<u8>>, (algorithm, curve): (i64, u8), point: &[u8]) -> Result<(), Any> {
    let (x, y) = point[1..].split_at(point.len() / 2);
    to.map(5)?.u8(1)?.u8(2)?.u8(3)?.i64(algorithm)?.i8(-1)?.u8(curve)?;
    to.i8(-2)?.bytes(x)?.i8(-3)?.bytes(y)?;
    Ok(())
}

fn hex(text: &str) -> Result<Vec<u8>, Any> {
    Ok(HEXUPPER.decode(text.as_bytes())?)
}

/// ring's errors are no errors to the standard library.
fn said(error: impl std::fmt::Display) -> Any {
    error.to_string().into()
}
