//! What agent and `samekey` say to `samekey-key`, the program that talks to a security key plugged in, and what it answers.
//!
//! ```text
//!   agent, samekey                                            samekey-key
//!     {"v":1,"body":{"assert":{…}}}            ── stdin ──►
//!                                              ◄─ stdout ──   {"v":1,"body":{"touch":{"model":"…"}}}
//!                                              ◄─ stdout ──   {"v":1,"body":{"asserted":{…}}}
//! ```
//!
//! One request, then any number of [`Event::Touch`], then one event that ends it; the program ends with it. A closed
//! standard input means that nobody waits any longer: the program tells the key to stop blinking and ends.

mod octets;

pub use octets::Octets;

use serde::{Deserialize, Serialize};
use std::fmt;

/// Most credentials in one request: an account has at most eight.
pub const MOST_CREDENTIALS: usize = 64;

/// Longest PIN in bytes (CTAP 2.1, section 6.5.1).
pub const LONGEST_PIN: usize = 63;

/// Fewest tries of the PIN that must be left before one is made: the last two stay the owner's.
pub const FEWEST_TRIES: u32 = 3;

/// What is asked of the program.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Which keys are there, and what can they do?
    Look(Look),
    /// Sign with one of these credentials.
    Assert(Box<Assert>),
    /// Make a credential.
    Register(Box<Register>),
}

impl Request {
    /// Milliseconds until the program must have ended.
    pub fn within_ms(&self) -> u64 {
        match self {
            Self::Look(look) => look.within_ms,
            Self::Assert(assert) => assert.within_ms,
            Self::Register(register) => register.within_ms,
        }
    }
}

/// Asks for what is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Milliseconds until the program must have ended.
    pub within_ms: u64,
}

/// Asks for an assertion (CTAP 2.1, section 6.2).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assert {
    /// The relying party's id.
    pub rp_id: String,
    /// The client data itself; the key signs its SHA-256.
    pub client_data: Octets,
    /// The credentials that would do, at least one: a key answers touch alone only where it is told which.
    pub credentials: Vec<Wanted>,
    /// Whether the key must know who touches it.
    pub user_verification: Verification,
    /// The PIN, once it was asked for.
    pub pin: Option<Pin>,
    /// Milliseconds until the program must have ended.
    pub within_ms: u64,
}

/// A credential that would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Its id.
    pub id: Octets,
    /// The U2F application id, for a credential made by U2F: it takes the place of the relying party's id.
    pub app_id: Option<String>,
}

/// Asks for a new credential (CTAP 2.1, section 6.1).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The relying party's id.
    pub rp_id: String,
    /// The client data itself; the key signs its SHA-256.
    pub client_data: Octets,
    /// Whose: at most 64 bytes that name nobody to a stranger.
    pub user_handle: Octets,
    /// Whose, as the key's own lists show it.
    pub user_name: String,
    /// Credentials of the same person: a key that holds one of them refuses.
    pub exclude: Vec<Octets>,
    /// Whether the key shall find the credential without being told its id, which takes one of its few places.
    pub discoverable: bool,
    /// Whether the key must know who touches it.
    pub user_verification: Verification,
    /// The PIN, once it was asked for.
    pub pin: Option<Pin>,
    /// Milliseconds until the program must have ended.
    pub within_ms: u64,
}

/// Whether the key must know who touches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verification {
    /// It must: by its own sensor, or by the PIN.
    Required,
    /// It does where it can; a key with neither sensor nor PIN is touched.
    Preferred,
    /// A touch is enough.
    Discouraged,
}

/// A key's PIN. Wiped when dropped.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin(String);

impl Pin {
    /// Takes over what was typed; nothing if it cannot be a PIN: no PIN is empty, and none is as long as a sentence.
    pub fn new(typed: String) -> Option<Self> {
        let pin = Self(typed);
        pin.is_possible().then_some(pin)
    }

    /// What was typed.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a key could have this PIN. What came over a pipe may hold anything.
    pub fn is_possible(&self) -> bool {
        (1..=LONGEST_PIN).contains(&self.0.len()) && !self.0.contains('\0')
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        crate::frame::wipe_text(&mut self.0);
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// What the program says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// A key waits for a touch, and blinks.
    Touch {
        /// What the key calls itself: letters, digits and a few signs.
        model: String,
    },
    /// The end of [`Request::Look`].
    Keys {
        /// Every key that answered.
        keys: Vec<Key>,
    },
    /// The end: the key does nothing without its PIN. Ask for it, and begin again with it.
    PinNeeded {
        /// Tries left before the key blocks.
        tries: u32,
    },
    /// The end of [`Request::Assert`].
    Asserted(Box<Asserted>),
    /// The end of [`Request::Register`].
    Registered(Box<Registered>),
    /// The end: it did not work.
    Trouble {
        /// Why.
        code: Trouble,
        /// Tries of the PIN that are left, where that matters.
        tries: Option<u32>,
    },
}

impl Event {
    /// Whether nothing follows.
    pub fn is_the_end(&self) -> bool {
        !matches!(self, Self::Touch { .. })
    }

    /// A trouble in which no PIN plays a part.
    pub fn trouble(code: Trouble) -> Self {
        Self::Trouble { code, tries: None }
    }
}

/// A key that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What it calls itself.
    pub model: String,
    /// The model's number: 16 bytes, all zero for one that does not tell.
    pub aaguid: Octets,
    /// Whether it has a PIN.
    pub pin: bool,
    /// Whether it has a sensor that somebody enrolled at.
    pub sensor: bool,
}

/// What a key signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asserted {
    /// The credential that signed.
    pub credential_id: Octets,
    /// The authenticator data, as signed.
    pub authenticator_data: Octets,
    /// The signature.
    pub signature: Octets,
    /// The user handle, where the key gives it.
    pub user_handle: Option<Octets>,
    /// Whether it was asked for by its U2F application id.
    pub app_id: bool,
}

/// What a key made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// The attestation object (Web Authentication, section 6.5.4).
    pub attestation_object: Octets,
    /// What the key calls itself.
    pub model: String,
}

/// Why it did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// No key is plugged in.
    NoKey,
    /// A key is there, and this program may not open it.
    NoAccess,
    /// None of the keys holds one of the credentials.
    WrongKey,
    /// Several keys, and it cannot be told which is meant.
    SeveralKeys,
    /// The key speaks U2F alone.
    TooOld,
    /// The PIN was wrong.
    PinWrong,
    /// The key takes no PIN any more until it is reset.
    PinBlocked,
    /// Too few tries are left to make one: not tried.
    PinFewTries,
    /// The key takes no PIN until it is pulled out and plugged in again.
    Locked,
    /// The key was asked who touches it, and has neither PIN nor sensor.
    CannotVerify,
    /// The key's sensor did not know the finger.
    NotRecognised,
    /// The key does not answer.
    Mute,
    /// The key went away half-way.
    Unplugged,
    /// Nobody touched it in time.
    NotTouched,
    /// The key, or the person at it, said no.
    Denied,
    /// Another program uses the key.
    Busy,
    /// The key holds a credential of this person already.
    AlreadyBound,
    /// The key has no room for another credential.
    Full,
    /// Whoever asked does not wait any longer.
    Cancelled,
    /// Anything else.
    Internal,
}

impl Trouble {
    /// Every trouble.
    pub const ALL: [Self; 20] = [
        Self::NoKey,
        Self::NoAccess,
        Self::WrongKey,
        Self::SeveralKeys,
        Self::TooOld,
        Self::PinWrong,
        Self::PinBlocked,
        Self::PinFewTries,
        Self::Locked,
        Self::CannotVerify,
        Self::NotRecognised,
        Self::Mute,
        Self::Unplugged,
        Self::NotTouched,
        Self::Denied,
        Self::Busy,
        Self::AlreadyBound,
        Self::Full,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The stable code, as logs and `--json` show it.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoKey => "no-key",
            Self::NoAccess => "no-access",
            Self::WrongKey => "wrong-key",
            Self::SeveralKeys => "several-keys",
            Self::TooOld => "too-old",
            Self::PinWrong => "pin-wrong",
            Self::PinBlocked => "pin-blocked",
            Self::PinFewTries => "pin-few-tries",
            Self::Locked => "locked",
            Self::CannotVerify => "cannot-verify",
            Self::NotRecognised => "not-recognised",
            Self::Mute => "mute",
            Self::Unplugged => "unplugged",
            Self::NotTouched => "not-touched",
            Self::Denied => "denied",
            Self::Busy => "busy",
            Self::AlreadyBound => "already-bound",
            Self::Full => "full",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_travels_as_its_code() {
        for trouble in Trouble::ALL {
            assert_eq!(serde_json::to_value(trouble).unwrap(), trouble.code());
        }
    }

    #[test]
    fn a_pin_is_neither_empty_nor_endless_and_never_printed() {
        assert!(Pin::new(String::new()).is_none());
        assert!(Pin::new("1".repeat(LONGEST_PIN + 1)).is_none());
        assert!(Pin::new("12\u{0}4".into()).is_none());
        let pin = Pin::new("492817".into()).unwrap();
        let request = Request::Assert(Box::new(Assert {
            rp_id: "example.org".into(),
            client_data: Octets::from(b"{}".as_slice()),
            credentials: Vec::new(),
            user_verification: Verification::Required,
            pin: Some(pin),
            within_ms: 1,
        }));
        assert!(!format!("{request:?}").contains("492817"));
    }

    #[test]
    fn only_a_touch_is_not_the_end() {
        let touch = Event::Touch { model: "key".into() };
        assert!(!touch.is_the_end());
        assert!(Event::trouble(Trouble::Mute).is_the_end());
        assert!(Event::PinNeeded { tries: 8 }.is_the_end());
    }
}
