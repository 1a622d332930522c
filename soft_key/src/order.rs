//! What a test says to the key, and what it hears: one JSON line each.

use crate::credential::Credential;
use crate::request::Request;
use serde::{Deserialize, Serialize};

/// How the person's finger behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Touch {
    /// Touches whenever the key asks.
    #[default]
    Auto,
    /// Says no at the key: `CTAP2_ERR_OPERATION_DENIED`.
    Deny,
    /// Does nothing, whatever is ordered, for the 30 s that the key waits.
    Never,
    /// Does nothing until [`Order::Tap`].
    Wait,
    /// The key's 30 s are over at its first look: `CTAP2_ERR_USER_ACTION_TIMEOUT`.
    TimeOut,
}

/// An order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Sets how touches are answered from now on.
    Touch {
        /// How.
        how: Touch,
    },
    /// One touch, for the request that waits or the next one.
    Tap,
    /// Whether the built-in sensor knows the finger.
    Finger {
        /// It does.
        known: bool,
    },
    /// Sets the PIN, all tries left; or takes it away.
    Pin {
        /// At least four characters.
        pin: Option<String>,
    },
    /// Sets how many tries of the PIN are left, 0 to 8.
    PinTries {
        /// So many.
        left: u8,
    },
    /// Takes every frame and answers none, from now on or no longer.
    Mute {
        /// Mute.
        on: bool,
    },
    /// Garbles what the key says: bits, lengths and whole frames, the same for the same number. None: no longer.
    Garble {
        /// What the mistakes are drawn from.
        seed: Option<u64>,
    },
    /// Pulls the key out: its files are gone, and what holds them gets errors.
    Unplug,
    /// Puts it in again: its memory is kept, all else starts anew.
    Plug,
    /// Puts a credential in that another authenticator made.
    Import {
        /// As the browser's test interface exports it.
        credential: Credential,
    },
    /// Asks for every credential that the key holds itself.
    Export,
    /// Asks what has happened.
    Tell,
}

/// What the key answers to an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Answer {
    /// It is done.
    Done,
    /// To [`Order::Export`].
    Exported {
        /// In the order of their places.
        credentials: Vec<Credential>,
    },
    /// To [`Order::Tell`].
    Told(Told),
    /// It could not be done.
    Refused {
        /// A sentence.
        why: String,
    },
}

/// What has happened since the key was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Whether it waits for a touch right now.
    pub waits: bool,
    /// How many times it asked for a touch.
    pub asked: u64,
    /// How many touches it got.
    pub touches: u64,
    /// Frames received, those that it was mute for included.
    pub frames: u64,
    /// Tries of the PIN that are left.
    pub pin_tries: u8,
    /// CTAP2 commands, in order.
    pub requests: Vec<Request>,
}
