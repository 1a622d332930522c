//! `when`: who, where and how so far. Three-valued, so that a fact that is not known stays unknown through `except-…`.

use super::facts::{Facts, FirstFactorKind, KeyFact, SourceFact};
use super::glob::Glob;
use super::networks::SourceTerm;
use std::collections::BTreeSet;

/// Whether something holds, or cannot be known (Kleene's logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// A fact is missing to tell.
    Unknown,
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }

    fn negated(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// What one key of `when` asks for. A list holds when one of its entries does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// `users`
    Users(Vec<Glob>),
    /// `groups`
    Groups(Vec<Glob>),
    /// `flags`
    Flags(Vec<Glob>),
    /// `services`
    Services(Vec<Glob>),
    /// `hosts`, in any letter case
    Hosts(Vec<Glob>),
    /// `source`
    Source(Vec<SourceTerm>),
    /// `first-factor`
    FirstFactor(BTreeSet<FirstFactorKind>),
    /// `key`: fingerprints of SSH keys
    Key(BTreeSet<String>),
    /// `key-type`: patterns of the names of their types
    KeyType(Vec<Glob>),
    /// `key-enrolled`: whether the key is enrolled in the account; where no key was shown, neither holds
    KeyEnrolled(bool),
    /// `abnormal`
    Abnormal(bool),
}

impl Wanted {
    fn holds(&self, facts: &Facts<'_>) -> Truth {
        let fits = |globs: &[Glob], name: &str| globs.iter().any(|glob| glob.matches(name));
        let named = |globs: &[Glob], name: &str| Truth::of(fits(globs, name));
        let any_of = |globs: &[Glob], all: Option<&BTreeSet<String>>| match all {
            Some(all) => Truth::of(all.iter().any(|name| fits(globs, name))),
            None => Truth::Unknown,
        };
        match self {
            Self::Users(globs) => named(globs, facts.user),
            Self::Services(globs) => named(globs, facts.service),
            Self::Groups(globs) => any_of(globs, facts.groups),
            Self::Flags(globs) => any_of(globs, facts.flags),
            Self::Hosts(globs) => facts.host.map_or(Truth::Unknown, |host| named(globs, host)),
            Self::Source(terms) => match facts.source {
                SourceFact::Unknown => Truth::Unknown,
                SourceFact::Local => Truth::of(terms.iter().any(|term| term.holds(None))),
                SourceFact::Addr(address) => Truth::of(terms.iter().any(|term| term.holds(Some(address)))),
            },
            Self::FirstFactor(kinds) => facts
                .first_factor
                .map_or(Truth::Unknown, |kind| Truth::of(kinds.contains(&kind))),
            Self::Key(prints) => of_key(facts.key, |_, print, _| Truth::of(prints.contains(print))),
            Self::KeyType(globs) => of_key(facts.key, |key_type, _, _| named(globs, key_type)),
            Self::KeyEnrolled(wanted) => of_key(facts.key, |_, _, enrolled| {
                enrolled.map_or(Truth::Unknown, |is| Truth::of(is == *wanted))
            }),
            Self::Abnormal(wanted) => facts.abnormal.map_or(Truth::Unknown, |is| Truth::of(is == *wanted)),
        }
    }

    /// The key without its `except-`.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::Users(_) => "users",
            Self::Groups(_) => "groups",
            Self::Flags(_) => "flags",
            Self::Services(_) => "services",
            Self::Hosts(_) => "hosts",
            Self::Source(_) => "source",
            Self::FirstFactor(_) => "first-factor",
            Self::Key(_) => "key",
            Self::KeyType(_) => "key-type",
            Self::KeyEnrolled(_) => "key-enrolled",
            Self::Abnormal(_) => "abnormal",
        }
    }

    /// The name patterns, for the keys that have some.
    pub(super) fn globs(&self) -> &[Glob] {
        match self {
            Self::Users(globs)
            | Self::Groups(globs)
            | Self::Flags(globs)
            | Self::Services(globs)
            | Self::Hosts(globs)
            | Self::KeyType(globs) => globs,
            Self::Source(_) | Self::FirstFactor(_) | Self::Key(_) | Self::KeyEnrolled(_) | Self::Abnormal(_) => &[],
        }
    }
}

/// What holds of the key that was shown. Where none was, nothing holds of it; where nobody knows, nobody knows.
fn of_key(key: KeyFact<'_>, holds: impl FnOnce(&str, &str, Option<bool>) -> Truth) -> Truth {
    match key {
        KeyFact::Unknown => Truth::Unknown,
        KeyFact::None => Truth::Fails,
        KeyFact::Shown {
            key_type,
            fingerprint,
            enrolled,
        } => holds(key_type, fingerprint, enrolled),
    }
}

/// One key of `when`, plain or as its `except-…` twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Whether it is the twin, which holds where the plain key does not.
    pub except: bool,
    /// What is looked at.
    pub wanted: Wanted,
}

impl Condition {
    /// Whether it holds for these facts.
    pub fn holds(&self, facts: &Facts<'_>) -> Truth {
        let plain = self.wanted.holds(facts);
        if self.except { plain.negated() } else { plain }
    }

    /// The key as the file writes it.
    pub fn key(&self) -> String {
        let prefix = if self.except { "except-" } else { "" };
        format!("{prefix}{}", self.wanted.key())
    }
}

/// All conditions of a rule or an exception; each must hold. None at all: everybody, everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When(pub Vec<Condition>);

impl When {
    /// Whether all conditions hold: one that fails settles it, otherwise one unknown leaves it unknown.
    pub fn holds(&self, facts: &Facts<'_>) -> Truth {
        let mut all = Truth::Holds;
        for condition in &self.0 {
            match condition.holds(facts) {
                Truth::Fails => return Truth::Fails,
                Truth::Unknown => all = Truth::Unknown,
                Truth::Holds => {}
            }
        }
        all
    }

    /// The keys that fail, or, when none fails, those that cannot be known: the reason of a miss.
    pub fn reasons(&self, facts: &Facts<'_>) -> Vec<String> {
        let keys = |truth: Truth| -> Vec<String> {
            let with = self.0.iter().filter(|condition| condition.holds(facts) == truth);
            with.map(Condition::key).collect()
        };
        let failing = keys(Truth::Fails);
        if failing.is_empty() {
            keys(Truth::Unknown)
                .into_iter()
                .map(|key| format!("{key} unknown"))
                .collect()
        } else {
            failing
        }
    }

    /// Whether some key looks at groups.
    pub(super) fn looks_at_groups(&self) -> bool {
        self.0
            .iter()
            .any(|condition| matches!(condition.wanted, Wanted::Groups(_)))
    }

    /// Whether some plain key narrows down who is meant: users, groups or flags, other than by `*`.
    pub(super) fn names_somebody(&self) -> bool {
        self.0.iter().any(|condition| {
            let who = matches!(
                condition.wanted,
                Wanted::Users(_) | Wanted::Groups(_) | Wanted::Flags(_)
            );
            who && !condition.except && !condition.wanted.globs().iter().any(Glob::matches_everything)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'a>() -> Facts<'a> {
        Facts {
            user: "alice",
            groups: None,
            flags: None,
            service: "pam:sshd",
            host: None,
            source: SourceFact::Unknown,
            first_factor: None,
            key: KeyFact::Unknown,
            abnormal: None,
            now: 0,
        }
    }

    fn condition(except: bool, wanted: Wanted) -> Condition {
        Condition { except, wanted }
    }

    #[test]
    fn unknown_stays_unknown_through_except() {
        let every = [
            Wanted::Groups(vec![Glob::parse("wheel", false).unwrap()]),
            Wanted::Flags(vec![Glob::parse("*", false).unwrap()]),
            Wanted::Hosts(vec![Glob::parse("*", true).unwrap()]),
            Wanted::Source(vec![SourceTerm::Local]),
            Wanted::FirstFactor(BTreeSet::from([FirstFactorKind::Password])),
            Wanted::Key(BTreeSet::from(["SHA256:x".to_owned()])),
            Wanted::KeyType(vec![Glob::parse("*", false).unwrap()]),
            Wanted::KeyEnrolled(false),
            Wanted::Abnormal(false),
        ];
        for wanted in every {
            for except in [false, true] {
                assert_eq!(
                    condition(except, wanted.clone()).holds(&facts()),
                    Truth::Unknown,
                    "{wanted:?}"
                );
            }
        }
    }

    #[test]
    fn one_that_fails_settles_it_whatever_is_unknown() {
        let when = When(vec![
            condition(false, Wanted::Source(vec![SourceTerm::Local])),
            condition(false, Wanted::Users(vec![Glob::parse("bob", false).unwrap()])),
        ]);
        assert_eq!(when.holds(&facts()), Truth::Fails);
        assert_eq!(when.reasons(&facts()), ["users"]);
    }

    #[test]
    fn nothing_holds_of_a_key_that_was_not_shown() {
        let of = |key: KeyFact<'static>, wanted: Wanted| condition(false, wanted).holds(&Facts { key, ..facts() });
        let every = || {
            let prints = BTreeSet::from(["SHA256:x".to_owned()]);
            let types = vec![Glob::parse("sk-*", false).unwrap()];
            [Wanted::Key(prints), Wanted::KeyType(types), Wanted::KeyEnrolled(true)]
        };
        let shown = |enrolled| KeyFact::Shown {
            key_type: "sk-ssh-ed25519@openssh.com",
            fingerprint: "SHA256:x",
            enrolled,
        };
        for wanted in every() {
            assert_eq!(of(KeyFact::None, wanted.clone()), Truth::Fails, "{wanted:?}");
            assert_eq!(of(shown(Some(true)), wanted.clone()), Truth::Holds, "{wanted:?}");
        }
        assert_eq!(of(KeyFact::None, Wanted::KeyEnrolled(false)), Truth::Fails);
        assert_eq!(of(shown(Some(true)), Wanted::KeyEnrolled(false)), Truth::Fails);
        assert_eq!(of(shown(None), Wanted::KeyEnrolled(false)), Truth::Unknown);
    }

    #[test]
    fn an_address_is_never_local_and_local_is_in_no_block() {
        let local = Wanted::Source(vec![SourceTerm::Local]);
        let all = Wanted::Source(vec![SourceTerm::Within(
            super::super::networks::Cidr::parse("0.0.0.0/0").unwrap(),
        )]);
        let loopback = Facts {
            source: SourceFact::Addr([127, 0, 0, 1].into()),
            ..facts()
        };
        let console = Facts {
            source: SourceFact::Local,
            ..facts()
        };
        assert_eq!(local.holds(&loopback), Truth::Fails);
        assert_eq!(local.holds(&console), Truth::Holds);
        assert_eq!(all.holds(&console), Truth::Fails);
        assert_eq!(all.holds(&loopback), Truth::Holds);
    }
}
