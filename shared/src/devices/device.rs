//! What every kind of device has in common: its kind, its life, its limits.

use super::DeviceName;
use crate::accounts::password::PasswordError;
use crate::clock::UnixTime;
use crate::entropy::EntropyError;
use crate::ids::{AccountId, DeviceId};
use crate::methods::Method;
use crate::secrets::SealError;
use crate::source::Door;
use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The kinds that can be bound today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// An authenticator app.
    Totp,
    /// A set of recovery codes.
    RecoveryCodes,
    /// A FIDO credential that checked its person when it was bound: usable without a password.
    Passkey,
    /// A FIDO credential that shows possession only, U2F included.
    SecurityKey,
    /// A security e-mail address.
    Email,
    /// An SSH key: sshd asks for it before us, so no door of ours ever does.
    SshKey,
}

impl DeviceKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Totp,
        Self::RecoveryCodes,
        Self::Passkey,
        Self::SecurityKey,
        Self::Email,
        Self::SshKey,
    ];

    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCodes => "recovery-codes",
            Self::Passkey => "passkey",
            Self::SecurityKey => "security-key",
            Self::Email => "email",
            Self::SshKey => "ssh-key",
        }
    }

    /// The method that it answers; of an SSH key the one that it counts as, where it counts.
    pub fn method(self) -> Method {
        match self {
            Self::Totp => Method::Totp,
            Self::RecoveryCodes => Method::RecoveryCode,
            Self::Passkey => Method::Passkey,
            Self::SecurityKey | Self::SshKey => Method::SecurityKey,
            Self::Email => Method::Email,
        }
    }

    /// Whether a door of ours can ask for it. An SSH key was asked for by sshd, before us, or never.
    pub fn is_asked(self) -> bool {
        self != Self::SshKey
    }

    /// Whether it is a FIDO credential.
    pub fn is_fido(self) -> bool {
        matches!(self, Self::Passkey | Self::SecurityKey)
    }

    /// Whether an account can live on it. Recovery codes run out, an address proves less than most doors ask, and an SSH key
    /// opens one door only.
    pub fn is_lasting(self) -> bool {
        !matches!(self, Self::RecoveryCodes | Self::Email | Self::SshKey)
    }

    /// Whether both count against the same limit: passkeys and security keys do (R66).
    pub(super) fn shares_slots_with(self, other: Self) -> bool {
        self == other || (self.is_fido() && other.is_fido())
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a device was unbound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnboundWhy {
    /// Its person did it.
    Own,
    /// An administrator did it (R80).
    Administrator,
    /// Another one took its place in the same step (Q7).
    Replaced,
    /// Its account was removed.
    AccountRemoved,
}

impl UnboundWhy {
    const ALL: [Self; 4] = [Self::Own, Self::Administrator, Self::Replaced, Self::AccountRemoved];

    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Administrator => "administrator",
            Self::Replaced => "replaced",
            Self::AccountRemoved => "account-removed",
        }
    }
}

/// A word that is in none of the closed lists of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a word of this list")]
pub struct NotInList;

impl FromStr for DeviceKind {
    type Err = NotInList;

    fn from_str(text: &str) -> Result<Self, NotInList> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(NotInList)
    }
}

impl FromStr for UnboundWhy {
    type Err = NotInList;

    fn from_str(text: &str) -> Result<Self, NotInList> {
        Self::ALL.into_iter().find(|why| why.as_str() == text).ok_or(NotInList)
    }
}

/// The end of a device's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbinding {
    /// When.
    pub at: UnixTime,
    /// The login name of whoever did it.
    pub by: String,
    /// Why.
    pub why: UnboundWhy,
}

/// A device's life from the store's view; pending ones are not in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceState {
    /// It is accepted, if the policy accepts its method.
    Bound,
    /// A tombstone: nothing of its secrets is left.
    Unbound(Unbinding),
}

/// The last time a device let somebody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: UnixTime,
    /// At which door.
    pub door: Door,
    /// In which service there: `pam:sshd`, `oidc:<client id>`; `None` for uses of before this was noted.
    pub service: Option<String>,
    /// From where, as a person reads it.
    pub source: String,
}

/// One device, bound or a tombstone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Whose it is: one account's only (R26).
    pub account: AccountId,
    /// What it is.
    pub kind: DeviceKind,
    /// What its person calls it.
    pub name: DeviceName,
    /// Whether it still counts.
    pub state: DeviceState,
    /// When it was bound.
    pub created_at: UnixTime,
    /// When it last let its person in.
    pub last_used: Option<LastUse>,
}

/// What an account has to answer with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bound {
    /// The bound devices, oldest first.
    pub devices: Vec<Device>,
    /// Recovery codes not used yet.
    pub recovery_left: u32,
}

impl Bound {
    /// The methods that could be answered now. A used-up set of recovery codes answers nothing.
    pub fn methods(&self) -> BTreeSet<Method> {
        self.devices
            .iter()
            .filter(|device| device.kind.is_asked())
            .map(|device| device.kind.method())
            .filter(|method| *method != Method::RecoveryCode || self.recovery_left > 0)
            .collect()
    }

    /// How many types are bound: FIDO, app, security e-mail (R83). Recovery codes and SSH keys are none.
    pub fn kinds(&self) -> usize {
        let kinds = self.devices.iter().map(|device| device.kind);
        let types: BTreeSet<DeviceKind> = kinds
            .filter(|kind| *kind != DeviceKind::RecoveryCodes && kind.is_asked())
            .map(|kind| if kind.is_fido() { DeviceKind::Passkey } else { kind })
            .collect();
        types.len()
    }

    /// Whether `checkup` seconds have passed since the first of these devices was bound, and none has let its person in
    /// after that: time to find out that it still works, while somebody is there who can help (W31). 0 is never.
    /// Recovery codes and SSH keys neither begin the time nor end it.
    pub fn checkup_due(&self, checkup: i64, now: UnixTime) -> bool {
        let own = || {
            self.devices
                .iter()
                .filter(|device| device.kind != DeviceKind::RecoveryCodes && device.kind.is_asked())
        };
        let Some(first) = own().map(|device| device.created_at).min() else {
            return false;
        };
        let due = first.saturating_add(checkup);
        let shown = own().any(|device| device.last_used.as_ref().is_some_and(|last| last.at >= due));
        checkup > 0 && now >= due && !shown
    }
}

/// How many of a kind one account may have (Q5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Authenticator apps.
    pub totp: u32,
    /// Sets of recovery codes.
    pub recovery_sets: u32,
    /// Passkeys and security keys together (R66).
    pub fido: u32,
    /// SSH keys.
    pub ssh: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            totp: 1,
            recovery_sets: 1,
            fido: 8,
            ssh: 16,
        }
    }
}

impl Limits {
    pub(super) fn of(self, kind: DeviceKind) -> u32 {
        match kind {
            DeviceKind::Totp => self.totp,
            DeviceKind::RecoveryCodes => self.recovery_sets,
            DeviceKind::Passkey | DeviceKind::SecurityKey => self.fido,
            DeviceKind::Email => 1,
            DeviceKind::SshKey => self.ssh,
        }
    }
}

/// Why a device was not bound, found or unbound.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The slots of this kind are full (M07).
    #[error("Unbind the existing device before binding a new one, or choose Replace.")]
    LimitReached {
        /// The kind.
        kind: DeviceKind,
        /// The most allowed.
        most: u32,
    },
    /// Another bound device of the account has that name.
    #[error("You already have a device named {0}. Choose another name.")]
    NameTaken(DeviceName),
    /// This very credential is bound already, to this account or to another: which, is not told.
    #[error("This key or passkey is bound already. Use another one.")]
    CredentialTaken,
    /// So many accounts have this address already (M15, Q23).
    #[error("This address cannot be bound to more accounts (limit {most}).")]
    AddressLimit {
        /// The most allowed.
        most: u32,
    },
    /// No such bound device in this account, or no such account.
    #[error("There is no such device.")]
    NotFound,
    /// A secret, algorithm or number of digits that no authenticator app of ours has.
    #[error("This key cannot be used: {0}.")]
    Import(&'static str),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Hashing the recovery codes.
    #[error(transparent)]
    Hash(#[from] PasswordError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl DeviceError {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        match self {
            Self::LimitReached { .. } => "limit_reached",
            Self::NameTaken(_) => "name_taken",
            Self::CredentialTaken => "device_exists",
            Self::AddressLimit { .. } => "address_limit",
            Self::NotFound => "not_found",
            Self::Import(_) => "method_not_allowed",
            Self::Store(_) | Self::Seal(_) | Self::Hash(_) | Self::Entropy(_) => "store_unavailable",
        }
    }
}
