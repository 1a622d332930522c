//! What an account is: its state, its flags, and what is known about the person for reference.

use super::LoginName;
use crate::clock::UnixTime;
use crate::ids::AccountId;
use crate::roles::Role;
use crate::store::StoreError;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Whether an account may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// It may.
    Active,
    /// An administrator has stopped it for a while.
    Locked,
    /// Its person has left; it is kept for the trail.
    Disabled,
}

impl AccountState {
    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for AccountState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no state of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account is one of: active, locked, disabled")]
pub struct NotAState;

impl FromStr for AccountState {
    type Err = NotAState;

    fn from_str(text: &str) -> Result<Self, NotAState> {
        [Self::Active, Self::Locked, Self::Disabled]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(NotAState)
    }
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What it is called in tokens (`sub`); never given to anybody else, also after removal.
    pub id: AccountId,
    /// What it is called at a prompt.
    pub name: LoginName,
    /// The person's name, for pages.
    pub display_name: Option<String>,
    /// The profile's address: for reference only, never for verification (R60, R61).
    pub email: Option<String>,
    /// Whether it may sign in.
    pub state: AccountState,
    /// Switches of this account that policies may ask for, such as `mfa-required` (W10).
    pub flags: BTreeSet<String>,
    /// What it may administer.
    pub role: Role,
    /// Whether it has a password of ours.
    pub has_password: bool,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it first signed in.
    pub first_sign_in_at: Option<UnixTime>,
}

/// An account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Drawn by the caller.
    pub id: AccountId,
    /// Its name; free at that moment.
    pub name: LoginName,
    /// See [`Account::display_name`].
    pub display_name: Option<String>,
    /// See [`Account::email`].
    pub email: Option<String>,
    /// See [`Account::flags`].
    pub flags: BTreeSet<String>,
    /// See [`Account::role`].
    pub role: Role,
    /// Now.
    pub created_at: UnixTime,
}

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Somebody has that name.
    #[error("the user name {0} is taken")]
    NameTaken(LoginName),
    /// No such account, or it was removed.
    #[error("there is no such account")]
    NotFound,
    /// A display name, address, flag or group of a form that we do not keep.
    #[error("{what} is refused: {why}")]
    Text {
        /// Which of them.
        what: &'static str,
        /// What it must be.
        why: &'static str,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccountError {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameTaken(_) => "name_taken",
            Self::NotFound => "not_found",
            Self::Text { .. } => "name_invalid",
            Self::Store(_) => "store_unavailable",
        }
    }
}

/// Texts that pages, terminals and tokens show: no control characters, no invisible direction marks, not endless.
pub(super) fn check_shown(what: &'static str, text: Option<&str>) -> Result<(), AccountError> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    match text {
        Some(text) if text.is_empty() || text.chars().count() > 200 => Err(AccountError::Text {
            what,
            why: "it has from 1 to 200 characters",
        }),
        Some(text) if text.chars().any(hidden) => Err(AccountError::Text {
            what,
            why: "it holds no control or invisible characters",
        }),
        _ => Ok(()),
    }
}

/// Flags are kept as words in one column.
pub(super) fn check_flags(flags: &BTreeSet<String>) -> Result<(), AccountError> {
    let word = |flag: &String| {
        (1..=64).contains(&flag.len()) && flag.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    if flags.iter().all(word) {
        return Ok(());
    }
    Err(AccountError::Text {
        what: "the flag",
        why: "it is made of a-z, 0-9 and -, at most 64",
    })
}
