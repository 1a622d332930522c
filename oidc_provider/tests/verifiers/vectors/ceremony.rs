//! One test vector: a registration and a sign-in with the same credential, derived step by step.

use super::certificate::{Authority, Subject, android_extension, apple_extension, point, sign, tpm_extensions};
use super::credential::{Algorithm, Credential};
use super::seed::Seed;
use data_encoding::BASE64URL_NOPAD;
use minicbor::Encoder;
use p256::ecdsa::SigningKey;
use ring::digest::{SHA256, digest};
use samekey_shared::methods::fido::in_hand::{AT, BE, BS, UP, UV, attestation_object};

pub const RP_ID: &str = "example.org";
pub const ORIGIN: &str = "https://example.org";

/// Where the browser was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    None,
    CrossOrigin,
    TopOrigin,
}

/// What sets one vector apart from the others.
pub struct Shape {
    pub name: &'static str,
    pub format: &'static str,
    pub algorithm: Algorithm,
    pub frame: Frame,
    pub challenge: usize,
    pub credential_id: usize,
}

/// What server and browser of the vector saw.
pub struct Vector {
    pub challenge: Vec<u8>,
    pub client_data: Vec<u8>,
    pub attestation_object: Vec<u8>,
    pub credential_id: Vec<u8>,
    pub public_key: Vec<u8>,
    pub flags: u8,
    pub sign_in: SignIn,
}

/// The second half.
pub struct SignIn {
    pub challenge: Vec<u8>,
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
    pub flags: u8,
}

impl Shape {
    /// Derives the whole vector.
    pub fn derive(&self, authority: &Authority) -> Vector {
        let mut seed = Seed::new(self.name);
        let challenge = seed.next(self.challenge);
        let credential = Credential::draw(self.algorithm, &mut seed);
        let client_data = self.client_data("webauthn.create", &challenge, &mut seed);
        let aaguid = seed.next(16);
        let credential_id = seed.next(self.credential_id);
        let public_key = credential.public_key();
        // A U2F key has no flags to draw.
        let drawn = if self.format == "fido-u2f" {
            0
        } else {
            seed.byte() & (UV | BE | BS)
        };
        let flags = if drawn & BE == 0 { drawn & UV } else { drawn } | UP | AT;
        let length = u16::try_from(credential_id.len()).unwrap().to_be_bytes();
        let attested = [&aaguid, length.as_slice(), &credential_id, &public_key].concat();
        let data = authenticator_data(flags, &attested);
        let statement = Statement {
            authority,
            seed: &mut seed,
            credential: &credential,
            credential_id: &credential_id,
            data: &data,
            client_data_hash: digest(&SHA256, &client_data).as_ref().to_vec(),
        };
        let attestation_object = attestation_object(self.fmt(), &statement.of(self.format), &data).unwrap();
        let sign_in = self.sign_in(&mut seed, &credential, flags);
        Vector {
            challenge,
            client_data,
            attestation_object,
            credential_id,
            public_key,
            flags,
            sign_in,
        }
    }

    /// Self attestation has the name of the format that it is a case of.
    fn fmt(&self) -> &'static str {
        if self.format == "packed-self" {
            "packed"
        } else {
            self.format
        }
    }

    fn sign_in(&self, seed: &mut Seed, credential: &Credential, registered: u8) -> SignIn {
        let challenge = seed.next(self.challenge);
        let client_data = self.client_data("webauthn.get", &challenge, seed);
        let drawn = seed.byte() & (UV | BS);
        let eligible = registered & BE;
        let flags = if eligible == 0 { drawn & UV } else { drawn } | eligible | UP;
        let authenticator_data = authenticator_data(flags, &[]);
        let message = [&authenticator_data, digest(&SHA256, &client_data).as_ref()].concat();
        SignIn {
            signature: credential.sign(&message),
            challenge,
            client_data,
            authenticator_data,
            flags,
        }
    }

    fn client_data(&self, kind: &str, challenge: &[u8], seed: &mut Seed) -> Vec<u8> {
        let challenge = BASE64URL_NOPAD.encode(challenge);
        let crossed = self.frame != Frame::None;
        let mut text =
            format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":{crossed}"#);
        if self.frame == Frame::TopOrigin {
            text.push_str(r#","topOrigin":"https://example.com""#);
        }
        if seed.byte() & 1 == 1 {
            let random = BASE64URL_NOPAD.encode(&seed.next(16));
            text.push_str(
                r#","extraData":"clientDataJSON may be extended with additional fields in the future, such as this: "#,
            );
            text.push_str(&random);
            text.push('"');
        }
        text.push('}');
        text.into_bytes()
    }
}

fn authenticator_data(flags: u8, tail: &[u8]) -> Vec<u8> {
    [digest(&SHA256, RP_ID.as_bytes()).as_ref(), &[flags, 0, 0, 0, 0], tail].concat()
}

/// What an attestation statement is made from.
struct Statement<'a> {
    authority: &'a Authority,
    seed: &'a mut Seed,
    credential: &'a Credential,
    credential_id: &'a [u8],
    data: &'a [u8],
    client_data_hash: Vec<u8>,
}

impl Statement<'_> {
    fn of(mut self, format: &str) -> Vec<u8> {
        let message = [self.data, &self.client_data_hash].concat();
        let mut out = Vec::new();
        let mut to = Encoder::new(&mut out);
        match format {
            "none" => drop(to.map(0).unwrap()),
            "packed-self" => signed(to.map(2).unwrap(), &self.credential.sign(&message)),
            "packed" => {
                let (key, certificate) = self.certified();
                signed(to.map(3).unwrap(), &sign(&key, &message));
                chain(&mut to, &certificate);
            }
            "fido-u2f" => self.fido_u2f(&mut to),
            "android-key" => {
                let extension = android_extension(&self.client_data_hash);
                let certificate = self.own(&extension);
                signed(to.map(3).unwrap(), &self.credential.sign(&message));
                chain(&mut to, &certificate);
            }
            "apple" => {
                let extension = apple_extension(digest(&SHA256, &message).as_ref());
                let certificate = self.own(&extension);
                chain(to.map(1).unwrap(), &certificate);
            }
            "tpm" => self.tpm(&mut to, &message),
            other => panic!("no vector is {other}"),
        }
        out
    }

    /// An attestation key of its own, and its certificate.
    fn certified(&mut self) -> (SigningKey, Vec<u8>) {
        let key = SigningKey::from_slice(&self.seed.next(32)).unwrap();
        let certificate = self.authority.issue(self.seed, &key, &Subject::Authenticator, &[]);
        (key, certificate)
    }

    /// A certificate for the credential's own key.
    fn own(&mut self, extension: &[u8]) -> Vec<u8> {
        self.authority
            .issue(self.seed, self.credential.es256(), &Subject::Authenticator, extension)
    }

    fn fido_u2f(&mut self, to: &mut Encoder<&mut Vec<u8>>) {
        let (key, certificate) = self.certified();
        let message = [
            &[0],
            &self.data[..32],
            &self.client_data_hash,
            self.credential_id,
            &point(self.credential.es256()),
        ]
        .concat();
        to.map(2)
            .unwrap()
            .str("sig")
            .unwrap()
            .bytes(&sign(&key, &message))
            .unwrap();
        chain(to, &certificate);
    }

    /// A TPM certifies an object (TPM 2.0, part 2, 10.12.8 and 12.2.4).
    fn tpm(&mut self, to: &mut Encoder<&mut Vec<u8>>, message: &[u8]) {
        let key = SigningKey::from_slice(&self.seed.next(32)).unwrap();
        let certificate = self.authority.issue(self.seed, &key, &Subject::Tpm, &tpm_extensions());
        let point = point(self.credential.es256());
        // An ECC key with SHA-256 names, on P-256; its coordinates, each with its length.
        let area = [
            b"\x00\x23\x00\x0b\x00\x04\x00\x00\x00\x00\x00\x10\x00\x10\x00\x03\x00\x10\x00\x20".as_slice(),
            &point[1..33],
            b"\x00\x20",
            &point[33..],
        ]
        .concat();
        let info = [
            b"\xffTCG\x80\x17\x00\x00\x00\x20".as_slice(),
            digest(&SHA256, message).as_ref(),
            b"\0\0\0\0\0\0\0\0\x11\x11\x11\x11\x22\x22\x22\x22\x33\0\0\0\0\0\0\0\0\x00\x22\x00\x0b",
            digest(&SHA256, &area).as_ref(),
            b"\x00\x00",
        ]
        .concat();
        signed(to.map(6).unwrap(), &sign(&key, &info));
        to.str("ver").unwrap().str("2.0").unwrap();
        chain(to, &certificate);
        to.str("pubArea").unwrap().bytes(&area).unwrap();
        to.str("certInfo").unwrap().bytes(&info).unwrap();
    }
}

/// ES256, and its signature.
fn signed(to: &mut Encoder<&mut Vec<u8>>, signature: &[u8]) {
    to.str("alg")
        .unwrap()
        .i8(-7)
        .unwrap()
        .str("sig")
        .unwrap()
        .bytes(signature)
        .unwrap();
}

fn chain(to: &mut Encoder<&mut Vec<u8>>, certificate: &[u8]) {
    to.str("x5c").unwrap().array(1).unwrap().bytes(certificate).unwrap();
}
