//! What the person should know before it is too late: nothing bound although it will be demanded, or one kind only.

use super::caller::Here;
use super::device::{Possessions, day};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The warnings, most urgent first.
pub(super) fn of(here: Here<'_>, has: &Possessions) -> Vec<String> {
    let t = here.t();
    let (now, bound) = (here.app.realm.clock.now(), has.lasting());
    let mut warnings = Vec::new();
    if bound.is_empty()
        && let Some(until) = has.ordinary.due(&here.session.account, &bound, now)
    {
        let left = until.saturating_sub(now);
        // The day that has begun counts as one.
        let days = left.saturating_add(DAY - 1) / DAY;
        let later = t.fill("security-due", [("date", day(until)), ("days", days.to_string())]);
        warnings.push(format!("{} {later}", t.say("security-due-bind")));
    }
    if has.ordinary.lacks_second_kind(&has.bound.methods()) {
        warnings.push(t.say("security-two-kinds"));
    }
    warnings
}
