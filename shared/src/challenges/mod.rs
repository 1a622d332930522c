//! Challenges for keys to sign: drawn here, kept in the store, good once, and only for what they were given out for.
//!
//! ```text
//!  issue(purpose, account, binding) ──► id + 32 bytes ──► key ──► spend(id, purpose, binding) ──► the same bytes, once
//! ```
//!
//! What comes back is compared with the store's bytes, never with the request's (oidc.md, row 29).

mod rows;

use crate::clock::UnixTime;
use crate::ids::{AccountId, ChallengeId};
use std::fmt;
use std::str::FromStr;

pub(crate) use rows::SCHEMA;
pub use rows::{ChallengeError, issue, peek, spend, sweep, withdraw};

/// Seconds that a challenge of a ceremony lives, where nothing shorter is said: WebAuthn's own advice.
pub const LIVES: i64 = 5 * 60;

/// What a challenge was given out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in, in a browser.
    SignIn,
    /// To confirm a sensitive operation, in a browser.
    StepUp,
    /// To bind a new credential.
    Bind,
    /// To approve a login elsewhere.
    Approve,
    /// To log in at a machine's own console.
    Local,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::SignIn, Self::StepUp, Self::Bind, Self::Approve, Self::Local];

    /// The stable word for it in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::StepUp => "step-up",
            Self::Bind => "bind",
            Self::Approve => "approve",
            Self::Local => "local",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a challenge is for one of: sign-in, step-up, bind, approve, local")]
pub struct NotAPurpose;

impl FromStr for Purpose {
    type Err = NotAPurpose;

    fn from_str(text: &str) -> Result<Self, NotAPurpose> {
        Self::ALL
            .into_iter()
            .find(|one| one.as_str() == text)
            .ok_or(NotAPurpose)
    }
}

/// What a challenge is to be bound to.
#[derive(Debug)]
pub struct NewChallenge<'a> {
    /// What for.
    pub purpose: Purpose,
    /// Whose answer it waits for; `None` where nobody has said yet who they are.
    pub account: Option<AccountId>,
    /// The id of the sign-in, session or request that it belongs to.
    pub binding: &'a str,
    /// What the ceremony keeps on the server between its two halves.
    pub state: Option<String>,
    /// Seconds that it lives.
    pub lives: i64,
}

/// A challenge given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Its id in the store.
    pub id: ChallengeId,
    /// What the key signs.
    pub bytes: [u8; 32],
    /// The first second in which it is void.
    pub expires_at: UnixTime,
}

/// A challenge that was good, and from now on is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// What the key had to sign.
    pub bytes: Vec<u8>,
    /// Whose answer it waited for.
    pub account: Option<AccountId>,
    /// See [`NewChallenge::state`].
    pub state: Option<String>,
}
