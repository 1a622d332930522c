//! Why was it decided so: every rule and exception with its outcome, who decided what, and the decision.
//!
//! ```text
//! alice -> pam:sudo from Addr(203.0.113.9)
//!   rule      admins-phishing-resistant hit
//!   rule      payroll-office-only    miss (services)  [report only]
//!   hard rule root-from-outside      miss (users)
//!   rule      sudo-fresh             hit
//!   exception alice-lost-key         miss  [expired]
//!   => level Highest, methods {Email, RecoveryCode, Totp, SecurityKey, Passkey}, deny false
//!      level decided by admins-phishing-resistant
//!      max-age decided by sudo-fresh
//!      with remember 0s, recheck 0s, max-age 5m, session 6h, idle 1h, grace 0s, two-types require
//!   decision challenge with passkey
//! ```

use super::Policy;
use super::decide::{State, decide};
use super::decision::{AllowReason, Decision};
use super::facts::{Facts, SourceFact};
use super::moments::{show_duration, show_moment};
use super::requirement::{DEFAULT, Outcome, ReportOnly, Requirement, weigh};
use super::terms::Field;
use crate::methods::{Level, Method};
use std::collections::BTreeSet;
use std::fmt;

/// The whole account of one decision. `Display` is for people, `Serialize` for `--json`.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The login name.
    pub user: String,
    /// The door.
    pub service: String,
    /// Where from.
    pub source: SourceFact,
    /// The policy's hash, as the audit trail names it.
    pub policy_hash: String,
    /// Rules, then exceptions, each by name.
    pub weighed: Vec<Weighed>,
    /// What is asked.
    pub requirement: Requirement,
    /// What is done.
    pub decision: Decision,
    /// Whether two kinds of device are wished for or demanded (`two-types`), and fewer are bound.
    pub lacks_second_kind: bool,
    /// What would be done if the report-only rules that hit were applied, where that differs.
    pub would_be: Option<Decision>,
}

/// One rule or exception and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Weighed {
    /// `rule`, `hard rule` or `exception`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it applies (or would, if it were not report-only).
    pub hit: bool,
    /// Of a miss: the keys of `when` that fail. Of either: the facts that are not known.
    pub because: Vec<String>,
    /// It is logged, not applied.
    pub report_only: bool,
    /// Its end has come.
    pub expired: bool,
}

/// Explains what [`decide`] makes of these facts and this state. It decides by the same functions as every door.
pub fn explain(policy: &Policy, facts: &Facts<'_>, state: &State<'_>) -> Explanation {
    let document = policy.document();
    let requirement = weigh(document, facts, ReportOnly::Logged);
    let state = &state.at(facts.service);
    let decision = decide(&requirement, state);
    let would_be = decide(&weigh(document, facts, ReportOnly::Applied), state);
    Explanation {
        user: facts.user.to_owned(),
        service: facts.service.to_owned(),
        source: facts.source,
        policy_hash: policy.hash().to_owned(),
        weighed: weighed(policy, facts),
        would_be: Some(would_be).filter(|would_be| *would_be != decision),
        lacks_second_kind: requirement.lacks_second_type(state.bound) && requirement.level > Level::Single,
        requirement,
        decision,
    }
}

fn weighed(policy: &Policy, facts: &Facts<'_>) -> Vec<Weighed> {
    let document = policy.document();
    let rules = document.rules.iter().map(|rule| Weighed {
        kind: if rule.hard { "hard rule" } else { "rule" },
        name: rule.name.to_string(),
        hit: rule.outcome(facts) == Outcome::Hit,
        because: rule.when.reasons(facts),
        report_only: rule.report_only,
        expired: false,
    });
    let exceptions = document.exceptions.iter().map(|exception| {
        let outcome = exception.outcome(facts);
        let expired = outcome == Outcome::Expired;
        Weighed {
            kind: "exception",
            name: exception.name.to_string(),
            hit: outcome == Outcome::Hit,
            because: if expired {
                Vec::new()
            } else {
                exception.when.reasons(facts)
            },
            report_only: false,
            expired,
        }
    });
    // By name: the order of the file decides nothing, so it is not shown either.
    let by_name = |mut list: Vec<Weighed>| {
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list
    };
    let mut all = by_name(rules.collect());
    all.extend(by_name(exceptions.collect()));
    all
}

impl fmt::Display for Weighed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.hit { "hit" } else { "miss" };
        write!(f, "  {:<9} {:<22} {outcome}", self.kind, self.name)?;
        if !self.because.is_empty() {
            write!(f, " ({})", self.because.join(", "))?;
        }
        if self.report_only {
            f.write_str("  [report only]")?;
        }
        if self.expired {
            f.write_str("  [expired]")?;
        }
        Ok(())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, service) = (self.user.escape_debug(), self.service.escape_debug());
        writeln!(f, "{user} -> {service} from {:?}", self.source)?;
        for weighed in &self.weighed {
            writeln!(f, "{weighed}")?;
        }
        let asked = &self.requirement;
        let methods = emergency_first(&asked.methods);
        let names: Vec<String> = methods.iter().map(|method| format!("{method:?}")).collect();
        let (level, names, deny) = (asked.level, names.join(", "), asked.deny);
        writeln!(f, "  => level {level:?}, methods {{{names}}}, deny {deny}")?;
        for field in Field::ALL {
            let by = asked.decided_by(field);
            if by.iter().any(|name| &**name != DEFAULT) {
                writeln!(f, "     {field} decided by {}", by.join(", "))?;
            }
        }
        writeln!(f, "     with {}", spans(asked))?;
        if self.lacks_second_kind {
            writeln!(f, "     a second kind of device is not bound")?;
        }
        write!(f, "  decision {}", sentence(&self.decision))?;
        if let Some(would_be) = &self.would_be {
            write!(
                f,
                "\n  would be {} with {}",
                sentence(would_be),
                asked.would_apply.join(", ")
            )?;
        }
        Ok(())
    }
}

/// Weakest and emergency ways first, as the reference prints them.
fn emergency_first(methods: &BTreeSet<Method>) -> Vec<Method> {
    let rank = |method: &Method| match method {
        Method::Email => 0,
        Method::RecoveryCode => 1,
        Method::Totp => 2,
        Method::SecurityKey => 3,
        Method::Passkey => 4,
    };
    let mut sorted: Vec<Method> = methods.iter().copied().collect();
    sorted.sort_by_key(rank);
    sorted
}

fn spans(asked: &Requirement) -> String {
    let mut parts = vec![
        format!("remember {}", show_duration(asked.remember)),
        format!("recheck {}", show_duration(asked.recheck)),
    ];
    parts.extend(asked.max_age.map(|age| format!("max-age {}", show_duration(age))));
    parts.push(format!("session {}", show_duration(asked.session)));
    parts.push(format!("idle {}", show_duration(asked.idle)));
    parts.extend(asked.grace.map(|grace| format!("grace {}", show_duration(grace))));
    parts.extend(asked.deadline.map(|day| format!("deadline {}", show_moment(day))));
    parts.push(format!("two-types {}", asked.two_types));
    parts.join(", ")
}

fn sentence(decision: &Decision) -> String {
    let list = |methods: &BTreeSet<Method>| methods.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(", ");
    match decision {
        Decision::Allow { reason } => match reason {
            AllowReason::Exempt => "allow: nothing is asked".to_owned(),
            AllowReason::FirstFactorSuffices => "allow: the first factor suffices".to_owned(),
            AllowReason::Proven => "allow: enough was proven, recently enough".to_owned(),
            AllowReason::SshKey => "allow: the SSH key that came first is enrolled, and shows its person".to_owned(),
            AllowReason::Remembered { until } => {
                format!("allow: this device is remembered until {}", show_moment(*until))
            }
            AllowReason::Rechecked { until } => {
                format!("allow: asked recently, not again until {}", show_moment(*until))
            }
        },
        Decision::AllowAndNag { until } => {
            format!("allow and nag: a device must be bound before {}", show_moment(*until))
        }
        Decision::Challenge { methods } => format!("challenge with {}", list(methods)),
        Decision::MustBind { methods } => format!("enrol now: {}", list(methods)),
        Decision::Deny { code } => format!("deny: {code}"),
    }
}

/// One line for people, without the period.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&sentence(self))
    }
}
