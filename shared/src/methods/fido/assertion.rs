//! One assertion against the stored public key and everything that it has to be bound to (WebAuthn Level 3, 7.2).

use super::authenticator_data::{AuthenticatorData, LONGEST_CREDENTIAL_ID};
use super::client_data::{self, Ceremony, Scene};
use super::cose::CoseKey;
use super::error::KeyError;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest authenticator data of an assertion, in bytes: 37, and extensions.
const LONGEST_AUTHENTICATOR_DATA: usize = 1024;
/// The longest signature: RSA's with 4096 bits has 512 bytes.
const LONGEST_SIGNATURE: usize = 512;
/// The longest user handle (5.4.3).
const LONGEST_USER_HANDLE: usize = 64;

/// What a key signed, as the browser or `samekey-key` brings it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// Which credential answered.
    pub credential_id: Vec<u8>,
    /// The authenticator data, raw.
    pub authenticator_data: Vec<u8>,
    /// The client data, raw JSON.
    pub client_data: Vec<u8>,
    /// The signature over both.
    pub signature: Vec<u8>,
    /// The user handle, where the key tells it.
    pub user_handle: Option<Vec<u8>>,
    /// Whether the `appid` extension was used: the relying party is the U2F `AppID`.
    pub app_id: bool,
}

impl fmt::Debug for Assertion {
    /// Lengths only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion")
            .field("credential_id", &self.credential_id.len())
            .field("authenticator_data", &self.authenticator_data.len())
            .field("client_data", &self.client_data.len())
            .field("signature", &self.signature.len())
            .field("user_handle", &self.user_handle.as_ref().map(Vec::len))
            .field("app_id", &self.app_id)
            .finish()
    }
}

/// What an assertion has to be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected<'a> {
    /// The relying party.
    pub rp_id: &'a str,
    /// The U2F `AppID` of the credential, where it has one.
    pub app_id: Option<&'a str>,
    /// The challenge given out, of 16 bytes or more.
    pub challenge: &'a [u8],
    /// The place.
    pub scene: Scene<'a>,
    /// Whether user verification is demanded.
    pub user_verification: bool,
    /// Whether the credential was registered as eligible for backup.
    pub backup_eligible: bool,
}

/// What the authenticator data told, once its signature was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// PIN or biometrics were checked.
    pub user_verified: bool,
    /// The credential may be copied to other devices.
    pub backup_eligible: bool,
    /// It has been.
    pub backed_up: bool,
    /// The signature counter; whether it grew is for the store to say, in one statement.
    pub sign_count: u32,
}

/// Checks an assertion with the public key of the credential that it names.
///
/// The steps are those of WebAuthn Level 3, 7.2, in their order, so that the first thing wrong is the reason given.
/// Steps 1 to 6 (who it is, and which credential) and 22 onwards (the counter) belong to [`super::accept`].
///
/// Stricter than the specification: what is too long is not read; client data of a frame in another site's page is
/// refused; a credential keeps the backup eligibility with which it was bound, both ways. A passkey that has since become
/// a synced one is another thing than what was bound: binding it anew says so in the audit trail.
pub fn check(assertion: &Assertion, public_key: &[u8], expected: &Expected<'_>) -> Result<Seen, KeyError> {
    bounded(assertion)?;
    // Steps 8 to 14: the client data's type, challenge and origin; no frames.
    client_data::check(
        &assertion.client_data,
        Ceremony::Get,
        expected.challenge,
        &expected.scene,
    )?;
    // Step 7, read strictly; step 18 is part of that.
    let data = AuthenticatorData::parse(&assertion.authenticator_data)?;
    // Step 15. With the appid extension the hash may be that of the AppID (10.1.1).
    let of_app_id = expected.app_id.filter(|_| assertion.app_id);
    if !is_hash_of(data.rp_id_hash, expected.rp_id) && !of_app_id.is_some_and(|id| is_hash_of(data.rp_id_hash, id)) {
        return Err(KeyError::WrongRpId);
    }
    // 6.1: authenticators do not send attested credential data with an assertion.
    if data.attested.is_some() {
        return Err(KeyError::WrongFlags);
    }
    // Step 16.
    if !data.user_present() {
        return Err(KeyError::NotPresent);
    }
    // Step 17.
    if expected.user_verification && !data.user_verified() {
        return Err(KeyError::NotVerified);
    }
    // Step 19.
    if data.backup_eligible() != expected.backup_eligible {
        return Err(KeyError::WrongFlags);
    }
    // Steps 20 and 21.
    let hash = digest(&SHA256, &assertion.client_data);
    let message = [&assertion.authenticator_data, hash.as_ref()].concat();
    CoseKey::parse(public_key)?.verify(&message, &assertion.signature)?;
    Ok(Seen {
        user_verified: data.user_verified(),
        backup_eligible: data.backup_eligible(),
        backed_up: data.backed_up(),
        sign_count: data.sign_count,
    })
}

/// Before anything is read. The parsers have bounds of their own; these are the fields that none of them sees.
fn bounded(assertion: &Assertion) -> Result<(), KeyError> {
    let handle = assertion.user_handle.as_ref().map_or(1, Vec::len);
    let fits = (1..=LONGEST_CREDENTIAL_ID).contains(&assertion.credential_id.len())
        && assertion.authenticator_data.len() <= LONGEST_AUTHENTICATOR_DATA
        && (1..=LONGEST_SIGNATURE).contains(&assertion.signature.len())
        && (1..=LONGEST_USER_HANDLE).contains(&handle);
    if fits { Ok(()) } else { Err(KeyError::Malformed) }
}

/// Whether this is the SHA-256 of that name.
pub(super) fn is_hash_of(hash: &[u8; 32], name: &str) -> bool {
    digest(&SHA256, name.as_bytes()).as_ref() == hash
}
