//! What a `[default]`, `require` or `allow` names: any subset of the eleven fields.

use super::words::words;
use crate::clock::UnixTime;
use crate::methods::{Level, Method};
use std::collections::BTreeSet;
use std::fmt;

/// A field of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// How much must be proven; strictest is the highest.
    Level,
    /// The second factors accepted; strictest is what all allow.
    Methods,
    /// Seconds for which a remembered browser is not asked again; strictest is the shortest.
    Remember,
    /// Seconds for which a shell from the same place with the same key is not asked again; strictest is the shortest.
    Recheck,
    /// Seconds that a proof may be old; strictest is the shortest.
    MaxAge,
    /// Seconds that a session lasts; strictest is the shortest.
    Session,
    /// Seconds that a session may idle; strictest is the shortest.
    Idle,
    /// Seconds for enrolling, from when the account first came under the requirement; strictest is the shortest.
    Grace,
    /// Moment from which enrolling can no longer be put off; strictest is the earliest.
    Deadline,
    /// Whether two kinds of device must be bound; strictest is `require`.
    TwoTypes,
    /// Whether nobody gets in at all; strictest is true.
    Deny,
}

impl Field {
    /// All fields, in the order of `explain`.
    pub const ALL: [Self; 11] = [
        Self::Level,
        Self::Methods,
        Self::Remember,
        Self::Recheck,
        Self::MaxAge,
        Self::Session,
        Self::Idle,
        Self::Grace,
        Self::Deadline,
        Self::TwoTypes,
        Self::Deny,
    ];

    /// The key in policy files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Methods => "methods",
            Self::Remember => "remember",
            Self::Recheck => "recheck",
            Self::MaxAge => "max-age",
            Self::Session => "session",
            Self::Idle => "idle",
            Self::Grace => "grace",
            Self::Deadline => "deadline",
            Self::TwoTypes => "two-types",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

words! {
    /// Whether an account must have devices of two kinds, of FIDO, authenticator app and e-mail (R83).
    TwoTypes, NotTwoTypes, "one of: off, warn, require", {
        /// No.
        Off = "off",
        /// It is advised after each sign-in (M02).
        Warn = "warn",
        /// It is demanded.
        Require = "require",
    }
}

/// The fields that one rule, exception or default names; `None` is "says nothing about it". Times in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// See [`Field::Level`].
    pub level: Option<Level>,
    /// See [`Field::Methods`].
    pub methods: Option<BTreeSet<Method>>,
    /// See [`Field::Remember`].
    pub remember: Option<i64>,
    /// See [`Field::Recheck`].
    pub recheck: Option<i64>,
    /// See [`Field::MaxAge`].
    pub max_age: Option<i64>,
    /// See [`Field::Session`].
    pub session: Option<i64>,
    /// See [`Field::Idle`].
    pub idle: Option<i64>,
    /// See [`Field::Grace`].
    pub grace: Option<i64>,
    /// See [`Field::Deadline`].
    pub deadline: Option<UnixTime>,
    /// See [`Field::TwoTypes`].
    pub two_types: Option<TwoTypes>,
    /// See [`Field::Deny`].
    pub deny: Option<bool>,
}

impl Terms {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These terms, and what they leave open taken from `other`.
    pub(super) fn or(&self, other: &Self) -> Self {
        Self {
            level: self.level.or(other.level),
            methods: self.methods.clone().or_else(|| other.methods.clone()),
            remember: self.remember.or(other.remember),
            recheck: self.recheck.or(other.recheck),
            max_age: self.max_age.or(other.max_age),
            session: self.session.or(other.session),
            idle: self.idle.or(other.idle),
            grace: self.grace.or(other.grace),
            deadline: self.deadline.or(other.deadline),
            two_types: self.two_types.or(other.two_types),
            deny: self.deny.or(other.deny),
        }
    }
}
