//! The parsed policy: networks, default, rules, exceptions, embedded tests. Immutable, every pattern compiled once.

use super::networks::Cidr;
use super::presets::Preset;
use super::requirement::Requirement;
use super::selectors::When;
use super::settings::Settings;
use super::terms::Terms;
use super::test_case::TestCase;
use crate::accounts::GroupSource;
use crate::clock::UnixTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One sentence that makes sign-in stricter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique among rules and exceptions.
    pub name: Arc<str>,
    /// Applied after exceptions, so that none can loosen it.
    pub hard: bool,
    /// Logged as "would …", not applied.
    pub report_only: bool,
    /// Whether it came with the preset rather than with the file.
    pub from_preset: bool,
    /// Whom and where it meets.
    pub when: When,
    /// What it asks.
    pub require: Terms,
    /// Its line in the file or in the preset's file.
    pub line: usize,
}

/// One sentence that makes sign-in looser, with somebody who answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Unique among rules and exceptions.
    pub name: Arc<str>,
    /// Whom and where it meets.
    pub when: When,
    /// What it allows.
    pub allow: Terms,
    /// Why.
    pub reason: String,
    /// By whom.
    pub approved_by: String,
    /// The first moment at which it no longer counts; only `automation` may do without.
    pub expires: Option<UnixTime>,
    /// For a machine's account, which cannot answer a prompt.
    pub automation: bool,
    /// Its line in the file.
    pub line: usize,
}

/// Everything that a policy file says, its preset included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The preset it builds on.
    pub preset: Option<Preset>,
    /// Where groups come from.
    pub groups: GroupSource,
    /// `[networks]`
    pub networks: BTreeMap<String, Arc<[Cidr]>>,
    /// `[default]`, completed by the preset's.
    pub default: Terms,
    /// The preset's rules and the file's own.
    pub rules: Vec<Rule>,
    /// `[[exception]]`
    pub exceptions: Vec<Exception>,
    /// `[[test]]`
    pub tests: Vec<TestCase>,
    /// `[settings]`, completed by the preset's and by what is shipped.
    pub settings: Settings,
    /// What holds before any rule.
    pub(super) base: Requirement,
}

impl Document {
    /// Whether nothing but `[settings]` differs, and what of `[default]` is a switch for everybody.
    pub fn same_but_settings(&self, other: &Self) -> bool {
        let mut settled = other.clone();
        settled.settings = self.settings.clone();
        settled.default.remember = self.default.remember;
        settled.default.grace = self.default.grace;
        settled.default.two_types = self.default.two_types;
        settled.base = self.base.clone();
        self.same(&settled)
    }

    /// Whether all exceptions but those named `gone` are the same, and everything else is.
    pub fn same_but_exceptions(&self, other: &Self, gone: &[String]) -> bool {
        let kept = |document: &Self| {
            let mut exceptions = document.exceptions.clone();
            exceptions.retain(|one| !gone.iter().any(|name| **name == *one.name));
            exceptions
        };
        let before = kept(self);
        let mut settled = other.clone();
        settled.exceptions.truncate(before.len());
        let mut own = self.clone();
        own.exceptions = before;
        own.same(&settled)
    }

    /// The same, wherever in the file it stands.
    fn same(&self, other: &Self) -> bool {
        let mut there = other.clone();
        for (one, ours) in there.rules.iter_mut().zip(&self.rules) {
            one.line = ours.line;
        }
        for (one, ours) in there.exceptions.iter_mut().zip(&self.exceptions) {
            one.line = ours.line;
        }
        for (one, ours) in there.tests.iter_mut().zip(&self.tests) {
            one.line = ours.line;
        }
        *self == there
    }

    /// A policy by which nobody gets in.
    pub(super) fn closed() -> Self {
        let default = Terms {
            deny: Some(true),
            ..Terms::default()
        };
        let settings = Settings::default();
        Self {
            preset: None,
            groups: GroupSource::Nss,
            networks: BTreeMap::new(),
            base: Requirement::base(&default, &settings),
            default,
            rules: Vec::new(),
            exceptions: Vec::new(),
            tests: Vec::new(),
            settings,
        }
    }
}
