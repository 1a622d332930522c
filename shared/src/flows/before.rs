//! What somebody proved before at this door: what it may spare them, and what they are asked for first.

use super::Visit;
use super::circumstances::{Circumstances, Standing, Subject};
use crate::clock::UnixTime;
use crate::devices::Bound;
use crate::methods::Method;
use crate::source::Door;
use crate::store::{StoreError, Tx};
use crate::trust::{self, Binding};

/// What may spare the question, and when it was proven.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Earlier {
    pub(super) in_browser: Option<UnixTime>,
    pub(super) at_shell: Option<(UnixTime, Binding)>,
}

/// The earlier proof at this door that may spare the question. Looked for only where the policy asks at all.
pub(super) fn earlier(
    tx: &mut Tx<'_>,
    visit: &Visit<'_>,
    known: &Circumstances,
    standing: &Standing<'_>,
) -> Result<Earlier, StoreError> {
    let Subject::Open(account) = &known.subject else {
        return Ok(Earlier::default());
    };
    let mut earlier = Earlier::default();
    let shown = standing.browser.and_then(|browser| browser.remembered.as_ref());
    if let Some(shown) = shown.filter(|_| known.requirement.remember > 0) {
        earlier.in_browser = trust::remembered_at(tx, account.id, shown, standing.now)?;
    }
    if known.requirement.recheck > 0
        && let Some(binding) = Binding::of(visit.doorway, standing.first, known.policy.hash())
    {
        let at = trust::rechecked_at(tx, account.id, &binding, standing.now)?;
        earlier.at_shell = at.map(|at| (at, binding));
    }
    Ok(earlier)
}

/// The method that was used last at this door, or bound since. Paper is not preselected because it was needed once, nor
/// e-mail ever (R12).
pub(super) fn latest(bound: &Bound, door: Door) -> Option<Method> {
    let asked = bound.devices.iter().filter(|device| device.kind.is_asked());
    let used = asked.map(|device| {
        let used = device.last_used.as_ref().filter(|used| used.door == door);
        let at = used.map_or(device.created_at, |used| used.at);
        (at, device.kind.method())
    });
    let everyday = used.filter(|(_, method)| !matches!(method, Method::RecoveryCode | Method::Email));
    everyday.max_by_key(|(at, _)| *at).map(|(_, method)| method)
}
