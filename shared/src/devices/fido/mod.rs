//! FIDO credentials: what is stored of a passkey or a security key, and its one counter for both doors.

mod rows;

use super::{DeviceKind, DeviceName};
use crate::ids::{AccountId, DeviceId};
use crate::methods::Level;

pub use rows::{advance, by_credential_id, has_any, insert, of_account, settle_replacement};

/// A credential that was registered and verified, and waits to be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of the protocol that are independent of each other"
)]
pub struct NewCredential {
    /// Its id, unique in the whole store.
    pub credential_id: Vec<u8>,
    /// The relying party that it was made for.
    pub rp_id: String,
    /// Its public key in COSE.
    pub public_key: Vec<u8>,
    /// The signature counter at registration; 0 where the authenticator keeps none.
    pub sign_count: u32,
    /// The model; all zero where it is not told.
    pub aaguid: [u8; 16],
    /// How it can be reached: `usb`, `nfc`, `ble`, `hybrid`, `internal`.
    pub transports: Vec<String>,
    /// Whether the key finds it by itself; `None` where it was not told (`credProps`).
    pub discoverable: Option<bool>,
    /// Whether PIN or biometrics were checked when it was made.
    pub user_verified: bool,
    /// Whether it may be copied to other devices.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
    /// Whether its model was proven by an attestation that the realm trusts.
    pub attested: bool,
    /// The U2F `AppID`, where it is a U2F credential.
    pub app_id: Option<String>,
}

impl NewCredential {
    /// A passkey has checked its person; without that, and for U2F, it is a security key (R20, Q9).
    pub fn kind(&self) -> DeviceKind {
        if self.user_verified && self.app_id.is_none() {
            DeviceKind::Passkey
        } else {
            DeviceKind::SecurityKey
        }
    }
}

/// A bound credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The device that it is.
    pub device: DeviceId,
    /// Whose.
    pub account: AccountId,
    /// Passkey or security key.
    pub kind: DeviceKind,
    /// What its person calls it.
    pub name: DeviceName,
    /// See [`NewCredential`]; counter and backup state as last seen.
    pub stored: NewCredential,
    /// The old device that goes as soon as this one has signed once (R75, Q18).
    pub replaces: Option<DeviceId>,
}

impl std::ops::Deref for Credential {
    type Target = NewCredential;

    fn deref(&self) -> &NewCredential {
        &self.stored
    }
}

impl Credential {
    /// A U2F credential works on as second factor; its person is offered "Update to passkey" (R73, R74).
    pub fn is_old(&self) -> bool {
        self.app_id.is_some()
    }

    /// Whether a browser can ask for it: a name that is no web address, such as pam-u2f's `pam://host`, is known to machines
    /// only (WebAuthn Level 3, 10.1.1: an `AppID` is a URL of the page's own site).
    pub fn works_in_browser(&self) -> bool {
        self.app_id.as_deref().is_none_or(|name| name.starts_with("https://"))
    }

    /// The strongest level that it can prove: an attested one that cannot be copied is hardware.
    pub fn best_level(&self) -> Level {
        if self.attested && !self.backup_eligible {
            Level::Hardware
        } else {
            Level::Highest
        }
    }
}
