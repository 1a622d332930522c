//! An approval as its owner sees it, and the states it goes through.

use super::code::Code;
use crate::clock::UnixTime;
use crate::ids::{AccountId, ApprovalId, RequestId};
use std::fmt;
use std::str::FromStr;

/// A login that asked for approval. Its number is not here: whoever shows this must not be able to show that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// Whose login it is.
    pub account: AccountId,
    /// The sign-in that waits.
    pub request: RequestId,
    /// What its owner types to find it.
    pub code: Code,
    /// The machine that is entered.
    pub host: Option<String>,
    /// `pam:sshd`, `pam:sudo`, …
    pub service: String,
    /// Where the login comes from.
    pub source: String,
    /// Whether the account never signed in from that network before.
    pub stranger: bool,
    /// The key that opened the first door, as `ssh-keygen -l` prints it.
    pub key_fingerprint: Option<String>,
    /// What will run, where it is known (sudo).
    pub command: Option<String>,
    /// When it was opened.
    pub created_at: UnixTime,
    /// The first second in which it is over.
    pub expires_at: UnixTime,
    /// What became of it.
    pub state: State,
}

impl Approval {
    /// Whether it can be decided at this moment. Opened in the future means that a clock was set back: it cannot (S9).
    pub fn is_open(&self, now: UnixTime) -> bool {
        self.state == State::Pending && (self.created_at..self.expires_at).contains(&now)
    }

    /// The state with the time taken into account: what nobody decided in time is over, whether it was swept or not.
    pub fn state_at(&self, now: UnixTime) -> State {
        match self.state {
            State::Pending | State::Approved if !(self.created_at..self.expires_at).contains(&now) => State::Expired,
            state => state,
        }
    }
}

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident => $word:literal,)+) => {
        /// What became of an approval.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum State {
            $($(#[$doc])* $name,)+
        }

        impl State {
            /// The stable word in the store.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }

        impl FromStr for State {
            type Err = NotAState;

            fn from_str(text: &str) -> Result<Self, NotAState> {
                match text {
                    $($word => Ok(Self::$name),)+
                    _ => Err(NotAState),
                }
            }
        }
    };
}

states! {
    /// Nobody has decided.
    Pending => "pending",
    /// Its owner approved; the login has not yet collected that.
    Approved => "approved",
    /// The login has collected the approval: it is spent.
    Collected => "collected",
    /// Its owner denied.
    Denied => "denied",
    /// Its owner denied, and says that it was somebody else.
    Reported => "reported",
    /// Somebody with the owner's passkey copied another number than the prompt shows.
    WrongNumber => "wrong-number",
    /// Its time ran out.
    Expired => "expired",
    /// The login went away, or another one from the same place took its turn.
    Cancelled => "cancelled",
}

/// A word that names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no approval has such a state")]
pub struct NotAState;

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
