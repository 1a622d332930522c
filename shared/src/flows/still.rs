//! Whether a sign-in of before would still be let in: the policy asked again, with what was shown then and what holds now.
//!
//! Tokens outlive the page they were given on. A rule made stricter, a group that somebody left, an exception that ended, a
//! device that was unbound since: each must be felt at the next use of a token, not at its end (oidc.md rows 16 and 23).

use super::email_use::counting;
use super::first::first_kind;
use super::sign_in::{Asked, Prior};
use super::{Basis, FlowError, Grant};
use crate::accounts::{Account, Groups, groups};
use crate::clock::UnixTime;
use crate::devices::{self, Bound};
use crate::methods::{Evidence, EvidenceRecord, FirstFactor, Level, recall};
use crate::policy::{self, Decision, EmailUse, Facts, KeyFact, Proven, SourceFact, State};
use crate::realm::Realm;
use crate::source::Source;
use crate::store::Tx;
use serde::{Deserialize, Serialize};

/// What a sign-in had shown. Like a session's evidence it may be read back only from the store or a sealed container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    first: FirstFactor,
    #[serde(default)]
    evidence: Vec<EvidenceRecord>,
    /// Where the person stood: `203.0.113.9`, `local` or `unknown`.
    source: String,
    /// When it was.
    at: UnixTime,
    /// The first moment at which a remembered browser would be asked again, if it rested on one.
    #[serde(default)]
    spared_until: Option<UnixTime>,
    #[serde(default)]
    abnormal: Option<bool>,
}

/// Whether a rule's `max-age` counts: it bounds what renews itself, not a token of a few minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// A proof that is too old by now is none.
    Counts,
    /// It was fresh enough when it gave what is used now.
    WasFresh,
}

impl Shown {
    /// Of a grant, as it is made.
    pub fn of(grant: &Grant, source: &Source, now: UnixTime) -> Self {
        let spared_until = match grant.basis {
            Basis::Trusted { until, .. } => Some(until),
            Basis::Proven | Basis::Exempt | Basis::Grace { .. } => None,
        };
        Self {
            first: grant.first.clone(),
            evidence: grant.evidence.iter().map(Evidence::record).collect(),
            source: SourceFact::from(source).to_string(),
            at: now,
            spared_until,
            abnormal: grant.abnormal,
        }
    }

    /// The same as the row of a session tells it. `first_at`: a moment no later than the first factor's.
    pub fn prior(&self, first_at: UnixTime) -> Prior {
        Prior {
            first: self.first.clone(),
            first_at,
            evidence: self.evidence.iter().copied().map(recall).collect(),
        }
    }

    fn proven(&self, bound: &Bound) -> Vec<Proven> {
        let there = |evidence: &Evidence| {
            let device = evidence.device();
            device.is_none_or(|id| bound.devices.iter().any(|one| one.id == id))
        };
        let evidence = self.evidence.iter().copied().map(recall).filter(there);
        let proven = evidence.map(|one| Proven {
            level: one.level(),
            method: Some(one.method()),
            at: one.at(),
        });
        proven.collect()
    }
}

/// What somebody still lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// Nothing.
    Nothing,
    /// A proof of this level, of the last so many seconds.
    Proof {
        /// At least.
        level: Level,
        /// Seconds, where it matters.
        max_age: Option<i64>,
    },
    /// No proof helps.
    Leave,
}

/// What this account lacks at a service, after what it had shown, where the service itself asks for `more` than the policy. A
/// browser that is remembered and a binding that is put off count for nothing here.
pub fn lacking(
    realm: &Realm,
    tx: &mut Tx<'_>,
    (account, service): (&Account, &str),
    (shown, nss): (&Shown, Groups),
    more: &Asked,
) -> Result<Lacking, FlowError> {
    let (mut asked, email) = requirement(realm, tx, account, service, (shown, nss))?;
    asked.level = asked.level.max(more.level.unwrap_or(Level::None));
    asked.max_age = match (asked.max_age, more.max_age) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let bound = devices::rows::bound(tx, account.id)?;
    let methods = counting(email, service, asked.level, &bound);
    let proven = shown.proven(&bound);
    let state = State {
        proven: &proven,
        ..State::fresh(&methods, Some(account.created_at), realm.clock.now())
    };
    Ok(match policy::decide(&asked, &state) {
        Decision::Allow { .. } => Lacking::Nothing,
        Decision::MustBind { .. } if proven_enough(&asked, &state) => Lacking::Nothing,
        Decision::AllowAndNag { .. } | Decision::MustBind { .. } | Decision::Challenge { .. } => Lacking::Proof {
            level: asked.level,
            max_age: asked.max_age,
        },
        Decision::Deny { .. } => Lacking::Leave,
    })
}

/// What the policy asks now, and what it thinks of e-mailed codes.
fn requirement(
    realm: &Realm,
    tx: &mut Tx<'_>,
    account: &Account,
    service: &str,
    (shown, nss): (&Shown, Groups),
) -> Result<(policy::Requirement, EmailUse), FlowError> {
    let policy = realm.policy(tx)?;
    let groups = groups::of(policy.group_source(), tx, nss, Some(account.id))?;
    let facts = Facts {
        user: account.name.as_str(),
        groups: groups.known(),
        flags: Some(&account.flags),
        service,
        host: None,
        source: shown.source.parse().unwrap_or(SourceFact::Unknown),
        first_factor: first_kind(&shown.first),
        // Of what a shell had shown nothing is kept, so nobody can tell whether its key is still enrolled.
        key: KeyFact::of(&shown.first, false),
        abnormal: shown.abnormal,
        now: realm.clock.now(),
    };
    Ok((policy::requirement(&policy, &facts), policy.settings().email))
}

/// Whether the policy, as it is now, lets this account in at this service with what it had shown. `nss` is what the name
/// service says, asked before the unit of work where [`policy::Policy::asks_nss`]; unknown groups hit every rule.
pub fn still_let_in(
    realm: &Realm,
    tx: &mut Tx<'_>,
    account: &Account,
    service: &str,
    shown: &Shown,
    nss: Groups,
    age: Age,
) -> Result<bool, FlowError> {
    let now = realm.clock.now();
    let (mut asked, email) = requirement(realm, tx, account, service, (shown, nss))?;
    if age == Age::WasFresh {
        asked.max_age = None;
    }
    let bound = devices::rows::bound(tx, account.id)?;
    let methods = counting(email, service, asked.level, &bound);
    let proven = shown.proven(&bound);
    let state = State {
        proven: &proven,
        // Spared until then at most, and no longer than the policy of today would spare after the sign-in.
        remembered_at: shown.spared_until.filter(|until| now < *until).map(|_| shown.at),
        ..State::fresh(&methods, Some(account.created_at), now)
    };
    Ok(match policy::decide(&asked, &state) {
        Decision::Allow { .. } | Decision::AllowAndNag { .. } => true,
        // A second kind of device is asked for at the next sign-in; it takes nothing from this one.
        Decision::MustBind { .. } => proven_enough(&asked, &state),
        Decision::Challenge { .. } | Decision::Deny { .. } => false,
    })
}

/// Whether nothing is missing but a second kind of device.
fn proven_enough(asked: &policy::Requirement, state: &State<'_>) -> bool {
    let mut plain = asked.clone();
    plain.two_types = policy::TwoTypes::Off;
    matches!(policy::decide(&plain, state), Decision::Allow { .. })
}
