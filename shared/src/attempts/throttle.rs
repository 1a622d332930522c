//! The arithmetic of window and lock, without a store: what a bucket says now, and what one more failure makes of it.

use super::{Gate, Lockout};
use crate::clock::UnixTime;

/// One bucket's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bucket {
    /// Failures of which none came a whole window after the one before.
    pub(super) failures: i64,
    /// When the last of them came.
    pub(super) failed_at: UnixTime,
    pub(super) locked_until: Option<UnixTime>,
    /// Failures since the account's last success from anywhere.
    pub(super) since_success: i64,
}

impl Bucket {
    /// The bucket with its moments brought into a span that this clock could have written.
    ///
    /// A clock set back leaves moments in the future. They are moved to the nearest that is possible: a lock never ends
    /// sooner by it and never lasts longer than a whole `lock_for` from now; a last failure
    /// moves to now, its count kept.
    pub(super) fn dated(self, lockout: &Lockout, now: UnixTime) -> Self {
        Self {
            locked_until: self.locked_until.map(|until| until.min(lockout.end_of_lock(now))),
            failed_at: self.failed_at.min(now),
            ..self
        }
    }

    /// What this bucket says to somebody who wants to try.
    pub(super) fn gate(&self, lockout: &Lockout, now: UnixTime, strangers: bool) -> Gate {
        if strangers && self.since_success >= i64::from(lockout.hard_stop.max(1)) {
            return Gate::Locked { until: Gate::NEVER };
        }
        match self.locked_until {
            Some(until) if until > now => Gate::Locked { until },
            Some(_) => Gate::Open { left: lockout.tries() },
            None if self.window_over(lockout, now) => Gate::Open { left: lockout.tries() },
            None => {
                // Never 0: the settings may have been lowered below the count, and the next failure then locks.
                let left = i64::from(lockout.tries()).saturating_sub(self.failures).max(1);
                Gate::Open {
                    left: u32::try_from(left).unwrap_or(1),
                }
            }
        }
    }

    /// The bucket after one more failure. A lock that holds is not prolonged by it.
    pub(super) fn after_failure(self, lockout: &Lockout, now: UnixTime) -> Self {
        let mut next = self;
        next.since_success = self.since_success.saturating_add(1);
        if self.locked_until.is_some_and(|until| until > now) {
            return next;
        }
        if self.locked_until.is_some() || self.window_over(lockout, now) {
            next.failures = 0;
            next.locked_until = None;
        }
        next.failed_at = now;
        next.failures = next.failures.saturating_add(1);
        if next.failures >= i64::from(lockout.tries()) {
            next.locked_until = Some(lockout.end_of_lock(now));
        }
        next
    }

    fn window_over(&self, lockout: &Lockout, now: UnixTime) -> bool {
        now.saturating_sub(self.failed_at) >= lockout.window
    }
}

impl Lockout {
    fn tries(&self) -> u32 {
        self.attempts.max(1)
    }

    fn end_of_lock(&self, now: UnixTime) -> UnixTime {
        now.saturating_add(self.lock_for.max(1))
    }
}
