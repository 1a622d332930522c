//! `[[test]]`: what the author of a policy expects of it, held before it is applied.

use super::decide::{State, decide};
use super::decision::Decision;
use super::document::Document;
use super::facts::{Facts, FirstFactorKind, KeyFact, SourceFact};
use super::requirement::{ReportOnly, weigh};
use crate::clock::UnixTime;
use crate::methods::{Level, Method};
use std::collections::BTreeSet;

/// One embedded test. What is not said of the account (groups, flags, methods) it does not have; what is not said of
/// the situation (source, host, first factor, abnormal) is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCase {
    /// Its line in the file.
    pub line: usize,
    /// The login name.
    pub user: String,
    /// The groups; `None` for `groups = "unknown"`.
    pub groups: Option<BTreeSet<String>>,
    /// The flags; `None` for `flags = "unknown"`.
    pub flags: Option<BTreeSet<String>>,
    /// The door.
    pub service: String,
    /// Where from.
    pub source: SourceFact,
    /// The machine.
    pub host: Option<String>,
    /// How the first factor was proven.
    pub first_factor: Option<FirstFactorKind>,
    /// The SSH key that came first. Not known if not said, unless the first factor is one that has none.
    pub key: Option<TestKey>,
    /// Whether unusual.
    pub abnormal: Option<bool>,
    /// The methods bound (`have`).
    pub have: BTreeSet<Method>,
    /// When; the moment of the check if not said.
    pub at: Option<UnixTime>,
    /// When the account came under the requirement; the same moment if not said.
    pub since: Option<UnixTime>,
    /// What is expected.
    pub expect: Expected,
}

/// The SSH key of an embedded test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestKey {
    /// `key-type`
    pub key_type: String,
    /// `key`; one that no rule names if not said.
    pub fingerprint: Option<String>,
    /// `key-enrolled`
    pub enrolled: Option<bool>,
}

/// What an embedded test expects; each that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// `expect-level`
    pub level: Option<Level>,
    /// `expect-methods`: the methods accepted, all of them and no others.
    pub methods: Option<BTreeSet<Method>>,
    /// `expect-decision`: its word.
    pub decision: Option<&'static str>,
    /// `expect-max-age`, in seconds
    pub max_age: Option<i64>,
    /// `expect-remember`, in seconds
    pub remember: Option<i64>,
}

impl TestCase {
    /// Runs it; one sentence for each expectation that does not hold.
    pub(super) fn failures(&self, document: &Document, now: UnixTime) -> Vec<String> {
        let now = self.at.unwrap_or(now);
        let facts = Facts {
            user: &self.user,
            groups: self.groups.as_ref(),
            flags: self.flags.as_ref(),
            service: &self.service,
            host: self.host.as_deref(),
            source: self.source,
            first_factor: self.first_factor,
            key: self.key_fact(),
            abnormal: self.abnormal,
            now,
        };
        let asked = weigh(document, &facts, ReportOnly::Logged);
        let state = State::fresh(&self.have, Some(self.since.unwrap_or(now)), now).at(&self.service);
        let decision = decide(&asked, &state);
        self.expect.compare(&asked, &decision)
    }
}

impl TestCase {
    fn key_fact(&self) -> KeyFact<'_> {
        match &self.key {
            Some(key) => KeyFact::Shown {
                key_type: &key.key_type,
                fingerprint: key.fingerprint.as_deref().unwrap_or_default(),
                enrolled: key.enrolled,
            },
            None => KeyFact::of_kind(self.first_factor),
        }
    }
}

impl Expected {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn compare(&self, asked: &super::Requirement, decision: &Decision) -> Vec<String> {
        let mut failures = Vec::new();
        let mut hold = |field: &str, expected: Option<String>, found: String| {
            if let Some(expected) = expected.filter(|expected| *expected != found) {
                failures.push(format!("{field} is {found}, expected {expected}"));
            }
        };
        let span = |seconds: i64| super::moments::show_duration(seconds);
        hold("level", self.level.map(|l| l.to_string()), asked.level.to_string());
        hold("methods", self.methods.as_ref().map(list), list(&asked.methods));
        hold(
            "decision",
            self.decision.map(str::to_owned),
            decision.as_str().to_owned(),
        );
        hold(
            "max-age",
            self.max_age.map(span),
            asked.max_age.map_or("not asked".to_owned(), span),
        );
        hold("remember", self.remember.map(span), span(asked.remember));
        failures
    }
}

fn list(methods: &BTreeSet<Method>) -> String {
    let words: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}
