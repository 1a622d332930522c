//! A new credential: made for us, just now, by a key that says so (WebAuthn Level 3, 7.1).

use super::assertion::is_hash_of;
use super::attestation::{self, AttestationKind, Signed};
use super::authenticator_data::AuthenticatorData;
use super::cbor::Reader;
use super::client_data::{self, Ceremony, Scene};
use super::cose::CoseKey;
use super::error::KeyError;
use ring::digest::{SHA256, digest};

/// The longest attestation object that is looked at, in bytes: some bring a chain of certificates.
pub const LONGEST: usize = 16_384;

/// What a registration has to be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedRegistration<'a> {
    /// The relying party.
    pub rp_id: &'a str,
    /// The challenge given out, of 16 bytes or more.
    pub challenge: &'a [u8],
    /// The place.
    pub scene: Scene<'a>,
    /// Whether user verification is demanded.
    pub user_verification: bool,
}

/// A credential as its registration tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its id.
    pub credential_id: Vec<u8>,
    /// Its public key in COSE, as [`CoseKey::parse`] takes it.
    pub public_key: Vec<u8>,
    /// The signature counter; 0 where the authenticator keeps none.
    pub sign_count: u32,
    /// The model that the authenticator says it is; zeros where it does not tell. Proven by an attestation alone.
    pub aaguid: [u8; 16],
    /// PIN or biometrics were checked.
    pub user_verified: bool,
    /// The credential may be copied to other devices.
    pub backup_eligible: bool,
    /// It has been.
    pub backed_up: bool,
    /// The attestation statement's format, such as `packed`.
    pub format: String,
    /// What the attestation statement proves.
    pub attestation: AttestationKind,
}

/// Checks a registration. Whether the model is trusted is for [`attestation`] to say afterwards; whether the credential
/// id is free (step 25), for the store.
///
/// The steps are those of WebAuthn Level 3, 7.1, in their order. Stricter than the specification: the attestation object
/// has its three members and no others, client data of a frame in another site's page is refused, and so is a credential
/// that nobody touched the key for: we ask for no conditional creation (step 15).
pub fn check_registration(
    attestation_object: &[u8],
    client_data: &[u8],
    expected: &ExpectedRegistration<'_>,
) -> Result<Registered, KeyError> {
    // Steps 5 to 11.
    client_data::check(client_data, Ceremony::Create, expected.challenge, &expected.scene)?;
    // Steps 12 and 13; step 17 is part of reading the authenticator data.
    let hash = digest(&SHA256, client_data);
    let object = AttestationObject::parse(attestation_object)?;
    let data = AuthenticatorData::parse(object.authenticator_data)?;
    // Step 14.
    if !is_hash_of(data.rp_id_hash, expected.rp_id) {
        return Err(KeyError::WrongRpId);
    }
    // Step 15.
    if !data.user_present() {
        return Err(KeyError::NotPresent);
    }
    // Step 16.
    if expected.user_verification && !data.user_verified() {
        return Err(KeyError::NotVerified);
    }
    // Step 20, and the key itself. Step 24, the id's length, is part of reading the authenticator data.
    let credential = data.attested.ok_or(KeyError::WrongFlags)?;
    let key = CoseKey::parse(credential.public_key)?;
    key.check_point()?;
    // Steps 21 and following.
    let signed = Signed {
        authenticator_data: object.authenticator_data,
        client_data_hash: hash.as_ref(),
        rp_id_hash: data.rp_id_hash,
        credential: &credential,
        key: &key,
    };
    let attestation = attestation::check(object.format, object.statement, &signed)?;
    Ok(Registered {
        credential_id: credential.credential_id.to_vec(),
        public_key: credential.public_key.to_vec(),
        sign_count: data.sign_count,
        // What a U2F key signs does not contain the AAGUID: whoever carries its answer could write in any.
        aaguid: if object.format == "fido-u2f" {
            [0; 16]
        } else {
            *credential.aaguid
        },
        user_verified: data.user_verified(),
        backup_eligible: data.backup_eligible(),
        backed_up: data.backed_up(),
        format: object.format.to_owned(),
        attestation,
    })
}

/// The attestation object (6.5.4).
struct AttestationObject<'a> {
    format: &'a str,
    /// One CBOR map.
    statement: &'a [u8],
    authenticator_data: &'a [u8],
}

impl<'a> AttestationObject<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, KeyError> {
        if bytes.len() > LONGEST {
            return Err(KeyError::Malformed);
        }
        let mut reader = Reader::new(bytes);
        let (mut format, mut statement, mut authenticator_data) = (None, None, None);
        for _ in 0..reader.map()? {
            let before = match reader.text()? {
                "fmt" => format.replace(reader.text()?).is_some(),
                "attStmt" => statement.replace(reader.item()?).is_some(),
                "authData" => authenticator_data.replace(reader.bytes()?).is_some(),
                _ => true,
            };
            if before {
                return Err(KeyError::Malformed);
            }
        }
        reader.finish()?;
        Ok(Self {
            format: format.ok_or(KeyError::Malformed)?,
            statement: statement.ok_or(KeyError::Malformed)?,
            authenticator_data: authenticator_data.ok_or(KeyError::Malformed)?,
        })
    }
}
