//! Group commit without a thread of its own: whoever comes first leads, runs the units of all who wait, one after the
//! other on its own thread, and commits once for all.
//!
//! ```text
//! A leads: BEGIN IMMEDIATE, A's work ─► SAVEPOINT, B's work, RELEASE ─► nobody waits: COMMIT (one sync), tells A and B
//! B waits: ────────────────────────────────────────────────────────────────────────────► told
//! C waits:                                                (came during the commit) ────► leads the next
//! ```
//!
//! A leader that went from thread to thread would have to be woken for every unit, which takes about as long as the unit.
//!
//! Nobody is told of success before the commit is on disk, and an error of the commit is everybody's error. A unit that
//! fails or panics is rolled back to its own savepoint and harms no other; the first has the transaction for itself until
//! it ends, and needs none. Alone, a unit costs one sync, as without all this.

use super::errand::{Errand, lend};
use super::lane::{Lane, Unit};
use crate::store::driver::Tx;
use crate::store::error::StoreError;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// So many units are run before a commit at most; the first of them waits for all the others.
const MOST_UNITS: usize = 128;

pub(super) struct Convoy {
    lane: Mutex<Lane>,
    queue: Mutex<Queue>,
}

/// Those who wait; empty as long as nobody leads.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Errand>,
    /// Somebody leads, or was called to.
    led: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Convoy {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            lane: Mutex::new(Lane::new(connection)),
            queue: Mutex::default(),
        }
    }

    /// How many wait for the lane.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        lock(&self.queue).waiting.len()
    }

    /// Whether somebody is in the lane.
    #[cfg(test)]
    pub(super) fn engaged(&self) -> bool {
        self.lane.try_lock().is_err()
    }

    /// Runs one unit of work: durable when this returns Ok, undone when it returns Err or panics.
    pub(super) fn write<T: Send, E: From<StoreError> + Send>(
        &self,
        work: &mut (dyn FnMut(&mut Tx<'_>) -> Result<T, E> + Send),
    ) -> Result<T, E> {
        let mut done = None;
        let mut run = |lane: &mut Lane| {
            let unit = lane.run(work);
            let kept = matches!(unit, Unit::Kept(_));
            done = Some(unit);
            kept
        };
        let told = lend(&mut run, |errand| self.hand_in(errand), || self.lead());
        match (done, told) {
            (Some(Unit::Undone(error)), _) => Err(error),
            (Some(Unit::Panicked(panic)), _) => resume_unwind(panic),
            (Some(Unit::Kept(value)), Ok(())) => Ok(value),
            (_, Err(error)) => Err(error.into()),
            (None, Ok(())) => Err(StoreError::Unavailable("the store left a unit of work out".into()).into()),
        }
    }

    /// Waits in line, or leads if nobody does.
    fn hand_in(&self, errand: Errand) {
        let mut queue = lock(&self.queue);
        if !queue.led {
            queue.led = true;
            errand.seat().call_to_lead();
        }
        queue.waiting.push_back(errand);
    }

    /// Runs the units of all who wait, commits, and has the next lead if more have come.
    fn lead(&self) {
        let mut lane = lock(&self.lane);
        for errand in self.run_all(&mut lane) {
            errand.tell(Ok(()));
        }
        let next = {
            let mut queue = lock(&self.queue);
            queue.led = !queue.waiting.is_empty();
            queue.waiting.front().map(Errand::seat)
        };
        lane.give_turn(next.is_some());
        drop(lane);
        if let Some(seat) = next {
            seat.call_to_lead();
        }
    }

    /// Those whose units are on disk. Everybody else who waited was told already.
    fn run_all(&self, lane: &mut Lane) -> Vec<Errand> {
        let mut aboard = Vec::new();
        // All are counted, also those that come to nothing: whoever is aboard waits for them, too.
        for _ in 0..MOST_UNITS {
            let Some(mut errand) = self.next() else { break };
            if let Err(error) = lane.join() {
                errand.tell(Err(error.clone()));
                // They have waited long enough for the other process, too.
                tell_all(std::mem::take(&mut lock(&self.queue).waiting), &error);
                break;
            }
            if errand.run(lane) {
                aboard.push(errand);
            } else {
                errand.tell(Ok(()));
            }
            if let Some(error) = lane.lost() {
                tell_all(aboard.drain(..), &error);
            }
        }
        match lane.commit() {
            Ok(()) => aboard,
            Err(error) => {
                tell_all(aboard, &error);
                Vec::new()
            }
        }
    }

    fn next(&self) -> Option<Errand> {
        lock(&self.queue).waiting.pop_front()
    }

    /// Looks at a few rows from within the lane, if nobody is there: this connection still has in memory what it wrote
    /// and read last, which a reader's has to fetch anew after every commit. `None` if somebody is.
    pub(super) fn look<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        match self.lane.try_lock() {
            Ok(lane) => Some(lane.look(work)),
            Err(TryLockError::Poisoned(lane)) => Some(lane.into_inner().look(work)),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

fn tell_all(errands: impl IntoIterator<Item = Errand>, error: &StoreError) {
    for errand in errands {
        errand.tell(Err(error.clone()));
    }
}
