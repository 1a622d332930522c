//! The attestation certificates of WebAuthn's test vectors, written out in DER as the specification shows them.

use super::seed::Seed;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

const ECDSA_WITH_SHA256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
const P256_KEY: &[u8] = b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// Basic constraints, no authority; key usage, digital signature.
const LEAF: &[u8] = b"\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x07\x80";
/// Basic constraints, authority; key usage, certificates and lists.
const ROOT: &[u8] = b"\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x01\x06";

/// The authority of all of them.
pub struct Authority {
    key: SigningKey,
    pub certificate: Vec<u8>,
}

/// Whose certificate.
pub enum Subject {
    /// "Authenticator Attestation".
    Authenticator,
    /// A TPM's: an empty name, and what it is in an alternative one.
    Tpm,
}

impl Authority {
    pub fn new() -> Self {
        let mut seed = Seed::new("Attestation CA");
        let key = SigningKey::from_slice(&seed.next(32)).unwrap();
        let serial = seed.next(16);
        let point = point(&key);
        let extensions = [ROOT.to_vec(), subject_key(&point)].concat();
        let certificate = signed(
            &key,
            &serial,
            &named("Authenticator Attestation CA"),
            &point,
            &extensions,
        );
        Self { key, certificate }
    }

    /// A certificate for this key, its serial number drawn from the vector's seed.
    pub fn issue(&self, seed: &mut Seed, key: &SigningKey, subject: &Subject, extra: &[u8]) -> Vec<u8> {
        let serial = seed.next(16);
        let point = point(key);
        let authority = [b"\x80\x14", sha1(&self::point(&self.key)).as_slice()].concat();
        let authority = extension(b"\x55\x1d\x23", None, &der(0x30, &authority));
        let extensions = [LEAF, &subject_key(&point), &authority, extra].concat();
        let name = match subject {
            Subject::Authenticator => named("Authenticator Attestation"),
            Subject::Tpm => der(0x30, &[]),
        };
        signed(&self.key, &serial, &name, &point, &extensions)
    }
}

/// The extended key usage and alternative name of a TPM's certificate.
pub fn tpm_extensions() -> Vec<u8> {
    let usage = der(0x30, b"\x06\x05\x67\x81\x05\x08\x03");
    let attribute = |last: u8, text: &str| {
        let oid = [b"\x06\x05\x67\x81\x05\x02".as_slice(), &[last]].concat();
        der(0x30, &[oid, der(0x0c, text.as_bytes())].concat())
    };
    let facts = [
        attribute(1, "id:00000000"),
        attribute(3, "id:00000000"),
        attribute(2, "WebAuthn test vectors"),
    ]
    .concat();
    let name = der(0x30, &der(0xa4, &der(0x30, &der(0x31, &facts))));
    [
        extension(b"\x55\x1d\x25", None, &usage),
        extension(b"\x55\x1d\x11", Some(()), &name),
    ]
    .concat()
}

/// The key description of an Android key's certificate, for this hash of client data.
pub fn android_extension(client_data_hash: &[u8]) -> Vec<u8> {
    let description = [
        b"\x02\x02\x01\x2c\x0a\x01\x00\x02\x01\x00\x0a\x01\x00".as_slice(),
        &der(4, client_data_hash),
        b"\x04\x00\x30\x00\x30\x00",
    ]
    .concat();
    extension(
        b"\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x11",
        None,
        &der(0x30, &description),
    )
}

/// The nonce of an Apple certificate.
pub fn apple_extension(nonce: &[u8]) -> Vec<u8> {
    let nonce = der(0x30, &der(0xa1, &der(4, nonce)));
    extension(b"\x2a\x86\x48\x86\xf7\x63\x64\x08\x02", None, &nonce)
}

pub fn sign(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let signature: DerSignature = key.sign(message);
    signature.as_bytes().to_vec()
}

/// The uncompressed point of its public key.
pub fn point(key: &SigningKey) -> Vec<u8> {
    key.verifying_key().to_sec1_point(false).as_bytes().to_vec()
}

fn signed(by: &SigningKey, serial: &[u8], subject: &[u8], point: &[u8], extensions: &[u8]) -> Vec<u8> {
    let digits = serial.iter().position(|byte| *byte != 0).unwrap_or(0);
    let mut serial = serial[digits..].to_vec();
    if serial[0] >= 0x80 {
        serial.insert(0, 0);
    }
    let algorithm = der(0x30, ECDSA_WITH_SHA256);
    let validity = [der(0x17, b"240101000000Z"), der(0x18, b"30240101000000Z")].concat();
    let key = der(0x30, &[P256_KEY, &der(3, &[&[0], point].concat())].concat());
    let contents = [
        b"\xa0\x03\x02\x01\x02".to_vec(),
        der(2, &serial),
        algorithm.clone(),
        named("Authenticator Attestation CA"),
        der(0x30, &validity),
        subject.to_vec(),
        key,
        der(0xa3, &der(0x30, extensions)),
    ]
    .concat();
    let contents = der(0x30, &contents);
    let signature = der(3, &[&[0], sign(by, &contents).as_slice()].concat());
    der(0x30, &[contents, algorithm, signature].concat())
}

fn named(unit: &str) -> Vec<u8> {
    let attribute = |last: u8, tag: u8, text: &str| {
        let oid = [b"\x06\x03\x55\x04".as_slice(), &[last]].concat();
        der(0x31, &der(0x30, &[oid, der(tag, text.as_bytes())].concat()))
    };
    let parts = [
        attribute(3, 0x0c, "WebAuthn test vectors"),
        attribute(10, 0x0c, "W3C"),
        attribute(11, 0x0c, unit),
        attribute(6, 0x13, "AA"),
    ];
    der(0x30, &parts.concat())
}

fn subject_key(point: &[u8]) -> Vec<u8> {
    extension(b"\x55\x1d\x0e", None, &der(4, &sha1(point)))
}

fn extension(oid: &[u8], critical: Option<()>, value: &[u8]) -> Vec<u8> {
    let critical = critical.map_or(vec![], |()| b"\x01\x01\xff".to_vec());
    der(0x30, &[der(6, oid), critical, der(4, value)].concat())
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

/// Tag, length, contents.
fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let length = match length {
        [0, low @ 0..0x80] => vec![low],
        [0, low] => vec![0x81, low],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], length.as_slice(), contents].concat()
}
