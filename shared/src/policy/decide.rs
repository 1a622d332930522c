//! From what is asked and what is there to what is done: the seven steps of policy.md section 4.

use super::decision::{AllowReason, Decision, DenyCode};
use super::requirement::{Kind, Requirement};
use super::terms::TwoTypes;
use crate::clock::UnixTime;
use crate::methods::{Level, Method};
use std::collections::BTreeSet;

/// The door at which people bind, replace and unbind their own devices.
pub const DEVICES: &str = "portal:devices";

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
    /// What the SSH key that opened this login proves, if it proves anything. Its method need not be bound otherwise.
    pub by_key: Option<Proven>,
    /// When this browser was last asked, if its remember token is valid and the account's own.
    pub remembered_at: Option<UnixTime>,
    /// When this user, key and source were last asked at a shell.
    pub rechecked_at: Option<UnixTime>,
    /// When the account first came under the requirement, or else was made; `None` leaves no time to enrol.
    pub required_since: Option<UnixTime>,
    /// Whether the devices have to show once more that they still work (`checkup`, W31): being remembered does not do.
    pub checkup_due: bool,
    /// Whether the door is the page on which devices are bound: there, what only binding can cure is not demanded.
    pub among_devices: bool,
    /// The present moment.
    pub now: UnixTime,
}

impl<'a> State<'a> {
    /// A sign-in that has shown nothing yet.
    pub fn fresh(bound: &'a BTreeSet<Method>, required_since: Option<UnixTime>, now: UnixTime) -> Self {
        Self {
            bound,
            proven: &[],
            by_key: None,
            remembered_at: None,
            rechecked_at: None,
            required_since,
            checkup_due: false,
            among_devices: false,
            now,
        }
    }

    /// The same at this door.
    #[must_use]
    pub fn at(self, service: &str) -> Self {
        Self {
            among_devices: service == DEVICES,
            ..self
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
    let by_key = state.by_key.is_some_and(|proven| suffices(asked, proven, state.now));
    if usable.is_empty() && !by_key {
        return without_device(asked, state);
    }
    let second = second_kind(asked, state);
    if second.as_ref().is_some_and(BTreeSet::is_empty) {
        return Decision::Deny {
            code: DenyCode::NoMethodReachesLevel,
        };
    }
    let proven = state.proven.iter().any(|proven| suffices(asked, *proven, state.now));
    if proven || by_key {
        let reason = if proven {
            AllowReason::Proven
        } else {
            AllowReason::SshKey
        };
        return second.map_or(Decision::Allow { reason }, |methods| Decision::MustBind { methods });
    }
    // Whoever has something to bind, or to try out, shows first who they are.
    let reason = not_asked_again(asked, state).filter(|_| second.is_none() && !state.checkup_due);
    match reason {
        Some(reason) => Decision::Allow { reason },
        None => Decision::Challenge { methods: usable },
    }
}

/// The methods of a second kind, one of which must be bound now (`two-types = "require"`, R83). They need not reach the
/// level: they keep somebody from being locked out. Empty where the policy demands a second kind and accepts none.
fn second_kind(asked: &Requirement, state: &State<'_>) -> Option<BTreeSet<Method>> {
    let demanded = asked.two_types == TwoTypes::Require && asked.lacks_second_type(state.bound);
    if !demanded || state.among_devices || grace_end(asked, state).is_some() {
        return None;
    }
    let has: BTreeSet<Kind> = state.bound.iter().filter_map(|method| Kind::of(*method)).collect();
    let another = |method: &Method| Kind::of(*method).is_some_and(|kind| !has.contains(&kind));
    Some(asked.methods.iter().copied().filter(another).collect())
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
