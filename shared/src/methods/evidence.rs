//! Evidence: the proof that one answer was right. It cannot be made outside this module.

use super::{Level, Method};
use crate::accounts::password::PasswordError;
use crate::clock::UnixTime;
use crate::entropy::EntropyError;
use crate::ids::DeviceId;
use crate::secrets::SealError;
use crate::store::StoreError;
use serde::{Deserialize, Serialize};

/// Somebody gave a right, unspent answer of this method at this moment.
///
/// ```compile_fail
/// use samekey_shared::methods::{Evidence, Method};
/// let forged = Evidence { method: Method::Passkey, device: None, at: 0 };
/// ```
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    method: Method,
    device: Option<DeviceId>,
    at: UnixTime,
    key: Option<KeyProof>,
}

/// What an assertion of a FIDO credential has shown besides possession.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that are independent of each other"
)]
pub struct KeyProof {
    /// The authenticator checked PIN or biometrics.
    pub user_verified: bool,
    /// The credential may be copied to other devices.
    pub backup_eligible: bool,
    /// Its model was attested when it was bound.
    pub attested: bool,
    /// The PIN was asked by ourselves.
    pub pin: bool,
}

impl KeyProof {
    /// Whether the key is known to be one that cannot be copied.
    pub fn is_hardware(self) -> bool {
        self.attested && !self.backup_eligible
    }
}

impl Evidence {
    pub(super) fn mint(method: Method, device: DeviceId, at: UnixTime) -> Self {
        Self {
            method,
            device: Some(device),
            at,
            key: None,
        }
    }

    pub(super) fn mint_key(method: Method, device: DeviceId, at: UnixTime, key: KeyProof) -> Self {
        Self {
            key: Some(key),
            ..Self::mint(method, device, at)
        }
    }

    /// What a key has shown; `None` for evidence of another method.
    pub fn key(&self) -> Option<KeyProof> {
        self.key
    }

    /// Which method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Which device, where the method has one.
    pub fn device(&self) -> Option<DeviceId> {
        self.device
    }

    /// When.
    pub fn at(&self) -> UnixTime {
        self.at
    }

    /// The level that it proves together with a first factor.
    pub fn level(&self) -> Level {
        match self.key {
            Some(key) if key.is_hardware() => Level::Hardware,
            _ => self.method.level(),
        }
    }

    /// Whether it is two factors by itself: a key that checked its person (Q9).
    pub fn is_two_factors(&self) -> bool {
        self.key.is_some_and(|key| key.user_verified)
    }

    /// Its authentication method references (RFC 8176; `email` is ours). Whether a key is hardware is known only from
    /// its attestation: what is merely not said to be copied is `pop`.
    pub fn amr(&self) -> Vec<&'static str> {
        match self.method {
            Method::Totp | Method::RecoveryCode => vec!["otp"],
            Method::Email => vec!["email"],
            Method::Passkey | Method::SecurityKey => self.key.map_or_else(|| vec!["pop"], key_amr),
        }
    }

    /// For a session's row, or a sealed container.
    pub fn record(&self) -> EvidenceRecord {
        EvidenceRecord {
            method: self.method,
            device: self.device,
            at: self.at,
            key: self.key,
        }
    }
}

fn key_amr(key: KeyProof) -> Vec<&'static str> {
    let kind = match key {
        _ if key.is_hardware() => "hwk",
        _ if key.backup_eligible => "swk",
        _ => "pop",
    };
    let verified = key.user_verified.then_some("user");
    let pin = (key.user_verified && key.pin).then_some("pin");
    [Some(kind), verified, pin].into_iter().flatten().collect()
}

/// Evidence at rest. Anybody can write one: so it may be read back only from the store or from a sealed container,
/// never from a message or a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRecord {
    /// See [`Evidence::method`].
    pub method: Method,
    /// See [`Evidence::device`].
    pub device: Option<DeviceId>,
    /// See [`Evidence::at`].
    pub at: UnixTime,
    /// See [`Evidence::key`].
    #[serde(default)]
    pub key: Option<KeyProof>,
}

/// Turns a record back into evidence. The caller vouches that it comes from the store or from a container that only
/// this realm can seal.
pub fn recall(record: EvidenceRecord) -> Evidence {
    Evidence {
        method: record.method,
        device: record.device,
        at: record.at,
        key: record.key,
    }
}

/// What the check of an answer found.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// Right, and spent by this very check.
    Accepted(Evidence),
    /// Not right, or nothing to compare it with (M12).
    Wrong,
    /// Right once, but spent, or older than one that was spent (M13).
    Replayed,
}

impl Checked {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "ok",
            Self::Wrong => "code_wrong",
            Self::Replayed => "code_replayed",
        }
    }
}

/// The check could not be made: a refusal, never an acceptance.
#[derive(Debug, thiserror::Error)]
pub enum MethodError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sealed secret did not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Argon2 had no room.
    #[error(transparent)]
    Hash(#[from] PasswordError),
}

impl MethodError {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        "store_unavailable"
    }
}
