//! The five roles, in their stable words.

use std::fmt;
use std::str::FromStr;

/// What an account may administer. In ascending order of what it can bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Role {
    /// Nothing: signs in, and looks after their own devices.
    #[default]
    User,
    /// Sees everything that administrators see, and changes nothing.
    Auditor,
    /// Helps users who are locked out.
    Helpdesk,
    /// Administers everything but admins and owners.
    Admin,
    /// Administers everything.
    Owner,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: &'static [Self] = &[Self::Owner, Self::Admin, Self::Helpdesk, Self::Auditor, Self::User];

    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Auditor => "auditor",
            Self::Helpdesk => "helpdesk",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Whether it can put right what a wrong policy or a lost device broke: one such account must always be left.
    pub fn administers(self) -> bool {
        self >= Self::Admin
    }

    /// Whether the administrators' pages have anything for it.
    pub fn has_a_desk(self) -> bool {
        self > Self::User
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of: owner, admin, helpdesk, auditor, user")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL
            .iter()
            .copied()
            .find(|role| role.as_str() == text)
            .ok_or(NotARole)
    }
}
