//! The policy: one question in, one decision out, the same for shells and web.
//!
//! **A rule can only make sign-in stricter; only an exception can loosen it, and every exception has a reason, an
//! approver and an end.** All that match apply together, so the order of the file does not matter; what is not known
//! hits rules and misses exceptions, so failing to find out is never the easier way.
//!
//! ```text
//! policy.toml ── Policy::parse ──► Policy          strict: every fault with its line
//!                                    │
//! Facts (who, where, how so far) ──► requirement() ──► Requirement     level, methods, remember, max-age, …
//!                                                         │
//! State (bound, proven, remembered, now) ───────────────► decide() ──► Decision   allow, nag, challenge, enrol, deny
//! ```
//!
//! Everything here is pure; only [`rows`] reaches the store. Source: policy.md; R22-R32, Q1-Q26.

mod check;
mod decide;
mod decision;
mod document;
mod document_text;
mod effect;
mod effective;
mod explain;
mod facts;
mod glob;
mod lattice;
mod lints;
mod moments;
mod networks;
mod people;
mod presets;
mod problem;
mod reader;
mod requirement;
pub mod rows;
mod selectors;
mod selectors_text;
mod settings;
mod settings_text;
mod terms;
mod test_case;
mod test_case_text;
mod warnings;
mod words;

pub use check::{CheckReport, check};
pub use decide::{DEVICES, Proven, State, decide};
pub use decision::{AllowReason, Decision, DenyCode};
pub use document::{Document, Exception, Rule};
pub use effect::Effect;
pub use effective::setting_lines;
pub use explain::{Explanation, Weighed, explain};
pub use facts::{Facts, FirstFactorKind, KeyFact, NotAFirstFactor, NotASource, SourceFact};
pub use glob::Glob;
pub use moments::{parse_duration, parse_moment, show_duration, show_moment};
pub use networks::{Cidr, SourceTerm};
pub use people::People;
pub use presets::{NotAPreset, Preset};
pub use problem::Problem;
pub use requirement::{Requirement, requirement, requirement_with_reports};
pub use selectors::{Condition, Truth, Wanted, When};
pub use settings::{
    DeviceNames, EmailCode, EmailUse, FirstBind, FirstBindRule, LOGIN_NETWORKS, NotDeviceNames, NotEmailUse,
    NotFirstBind, NotSelfService, NotWeakPasswords, SelfService, Settings, Totp, WeakPasswords,
};
pub use terms::{Field, NotTwoTypes, Terms, TwoTypes};
pub use test_case::{Expected, TestCase, TestKey};
pub use warnings::KnownAccount;

use crate::accounts::GroupSource;
use std::sync::Arc;

/// A policy that may be asked: parsed, without faults, immutable, cheap to clone.
#[derive(Debug, Clone)]
pub struct Policy(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    text: String,
    hash: String,
    document: Document,
}

impl Policy {
    /// Parses a policy file; all its faults at once if it has any.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let document = document_text::parse(text)?;
        Ok(Self(Arc::new(Parsed {
            hash: hash(text, document.preset),
            text: text.to_owned(),
            document,
        })))
    }

    /// The policy of a new installation.
    pub fn shipped_default() -> Self {
        // A test parses the shipped file; should it ever not parse, nobody gets in.
        Self::parse(presets::SHIPPED_DEFAULT).unwrap_or_else(|_| Self::closed())
    }

    fn closed() -> Self {
        let text = presets::SHIPPED_DEFAULT.to_owned();
        Self(Arc::new(Parsed {
            hash: hash(&text, None),
            text,
            document: Document::closed(),
        }))
    }

    /// The text as it was applied.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// SHA-256 of the text, and of its preset's if it has one, in 64 hex digits: what the audit trail names.
    pub fn hash(&self) -> &str {
        &self.0.hash
    }

    /// What holds for everybody and is no rule.
    pub fn settings(&self) -> &Settings {
        &self.0.document.settings
    }

    /// Where groups come from.
    pub fn group_source(&self) -> GroupSource {
        self.0.document.groups
    }

    /// Whether the system's groups can make a difference: some rule or exception looks at them.
    pub fn asks_nss(&self) -> bool {
        let Document { rules, exceptions, .. } = &self.0.document;
        let rules = rules.iter().map(|rule| &rule.when);
        let mut all = rules.chain(exceptions.iter().map(|exception| &exception.when));
        self.group_source().asks_nss() && all.any(When::looks_at_groups)
    }

    /// Whether any browser can be remembered under it.
    pub fn remembers_anybody(&self) -> bool {
        let document = &self.0.document;
        let loosened = document
            .exceptions
            .iter()
            .filter_map(|exception| exception.allow.remember);
        loosened.chain([document.base.remember]).any(|seconds| seconds > 0)
    }

    /// The methods that count before any rule or exception.
    pub fn accepted(&self) -> &std::collections::BTreeSet<crate::methods::Method> {
        &self.0.document.base.methods
    }

    /// The longest that a session may idle before any rule or exception.
    pub fn idle(&self) -> i64 {
        self.0.document.base.idle
    }

    /// Everything that it says.
    pub fn document(&self) -> &Document {
        &self.0.document
    }
}

/// Two texts with one hash decide alike, also after an upgrade that changes a preset.
fn hash(text: &str, preset: Option<Preset>) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(text.as_bytes());
    if let Some(preset) = preset {
        context.update(&[0]);
        context.update(preset.text().as_bytes());
    }
    data_encoding::HEXLOWER.encode(context.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_loads_and_passes_its_own_tests() {
        let report = check(presets::SHIPPED_DEFAULT, 0, &[]);
        assert!(report.is_clean(), "{:#?}", report.errors);
        assert_eq!(report.tests_passed, 2);
        assert_eq!(Policy::shipped_default().document().settings, Settings::default());
        for preset in Preset::ALL {
            let report = check(preset.text(), 0, &[]);
            assert!(report.is_clean(), "{preset}: {:#?}", report.errors);
            let used = check(&format!("version = 1\npreset = \"{preset}\"\n"), 0, &[]);
            assert!(used.is_clean(), "{preset}: {:#?}", used.errors);
        }
    }
}
