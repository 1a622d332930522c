//! `policy check`: everything that must hold before a policy may be applied, and what its author should know.

use super::problem::Problem;
use super::warnings::{self, KnownAccount};
use super::{Document, Policy};
use crate::clock::UnixTime;

/// The outcome of a check.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CheckReport {
    /// Faults: one is enough for the policy not to be applied.
    pub errors: Vec<Problem>,
    /// What its author should know.
    pub warnings: Vec<Problem>,
    /// Embedded tests that held.
    pub tests_passed: usize,
    /// Embedded tests that did not; each failure stands among the errors.
    pub tests_failed: usize,
    /// The policy, if it parses.
    #[serde(skip)]
    pub policy: Option<Policy>,
}

impl CheckReport {
    /// Whether the policy may be applied.
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }
}

/// Checks a policy's text. With `accounts` it also tells whom it would lock out; without any, it cannot.
pub fn check(text: &str, now: UnixTime, accounts: &[KnownAccount]) -> CheckReport {
    let mut report = CheckReport {
        errors: Vec::new(),
        warnings: Vec::new(),
        tests_passed: 0,
        tests_failed: 0,
        policy: None,
    };
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(problems) => {
            report.errors = problems;
            return report;
        }
    };
    run_tests(policy.document(), now, &mut report);
    if warnings::locks_out_administrators(policy.document(), accounts, now) {
        let administrators: Vec<&str> = accounts
            .iter()
            .filter(|account| account.administrator)
            .map(|account| account.user.as_str())
            .collect();
        let message = format!("no administrator could sign in any more: {}", administrators.join(", "));
        report.errors.push(on_line(1, message));
    }
    let found = warnings::of(policy.document(), now);
    report
        .warnings
        .extend(found.into_iter().map(|(line, message)| on_line(line, message)));
    let people = warnings::of_people(policy.document(), accounts, now);
    report
        .warnings
        .extend(people.into_iter().map(|message| on_line(1, message)));
    report.errors.sort();
    report.warnings.sort();
    report.policy = Some(policy);
    report
}

fn run_tests(document: &Document, now: UnixTime, report: &mut CheckReport) {
    for test in &document.tests {
        let failures = test.failures(document, now);
        if failures.is_empty() {
            report.tests_passed += 1;
        } else {
            report.tests_failed += 1;
            let message = format!("[[test]] {} at {}: {}", test.user, test.service, failures.join("; "));
            report.errors.push(on_line(test.line, message));
        }
    }
}

fn on_line(line: usize, message: String) -> Problem {
    Problem {
        line,
        column: 1,
        message,
    }
}
