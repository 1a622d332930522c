//! The one pure question: what does the policy ask of this sign-in? Shells, pages, protocol and CLI all call it.

use super::document::{Document, Exception, Rule};
use super::facts::Facts;
use super::lattice::{Ask, Way};
use super::selectors::Truth;
use super::terms::{Field, Terms, TwoTypes};
use super::{Policy, Settings};
use crate::clock::UnixTime;
use crate::methods::{Level, Method};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Names of rules and exceptions, sorted.
pub(super) type Names = Vec<Arc<str>>;

/// The name under which `[default]` decides.
pub(super) const DEFAULT: &str = "default";

/// What is asked of one sign-in. Times in seconds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Requirement {
    /// How much must be proven.
    pub level: Level,
    /// The second factors that count.
    pub methods: BTreeSet<Method>,
    /// How long a remembered browser is not asked again; 0 is never remembered.
    pub remember: i64,
    /// How long a shell from the same place with the same key is not asked again; 0 is asked each time.
    pub recheck: i64,
    /// How old a proof may be; `None` is as old as its session.
    pub max_age: Option<i64>,
    /// How long a session lasts.
    pub session: i64,
    /// How long a session may idle.
    pub idle: i64,
    /// How long enrolling can be put off, from when the account first came under the requirement; `None` when only
    /// `deadline` limits it.
    pub grace: Option<i64>,
    /// The moment from which enrolling can no longer be put off.
    pub deadline: Option<UnixTime>,
    /// Whether two kinds of device must be bound. With `require`, who has proven enough with one kind only must bind a
    /// second; with `warn`, whoever signs somebody in compares [`Requirement::lacks_second_type`] and says so.
    pub two_types: TwoTypes,
    /// Whether nobody gets in.
    pub deny: bool,
    /// Report-only rules that hit: to be logged, not applied.
    #[serde(serialize_with = "as_texts")]
    pub would_apply: Names,
    #[serde(rename = "decided-by", serialize_with = "by_field")]
    pub(super) by: [Names; Field::ALL.len()],
}

fn as_texts<S: serde::Serializer>(names: &Names, out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(names.iter().map(|name| &**name))
}

fn by_field<S: serde::Serializer>(by: &[Names; Field::ALL.len()], out: S) -> Result<S::Ok, S::Error> {
    let names = |names: &Names| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    out.collect_map(Field::ALL.iter().zip(by).map(|(field, by)| (field, names(by))))
}

impl Requirement {
    /// What holds everywhere before any rule. A default that names neither grace nor deadline leaves no time to enrol.
    pub(super) fn base(default: &Terms, settings: &Settings) -> Self {
        let by_default = || vec![Arc::from(DEFAULT)];
        let no_time = default.grace.is_none() && default.deadline.is_none();
        Self {
            level: default.level.unwrap_or(Level::High),
            methods: default.methods.clone().unwrap_or_else(|| Method::ALL.into()),
            remember: default.remember.unwrap_or(0),
            recheck: default.recheck.unwrap_or(0),
            max_age: default.max_age,
            session: default.session.unwrap_or(settings.session),
            idle: default.idle.unwrap_or(settings.idle),
            grace: if no_time { Some(0) } else { default.grace },
            deadline: default.deadline,
            two_types: default.two_types.unwrap_or(TwoTypes::Off),
            deny: default.deny.unwrap_or(false),
            would_apply: Names::new(),
            by: std::array::from_fn(|_| by_default()),
        }
    }

    /// This requirement, and what a relying party asks on top of it (`acr_values`, `max_age`): never less.
    #[must_use]
    pub fn and_also(mut self, name: &str, level: Option<Level>, max_age: Option<i64>) -> Self {
        let terms = Terms {
            level,
            max_age: max_age.map(|seconds| seconds.max(0)),
            ..Terms::default()
        };
        self.settle(&[(&Arc::from(name), &terms)], Way::Strictest);
        self
    }

    /// Whether a device of this method can be what is asked for.
    pub fn accepts(&self, method: Method) -> bool {
        self.methods.contains(&method) && super::decide::reach(method) >= self.level
    }

    /// Whether two kinds of device are wished for and `bound` has fewer. Kinds are FIDO, authenticator app and
    /// e-mail; recovery codes are none (R83).
    pub fn lacks_second_type(&self, bound: &BTreeSet<Method>) -> bool {
        self.two_types > TwoTypes::Off && Kind::count(bound) < 2
    }
}

/// A kind of device as `two-types` counts them: a lost phone takes all passkeys on it along (R83).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Fido,
    App,
    Mail,
}

impl Kind {
    /// The kind of a method; recovery codes are none.
    pub(super) fn of(method: Method) -> Option<Self> {
        match method {
            Method::Passkey | Method::SecurityKey => Some(Self::Fido),
            Method::Totp => Some(Self::App),
            Method::Email => Some(Self::Mail),
            Method::RecoveryCode => None,
        }
    }

    /// How many kinds these methods are of.
    pub(super) fn count(methods: &BTreeSet<Method>) -> usize {
        let kinds: BTreeSet<Self> = methods.iter().filter_map(|method| Self::of(*method)).collect();
        kinds.len()
    }
}

/// Why a rule or exception applies or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It applies, or would if it were not report-only.
    Hit,
    /// Its `when` does not hold.
    Miss,
    /// Its end has come: it is as if it were not there.
    Expired,
}

impl Rule {
    /// A fact that is not known counts as a hit: failing to find out is never the easier way.
    pub(super) fn outcome(&self, facts: &Facts<'_>) -> Outcome {
        match self.when.holds(facts) {
            Truth::Holds | Truth::Unknown => Outcome::Hit,
            Truth::Fails => Outcome::Miss,
        }
    }
}

impl Exception {
    /// A fact that is not known counts as a miss.
    pub(super) fn outcome(&self, facts: &Facts<'_>) -> Outcome {
        if self.expires.is_some_and(|end| facts.now >= end) {
            return Outcome::Expired;
        }
        match self.when.holds(facts) {
            Truth::Holds => Outcome::Hit,
            Truth::Fails | Truth::Unknown => Outcome::Miss,
        }
    }
}

/// What the policy asks of a sign-in of which these facts are known.
///
/// `((default ∧ rules) loosened by each live matching exception) ∧ hard rules`
pub fn requirement(policy: &Policy, facts: &Facts<'_>) -> Requirement {
    weigh(policy.document(), facts, ReportOnly::Logged)
}

/// As [`requirement`], with the report-only rules applied: what would be asked if they were switched on.
pub fn requirement_with_reports(policy: &Policy, facts: &Facts<'_>) -> Requirement {
    weigh(policy.document(), facts, ReportOnly::Applied)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportOnly {
    Logged,
    Applied,
}

pub(super) fn weigh(document: &Document, facts: &Facts<'_>, reports: ReportOnly) -> Requirement {
    let (mut soft, mut hard): (Vec<Ask<'_>>, Vec<Ask<'_>>) = (Vec::new(), Vec::new());
    let mut would_apply = Names::new();
    for rule in document.rules.iter().filter(|rule| rule.outcome(facts) == Outcome::Hit) {
        if rule.report_only && reports == ReportOnly::Logged {
            would_apply.push(Arc::clone(&rule.name));
        } else if rule.hard {
            hard.push((&rule.name, &rule.require));
        } else {
            soft.push((&rule.name, &rule.require));
        }
    }
    let live = document
        .exceptions
        .iter()
        .filter(|exception| exception.outcome(facts) == Outcome::Hit);
    let exceptions: Vec<Ask<'_>> = live.map(|exception| (&exception.name, &exception.allow)).collect();

    let mut result = document.base.clone();
    result.settle(&soft, Way::Strictest);
    result.settle(&exceptions, Way::Loosest);
    result.settle(&hard, Way::Strictest);
    would_apply.sort();
    result.would_apply = would_apply;
    result
}
