//! One assertion against the stored public key and everything that it has to be bound to (WebAuthn Level 3, 7.2).

use super::client_data::LocalBinding;
use super::error::KeyError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a key signed, as the browser or `samekey-key` brings it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// Where the assertion was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene<'a> {
    /// In a browser, at one of these origins.
    Web {
        /// `https://` and host, with a port where it is not 443.
        origins: &'a [String],
    },
    /// At a machine's own console.
    Local(&'a LocalBinding),
}

/// What an assertion has to be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected<'a> {
    /// The relying party.
    pub rp_id: &'a str,
    /// The U2F `AppID` of the credential, where it has one.
    pub app_id: Option<&'a str>,
    /// The challenge given out.
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
    /// The signature counter.
    pub sign_count: u32,
}

/// Checks the assertion. Everything that is not as expected is refused.
pub fn check(_assertion: &Assertion, _public_key: &[u8], _expected: &Expected<'_>) -> Result<Seen, KeyError> {
    // The verifier is not built yet: nothing is accepted.
    Err(KeyError::BadSignature)
}
