//! What a machine asks of a passkey or security key, and what a door can do about it.

use crate::devices::fido::Credential;
use crate::ids::ChallengeId;
use crate::methods::Method;
use crate::methods::fido::LocalBinding;
use crate::texts::Texts;
use serde::{Deserialize, Serialize};

use super::{Binding, FromAfar, Notice};

/// What this door can do beyond showing a text and taking one. What it cannot do is not offered there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Means {
    /// Where a key can be reached.
    pub keys: Keys,
    /// Whether a browser elsewhere may approve, and what it is told.
    pub approval: Option<FromAfar>,
    /// Where a device can be bound on the way in.
    #[serde(default)]
    pub binding: Binding,
}

/// Where a key can be reached from this door.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keys {
    /// Nowhere: a terminal far away, or a realm without a relying party.
    #[default]
    None,
    /// Through the person's browser.
    Browser,
    /// Plugged into the machine at which the person sits.
    Local {
        /// The machine's name: what its assertions are bound to.
        host: String,
    },
}

/// Asks for a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPrompt {
    /// What is asked first and foremost; the allow list may hold credentials of both FIDO methods.
    pub method: Method,
    /// What the key is to sign.
    pub ask: KeyAsk,
    /// What the person may choose instead: only what is bound and allowed.
    pub others: Vec<Method>,
    /// What went wrong before, if anything.
    pub notice: Option<Notice>,
    /// How many tries this machine still takes.
    pub tries_left: u8,
}

/// What a key is to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAsk {
    /// The challenge's id in the store.
    pub challenge_id: ChallengeId,
    /// The challenge.
    pub challenge: Vec<u8>,
    /// The relying party.
    pub rp_id: String,
    /// The credentials that count; empty means any that the key finds by itself.
    pub allow: Vec<Allowed>,
    /// Whether the key has to check its person.
    pub user_verification: UserVerification,
    /// At a console: what the assertion is bound to. The client data is
    /// [`local_client_data`](crate::methods::fido::local_client_data) of the challenge and this.
    pub local: Option<LocalBinding>,
}

/// A credential that counts, or one that is not to be bound again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// Its id.
    pub credential_id: Vec<u8>,
    /// How it can be reached, as far as it was told.
    pub transports: Vec<String>,
    /// The U2F `AppID`, where it is a U2F credential: the relying party that it was made for.
    pub app_id: Option<String>,
}

impl From<&Credential> for Allowed {
    fn from(credential: &Credential) -> Self {
        Self {
            credential_id: credential.credential_id.clone(),
            transports: credential.transports.clone(),
            app_id: credential.app_id.clone(),
        }
    }
}

/// Whether the key has to check its person by PIN or biometrics (WebAuthn Level 3, 5.8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserVerification {
    /// Without it the assertion is refused.
    Required,
    /// Where the key can.
    Preferred,
    /// A touch will do.
    Discouraged,
}

impl UserVerification {
    /// WebAuthn's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Preferred => "preferred",
            Self::Discouraged => "discouraged",
        }
    }
}

/// Why no assertion came, as the door tells it. It says so to the person and offers the other methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyTrouble {
    /// The person cancelled, or the browser says no more than that.
    Cancelled,
    /// No key is there.
    Absent,
    /// A key is there, but none that is bound to this account.
    Unknown,
    /// Its PIN is blocked, or too few tries are left to ask for it.
    Blocked,
    /// The PIN was wrong.
    WrongPin,
    /// Nobody touched it in time.
    TimedOut,
    /// It was pulled out half-way.
    PulledOut,
    /// It does not answer, or not as a key should.
    Broken,
}

impl KeyTrouble {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Cancelled,
        Self::Absent,
        Self::Unknown,
        Self::Blocked,
        Self::WrongPin,
        Self::TimedOut,
        Self::PulledOut,
        Self::Broken,
    ];

    /// The stable code for the audit trail.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Cancelled => "key_cancelled",
            Self::Absent => "key_absent",
            Self::Unknown => "key_unknown",
            Self::Blocked => "key_blocked",
            Self::WrongPin => "key_pin_wrong",
            Self::TimedOut => "key_timed_out",
            Self::PulledOut => "key_pulled_out",
            Self::Broken => "key_broken",
        }
    }

    /// One sentence for the person: what happened and what to do.
    pub fn sentence(self, t: Texts) -> String {
        match self {
            Self::Cancelled => t.say("problem-key-cancelled"),
            Self::Absent => t.say("problem-key-absent"),
            Self::Unknown => t.say("problem-key-unknown"),
            Self::Blocked => t.say("problem-key-blocked"),
            Self::WrongPin => t.say("problem-key-wrong-pin"),
            Self::TimedOut => t.say("problem-key-timed-out"),
            Self::PulledOut => t.say("problem-key-pulled-out"),
            Self::Broken => t.say("problem-key-broken"),
        }
    }
}
