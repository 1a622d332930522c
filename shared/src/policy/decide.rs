//! From what is asked and what is there to what is done: the seven steps of policy.md section 4.

use super::decision::{AllowReason, Decision, DenyCode};
use super::requirement::Requirement;
use crate::clock::UnixTime;
use crate::methods::{Level, Method};
use std::collections::BTreeSet;

/// Something proven in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// How much.
    pub level: Level,
    /// By which second factor; `None` for a first factor alone.
    pub method: Option<Method>,
    /// When.
    pub at: UnixTime,
}

/// What an account has and what a session has shown.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// Methods of which at least one device is bound and usable; recovery codes only while some are left.
    pub bound: &'a BTreeSet<Method>,
    /// Everything proven in this session.
    pub proven: &'a [Proven],
    /// When this browser was last asked, if its remember token is valid and the account's own.
    pub remembered_at: Option<UnixTime>,
    /// When this user, key and source were last asked at a shell.
    pub rechecked_at: Option<UnixTime>,
    /// When the account first came under the requirement, or else was made; `None` leaves no time to enrol.
    pub required_since: Option<UnixTime>,
    /// The present moment.
    pub now: UnixTime,
}

impl<'a> State<'a> {
    /// A sign-in that has shown nothing yet.
    pub fn fresh(bound: &'a BTreeSet<Method>, required_since: Option<UnixTime>, now: UnixTime) -> Self {
        Self {
            bound,
            proven: &[],
            remembered_at: None,
            rechecked_at: None,
            required_since,
            now,
        }
    }
}

/// The strongest level that a device of this method can prove at best. A FIDO key that is bound to its device and
/// attested reaches `hardware`; whether one did, its evidence tells.
pub(super) fn reach(method: Method) -> Level {
    match method {
        Method::Passkey | Method::SecurityKey => Level::Hardware,
        Method::Totp | Method::RecoveryCode | Method::Email => method.level(),
    }
}

/// The accepted methods that can reach the level.
fn strong_enough(asked: &Requirement) -> impl Iterator<Item = Method> {
    asked
        .methods
        .iter()
        .copied()
        .filter(|method| reach(*method) >= asked.level)
}

/// Decides. Pure: the same requirement and state always give the same decision.
pub fn decide(asked: &Requirement, state: &State<'_>) -> Decision {
    if asked.deny {
        return Decision::Deny {
            code: DenyCode::DeniedByRule,
        };
    }
    if asked.level <= Level::Single {
        let exempt = asked.level == Level::None;
        let reason = if exempt {
            AllowReason::Exempt
        } else {
            AllowReason::FirstFactorSuffices
        };
        return Decision::Allow { reason };
    }
    let usable: BTreeSet<Method> = strong_enough(asked)
        .filter(|method| state.bound.contains(method))
        .collect();
    if usable.is_empty() {
        return without_device(asked, state);
    }
    if state.proven.iter().any(|proven| suffices(asked, *proven, state.now)) {
        return Decision::Allow {
            reason: AllowReason::Proven,
        };
    }
    match not_asked_again(asked, state) {
        Some(reason) => Decision::Allow { reason },
        None => Decision::Challenge { methods: usable },
    }
}

/// Step 4: nothing that is bound will do.
fn without_device(asked: &Requirement, state: &State<'_>) -> Decision {
    let methods = bindable(asked);
    if methods.is_empty() {
        return Decision::Deny {
            code: DenyCode::NoMethodReachesLevel,
        };
    }
    if state.bound.is_empty()
        && let Some(until) = grace_end(asked, state)
    {
        return Decision::AllowAndNag { until };
    }
    Decision::MustBind { methods }
}

/// What can be bound to reach the level. Recovery codes come with another device, never alone; e-mail is not offered at
/// a first sign-in (R36) unless nothing else is accepted.
fn bindable(asked: &Requirement) -> BTreeSet<Method> {
    let devices = strong_enough(asked).filter(|method| *method != Method::RecoveryCode);
    let (email, better): (BTreeSet<Method>, BTreeSet<Method>) = devices.partition(|method| *method == Method::Email);
    if better.is_empty() { email } else { better }
}

/// The end of the time to enrol, while it runs. A clock that stands before the start was set back: no time is given.
fn grace_end(asked: &Requirement, state: &State<'_>) -> Option<UnixTime> {
    let since = state.required_since?;
    let by_grace = asked.grace.map_or(UnixTime::MAX, |grace| since.saturating_add(grace));
    let end = by_grace.min(asked.deadline.unwrap_or(UnixTime::MAX));
    (since <= state.now && state.now < end).then_some(end)
}

/// Step 5. A method that the policy does not accept here proves nothing here (R24); neither does a proof from the future.
fn suffices(asked: &Requirement, proven: Proven, now: UnixTime) -> bool {
    let accepted = proven.method.is_none_or(|method| asked.methods.contains(&method));
    let recent = match asked.max_age {
        None => proven.at <= now,
        Some(most) => (0..=most).contains(&now.saturating_sub(proven.at)),
    };
    accepted && recent && proven.level >= asked.level
}

/// Step 6. Never where a fresh proof is asked for, nor above `high`; a token from the future is void (S9).
fn not_asked_again(asked: &Requirement, state: &State<'_>) -> Option<AllowReason> {
    if asked.max_age.is_some() || asked.level > Level::High {
        return None;
    }
    let end = |since: Option<UnixTime>, span: i64| {
        let since = since.filter(|since| *since <= state.now)?;
        Some(since.saturating_add(span)).filter(|end| state.now < *end)
    };
    let remembered = end(state.remembered_at, asked.remember).map(|until| AllowReason::Remembered { until });
    remembered.or_else(|| end(state.rechecked_at, asked.recheck).map(|until| AllowReason::Rechecked { until }))
}
