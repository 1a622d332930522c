//! What a letter tells: a closed list, with the values that its sentences need.

use crate::clock::UnixTime;
use crate::devices::{Device, DeviceKind};
use crate::ids::AccountId;
use crate::source::Source;
use serde::{Deserialize, Serialize};

/// A letter to be written.
#[derive(Debug, Clone)]
pub struct Letter<'a> {
    /// Whom it is about.
    pub account: AccountId,
    /// What it tells.
    pub kind: LetterKind,
    /// Where it was done from, where that is known.
    pub source: Option<&'a Source>,
}

/// A device as its person knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// What it is.
    pub kind: DeviceKind,
    /// What its person calls it.
    pub name: String,
}

impl From<&Device> for Thing {
    fn from(device: &Device) -> Self {
        Self {
            kind: device.kind,
            name: device.name.to_string(),
        }
    }
}

/// What an administrator did to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdministratorAct {
    /// Locked it.
    Locked,
    /// Lifted a lock.
    Unlocked,
    /// Disabled it.
    Disabled,
    /// Made it active again.
    Enabled,
    /// Unbound a device.
    DeviceUnbound,
    /// Bound a device.
    DeviceBound,
    /// Made a ticket to bind a device with.
    TicketIssued,
    /// Made new recovery codes.
    RecoveryCodesMade,
    /// Ended its sessions.
    SessionsEnded,
    /// Lets it in without its device for a while.
    Rescued,
    /// Gave it another role.
    RoleChanged,
    /// Set its password.
    PasswordSet,
    /// Changed its name, groups or flags.
    Changed,
    /// Lets it change its devices again after "this was not me".
    Released,
}

impl AdministratorAct {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Locked,
        Self::Unlocked,
        Self::Disabled,
        Self::Enabled,
        Self::DeviceUnbound,
        Self::DeviceBound,
        Self::TicketIssued,
        Self::RecoveryCodesMade,
        Self::SessionsEnded,
        Self::Rescued,
        Self::RoleChanged,
        Self::PasswordSet,
        Self::Changed,
        Self::Released,
    ];
}

/// What a letter tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LetterKind {
    /// A device was bound (M20).
    DeviceBound {
        /// Which.
        device: Thing,
    },
    /// A device was unbound.
    DeviceUnbound {
        /// Which.
        device: Thing,
    },
    /// A device took another's place.
    DeviceReplaced {
        /// The one that went.
        old: Thing,
        /// The one that came.
        new: Thing,
    },
    /// New recovery codes; the ones before are void.
    RecoveryCodesMade,
    /// A recovery code let somebody in.
    RecoveryCodeUsed {
        /// How many are left.
        left: u32,
    },
    /// An e-mailed code let somebody in (Q4).
    EmergencySignIn,
    /// A sign-in from where the account was never seen (W3).
    NewPlace {
        /// The browser in words, or the host that was logged in to.
        place: String,
    },
    /// Too many wrong answers.
    LockedOut {
        /// When it opens again; `None` where only an administrator or a success from a known place opens it.
        until: Option<UnixTime>,
    },
    /// An administrator did something.
    Administrator {
        /// What.
        act: AdministratorAct,
        /// Who, by login name, or `root`.
        by: String,
        /// The device, role or the like that it was done to, where there is one.
        what: Option<String>,
    },
    /// A second factor becomes necessary.
    Deadline {
        /// From when on.
        at: UnixTime,
    },
    /// A code to sign in or to confirm with (M14).
    Code {
        /// The code.
        code: String,
        /// When it is void.
        until: UnixTime,
    },
    /// A code that proves an address which is about to be bound.
    ProveAddress {
        /// The code.
        code: String,
        /// When it is void.
        until: UnixTime,
    },
    /// An administrator gave the account this address; its person must confirm it (W14).
    ConfirmAddress {
        /// The link's secret.
        secret: String,
        /// When it is void.
        until: UnixTime,
    },
    /// "This was not me" was done.
    Objected,
    /// To administrators: somebody says that something was not them.
    SomebodyObjected {
        /// Who.
        login: String,
        /// The kind of letter that they answered.
        about: String,
    },
    /// A try of `samekey mail test`.
    Test,
}

impl LetterKind {
    /// The stable word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::DeviceBound { .. } => "device-bound",
            Self::DeviceUnbound { .. } => "device-unbound",
            Self::DeviceReplaced { .. } => "device-replaced",
            Self::RecoveryCodesMade => "recovery-codes-made",
            Self::RecoveryCodeUsed { .. } => "recovery-code-used",
            Self::EmergencySignIn => "emergency-sign-in",
            Self::NewPlace { .. } => "new-place",
            Self::LockedOut { .. } => "locked-out",
            Self::Administrator { .. } => "administrator",
            Self::Deadline { .. } => "deadline",
            Self::Code { .. } => "code",
            Self::ProveAddress { .. } => "prove-address",
            Self::ConfirmAddress { .. } => "confirm-address",
            Self::Objected => "objected",
            Self::SomebodyObjected { .. } => "somebody-objected",
            Self::Test => "test",
        }
    }

    /// Whether it tells of something that somebody else may have done in the person's place.
    pub(super) fn can_be_disputed(&self) -> bool {
        match self {
            Self::DeviceBound { .. }
            | Self::DeviceUnbound { .. }
            | Self::DeviceReplaced { .. }
            | Self::RecoveryCodesMade
            | Self::RecoveryCodeUsed { .. }
            | Self::EmergencySignIn
            | Self::NewPlace { .. }
            | Self::LockedOut { .. }
            | Self::Code { .. } => true,
            // The first two go to an address that is not bound yet: it has no say over the account.
            Self::ProveAddress { .. }
            | Self::ConfirmAddress { .. }
            | Self::Administrator { .. }
            | Self::Deadline { .. }
            | Self::Objected
            | Self::SomebodyObjected { .. }
            | Self::Test => false,
        }
    }

    /// When it is not worth sending any more, where it says so itself.
    pub(super) fn void_at(&self) -> Option<UnixTime> {
        match self {
            Self::Code { until, .. } | Self::ProveAddress { until, .. } | Self::ConfirmAddress { until, .. } => {
                Some(*until)
            }
            _ => None,
        }
    }
}

/// A letter as it waits: everything that its text needs. It holds codes and links, so it lies sealed and is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The address.
    pub to: String,
    /// Its reader's login name.
    pub login: String,
    /// Its language's tag.
    pub language: String,
    /// What it tells.
    pub kind: LetterKind,
    /// When that happened.
    pub at: UnixTime,
    /// From where.
    pub source: Option<String>,
    /// The secret of its "this was not me" link.
    pub not_me: Option<String>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("kind", &self.kind.word())
            .finish_non_exhaustive()
    }
}
