//! What is known of a sign-in when the policy is asked. `None` means "not known", which is never the easier way.

use super::words::words;
use crate::clock::UnixTime;
use crate::methods::FirstFactor;
use crate::source::Source;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Everything that rules and exceptions can look at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The canonical login name.
    pub user: &'a str,
    /// The groups; `None` when the look-up failed, which hits every rule about groups and misses every exception.
    pub groups: Option<&'a BTreeSet<String>>,
    /// The account's flags, such as `mfa-required`; `None` when the account could not be read.
    pub flags: Option<&'a BTreeSet<String>>,
    /// The door: `pam:<service>`, `oidc:<client_id>`, `portal:sign-in`, `portal:devices`, `admin:<verb>`.
    pub service: &'a str,
    /// The machine that is signed in to.
    pub host: Option<&'a str>,
    /// Where the person comes from.
    pub source: SourceFact,
    /// How the first factor was proven.
    pub first_factor: Option<FirstFactorKind>,
    /// The SSH key that came first.
    pub key: KeyFact<'a>,
    /// Whether the sign-in is unusual for this account (W3).
    pub abnormal: Option<bool>,
    /// The present moment: exceptions end.
    pub now: UnixTime,
}

/// Where a sign-in comes from, as far as selectors tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceFact {
    /// A network address.
    Addr(IpAddr),
    /// The machine itself.
    Local,
    /// Not known.
    Unknown,
}

/// The SSH key that opened a login, as far as selectors look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFact<'a> {
    /// There may have been one: nobody knows which.
    Unknown,
    /// It is known that none was shown.
    None,
    /// This one.
    Shown {
        /// The name of its type: `sk-ssh-ed25519@openssh.com`.
        key_type: &'a str,
        /// `SHA256:…`.
        fingerprint: &'a str,
        /// Whether it is enrolled in the account that is entered; `None` where nobody could look.
        enrolled: Option<bool>,
    },
}

impl KeyFact<'static> {
    /// Where no more is known than how the first factor was proven.
    pub fn of_kind(first: Option<FirstFactorKind>) -> Self {
        match first {
            None | Some(FirstFactorKind::PublicKey) => Self::Unknown,
            Some(FirstFactorKind::None | FirstFactorKind::Password | FirstFactorKind::Passkey) => Self::None,
        }
    }
}

impl<'a> KeyFact<'a> {
    /// Of a first factor; `enrolled` tells of its key, if it is one.
    pub fn of(first: &'a FirstFactor, enrolled: bool) -> Self {
        match first {
            FirstFactor::PublicKey(key) => Self::Shown {
                key_type: &key.key_type,
                fingerprint: &key.fingerprint,
                enrolled: Some(enrolled),
            },
            FirstFactor::Unreadable => Self::Unknown,
            FirstFactor::None | FirstFactor::Password | FirstFactor::Passkey => Self::None,
        }
    }
}

impl From<&Source> for SourceFact {
    fn from(source: &Source) -> Self {
        match source {
            Source::Address(address) => Self::Addr(address.to_canonical()),
            Source::Local { .. } => Self::Local,
            Source::Unknown => Self::Unknown,
        }
    }
}

/// `203.0.113.9`, `local` or `unknown`.
impl fmt::Display for SourceFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addr(address) => write!(f, "{address}"),
            Self::Local => f.write_str("local"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// A text that names no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a source is an address, local or unknown")]
pub struct NotASource;

impl FromStr for SourceFact {
    type Err = NotASource;
    fn from_str(text: &str) -> Result<Self, NotASource> {
        match text {
            "local" => Ok(Self::Local),
            "unknown" => Ok(Self::Unknown),
            _ => text
                .parse::<IpAddr>()
                .map(|address| Self::Addr(address.to_canonical()))
                .map_err(|_| NotASource),
        }
    }
}

impl serde::Serialize for SourceFact {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

words! {
    /// How the first factor was proven, as far as selectors tell apart.
    FirstFactorKind, NotAFirstFactor, "one of: none, password, publickey, passkey", {
        /// It is known that nothing was proven yet.
        None = "none",
        /// A password.
        Password = "password",
        /// An SSH key.
        PublicKey = "publickey",
        /// A passkey, which is two factors by itself (Q9).
        Passkey = "passkey",
    }
}
