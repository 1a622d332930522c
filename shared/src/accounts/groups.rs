//! An account's groups, from the system or from the store, or the honest answer that they are not known.

use super::{LoginName, nss, rows};
use crate::ids::AccountId;
use crate::store::{StoreError, Tx};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The groups of an account, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Groups {
    /// Exactly these.
    Known(BTreeSet<String>),
    /// Nobody could tell. To a policy this is a hit in every rule and a miss in every exception, so that a directory
    /// that is down never makes a sign-in easier.
    Unknown,
}

impl Groups {
    /// As a policy's facts want them.
    pub fn known(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::Known(groups) => Some(groups),
            Self::Unknown => None,
        }
    }

    /// Both together; not known if either is not.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(mut one), Self::Known(other)) => {
                one.extend(other);
                Self::Known(one)
            }
            _ => Self::Unknown,
        }
    }
}

/// Where groups come from: one place for shells and web alike (policy.md, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupSource {
    /// The system's. An account that the system does not know has groups unknown: the strictest of all rules then
    /// holds for it. Realms with people who exist on the web only take another source.
    #[default]
    Nss,
    /// Those that `samekey` gives.
    Store,
    /// Both together.
    Both,
}

/// A word that names no source of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("groups come from one of: nss, store, both")]
pub struct NotAGroupSource;

impl FromStr for GroupSource {
    type Err = NotAGroupSource;

    fn from_str(text: &str) -> Result<Self, NotAGroupSource> {
        match text {
            "nss" => Ok(Self::Nss),
            "store" => Ok(Self::Store),
            "both" => Ok(Self::Both),
            _ => Err(NotAGroupSource),
        }
    }
}

impl fmt::Display for GroupSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nss => "nss",
            Self::Store => "store",
            Self::Both => "both",
        })
    }
}

impl GroupSource {
    /// Every word for one.
    pub const WORDS: &'static [&'static str] = &["nss", "store", "both"];

    /// Whether the system has to be asked: do that before the unit of work, for a directory may take seconds.
    pub fn asks_nss(self) -> bool {
        matches!(self, Self::Nss | Self::Both)
    }

    /// The groups that count, of what the system and the store say.
    #[must_use]
    pub fn of(self, nss: Groups, stored: Groups) -> Groups {
        match self {
            Self::Nss => nss,
            Self::Store => stored,
            Self::Both => nss.and(stored),
        }
    }

    /// Whether the store has to be asked.
    pub fn asks_store(self) -> bool {
        matches!(self, Self::Store | Self::Both)
    }
}

/// The system's groups of this user. Any failure, and a user whom the system does not know, is [`Groups::Unknown`]:
/// a directory that is down answers just so. (What NSS hides cannot be seen here: `getgrouplist` leaves out silently
/// the groups of a service that is down while another one answers.)
pub fn from_nss(name: &LoginName) -> Groups {
    nss::groups_of_name(name.as_str()).map_or(Groups::Unknown, Groups::Known)
}

/// The groups of an account from this source; `account` is `None` for somebody who has none in the store.
pub fn of(source: GroupSource, tx: &mut Tx<'_>, nss: Groups, account: Option<AccountId>) -> Result<Groups, StoreError> {
    let stored = match account {
        Some(id) if source.asks_store() => Groups::Known(rows::groups_of(tx, id)?),
        _ => Groups::Known(BTreeSet::new()),
    };
    Ok(source.of(nss, stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[&str]) -> Groups {
        Groups::Known(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn half_known_is_unknown() {
        assert_eq!(known(&["a"]).and(known(&["b"])), known(&["a", "b"]));
        assert_eq!(known(&["a"]).and(Groups::Unknown), Groups::Unknown);
        assert_eq!(Groups::Unknown.and(known(&["a"])), Groups::Unknown);
    }

    #[test]
    fn a_user_whom_the_system_does_not_know_has_groups_unknown() {
        assert_eq!(from_nss(&"no-such-user-here".parse().unwrap()), Groups::Unknown);
        assert!(from_nss(&"root".parse().unwrap()).known().unwrap().contains("root"));
    }

    #[test]
    fn words_are_stable() {
        for source in [GroupSource::Nss, GroupSource::Store, GroupSource::Both] {
            assert_eq!(source.to_string().parse(), Ok(source));
        }
        assert_eq!("NSS".parse::<GroupSource>(), Err(NotAGroupSource));
    }
}
