//! Scopes: a closed list; what is not on it is dropped from the request, as OpenID Connect Core 3.1.2.1 asks.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// One scope that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Who it is: `sub`.
    Openid,
    /// Names, and what else the profile holds.
    Profile,
    /// `email`, from the profile, and whether we have a proof of it.
    Email,
    /// `address`.
    Address,
    /// `phone_number`.
    Phone,
    /// `groups` of the store.
    Groups,
    /// Tokens that go on after the person has signed out (OpenID Connect Core section 11).
    OfflineAccess,
    /// To do by `/api/v1` what its person may do there. Only a client that is registered for it by name can ask for it.
    Administration,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::Openid,
        Self::Profile,
        Self::Email,
        Self::Address,
        Self::Phone,
        Self::Groups,
        Self::OfflineAccess,
        Self::Administration,
    ];

    /// Those that anybody's application may ask for, in the order of discovery.
    pub const PUBLIC: [Self; 7] = [
        Self::Openid,
        Self::Profile,
        Self::Email,
        Self::Address,
        Self::Phone,
        Self::Groups,
        Self::OfflineAccess,
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Groups => "groups",
            Self::OfflineAccess => "offline_access",
            Self::Administration => "samekey:admin",
        }
    }
}

/// A set of scopes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads a blank-separated list, leaving out what we do not know.
    pub fn read(text: &str) -> Self {
        let known = |word: &str| Scope::ALL.into_iter().find(|scope| scope.name() == word);
        Self(text.split(' ').filter_map(known).collect())
    }

    /// Whether the scope is in it.
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether every scope of the other set is in this one.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.is_superset(&other.0)
    }

    /// The same without one of them.
    #[must_use]
    pub fn without(mut self, scope: Scope) -> Self {
        self.0.remove(&scope);
        self
    }

    /// Each scope.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|scope| scope.name()).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_it_knows() {
        let scopes = Scopes::read("profile admin openid  offline");
        assert_eq!(scopes.to_string(), "openid profile");
        assert!(scopes.covers(&Scopes::read("openid")));
        assert!(!scopes.covers(&Scopes::read("openid email")));
    }
}
