//! Group commit without a thread of its own: whoever writes runs its unit itself, and the last of a convoy commits for
//! all.
//!
//! ```text
//! A: BEGIN IMMEDIATE,     work          ── somebody waits ──► lets B on, waits for the commit
//! B:           SAVEPOINT, work, RELEASE ── somebody waits ──► lets C on, waits for the commit
//! C:           SAVEPOINT, work, RELEASE ── nobody waits ────► COMMIT (one sync), wakes A and B
//! ```
//!
//! Nobody is told of success before the commit is on disk, and an error of the commit is everybody's error. A unit that
//! fails or panics is rolled back to its own savepoint and harms no other; the first has the transaction for itself until
//! it ends, and needs none. Alone, a unit costs one sync, as without all this.

use super::statements::{Running, step, told};
use crate::store::driver::{Purpose, Tx};
use crate::store::error::StoreError;
use rusqlite::Connection;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// So many units share a commit at most; the first of them waits for all the others.
const MOST_UNITS: u32 = 128;

/// After so many full-up commits in a row, other processes get a moment to take their turn: SQLite's lock is not fair.
const TURNS: u32 = 8;
const TURN: Duration = Duration::from_micros(150);

pub(super) struct Convoy {
    lane: Mutex<Lane>,
    waiting: AtomicUsize,
    /// Numbers those who come, so that all who were waiting while the store was busy learn it at once.
    tickets: AtomicU64,
}

struct Lane {
    connection: Connection,
    open: Option<Arc<Batch>>,
    units: u32,
    turns: u32,
    /// Everybody with a ticket up to this one has waited long enough for the other process.
    busy_for: Option<(u64, StoreError)>,
}

/// The units that share a commit, waiting for its outcome.
struct Batch {
    outcome: Mutex<Option<Result<(), StoreError>>>,
    known: Condvar,
}

impl Batch {
    /// Tells its members, of whom all but the one that tells may be asleep.
    fn tell(&self, outcome: Result<(), StoreError>, members: u32) {
        *lock(&self.outcome) = Some(outcome);
        if members > 1 {
            self.known.notify_all();
        }
    }

    fn wait(&self) -> Result<(), StoreError> {
        let mut outcome = lock(&self.outcome);
        loop {
            if let Some(known) = &*outcome {
                return known.clone();
            }
            outcome = self.known.wait(outcome).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// How one unit of work ended, before any commit.
enum Unit<T, E> {
    Kept(T),
    Undone(E),
    Panicked(Box<dyn Any + Send>),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Convoy {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            lane: Mutex::new(Lane {
                connection,
                open: None,
                units: 0,
                turns: 0,
                busy_for: None,
            }),
            waiting: AtomicUsize::new(0),
            tickets: AtomicU64::new(1),
        }
    }

    /// How many wait for the lane.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Whether somebody is in the lane.
    #[cfg(test)]
    pub(super) fn engaged(&self) -> bool {
        self.lane.try_lock().is_err()
    }

    /// Runs one unit of work: durable when this returns Ok, undone when it returns Err or panics.
    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let ticket = self.tickets.fetch_add(1, Ordering::SeqCst);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut lane = lock(&self.lane);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let batch = lane.join(ticket, &self.tickets)?;
        let unit = lane.run(work);
        // Whoever waits now is sure to take the lane, and so to commit or to hand on.
        let waiting = self.waiting.load(Ordering::SeqCst) > 0;
        if !waiting || lane.units >= MOST_UNITS {
            lane.commit();
            lane.give_turn(waiting);
        }
        drop(lane);
        match unit {
            Unit::Kept(value) => batch.wait().map(|()| value).map_err(E::from),
            Unit::Undone(error) => Err(error),
            Unit::Panicked(panic) => resume_unwind(panic),
        }
    }
}

impl Convoy {
    /// Looks at a few rows from within the lane, if nobody is there: this connection still has in memory what it wrote
    /// and read last, which a reader's has to fetch anew after every commit. `None` if somebody is.
    pub(super) fn look<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        let lane = match self.lane.try_lock() {
            Ok(lane) => lane,
            Err(TryLockError::Poisoned(lane)) => lane.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        // Between two members of a batch: what it has written so far is not yet true.
        lane.open.is_none().then(|| lane.look(work))
    }
}

/// Ends a look, also by a panic.
struct Looking<'a>(&'a Connection);

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        // If this fails, every later BEGIN does too, and nothing is ever acknowledged.
        let _ = step(self.0, "ROLLBACK");
    }
}

impl Lane {
    fn look<T, E: From<StoreError>>(&self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        step(&self.connection, "BEGIN")?;
        let _looking = Looking(&self.connection);
        let mut running = Running {
            connection: &self.connection,
            purpose: Purpose::Read,
        };
        let mut tx = Tx::over(&mut running, Purpose::Read);
        let seen = work(&mut tx)?;
        match tx.fault() {
            None => Ok(seen),
            Some(fault) => Err(fault.into()),
        }
    }

    /// Joins the open batch, or begins one: at once with the write lock, so that no read inside can be outdated.
    fn join(&mut self, ticket: u64, tickets: &AtomicU64) -> Result<Arc<Batch>, StoreError> {
        if let Some(batch) = &self.open {
            return Ok(Arc::clone(batch));
        }
        if let Some((last, error)) = &self.busy_for
            && ticket <= *last
        {
            return Err(error.clone());
        }
        self.busy_for = None;
        if let Err(error) = step(&self.connection, "BEGIN IMMEDIATE") {
            if matches!(error, StoreError::Busy(_)) {
                let last = tickets.load(Ordering::SeqCst).saturating_sub(1);
                self.busy_for = Some((last, error.clone()));
            }
            return Err(error);
        }
        let batch = Arc::new(Batch {
            outcome: Mutex::new(None),
            known: Condvar::new(),
        });
        self.units = 0;
        self.open = Some(Arc::clone(&batch));
        Ok(batch)
    }

    fn run<T, E: From<StoreError>>(&mut self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>) -> Unit<T, E> {
        let first = self.units == 0;
        self.units += 1;
        // A savepoint costs a copy of every page that the unit changes.
        if !first && let Err(error) = step(&self.connection, "SAVEPOINT unit") {
            self.lose(&error);
            return Unit::Undone(error.into());
        }
        let mut running = Running {
            connection: &self.connection,
            purpose: Purpose::Write,
        };
        let mut tx = Tx::over(&mut running, Purpose::Write);
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut tx)));
        let fault = tx.fault();
        let unit = match (done, fault.clone()) {
            (Err(panic), _) => Unit::Panicked(panic),
            (Ok(Err(error)), _) => Unit::Undone(error),
            (Ok(Ok(_)), Some(fault)) => Unit::Undone(fault.into()),
            (Ok(Ok(value)), None) => Unit::Kept(value),
        };
        if self.connection.is_autocommit() {
            // A full disk or a failed read makes SQLite undo the whole transaction, everybody's units with it.
            let lost = || StoreError::Unavailable("the store undid the units that shared a commit".into());
            self.lose(&fault.unwrap_or_else(lost));
            return unit;
        }
        let kept = matches!(unit, Unit::Kept(_));
        let ended = match (kept, first) {
            (true, true) => Ok(()),
            (true, false) => step(&self.connection, "RELEASE unit"),
            (false, true) => self.begin_anew(),
            (false, false) => {
                step(&self.connection, "ROLLBACK TO unit").and_then(|()| step(&self.connection, "RELEASE unit"))
            }
        };
        if let Err(error) = ended {
            self.lose(&error);
        }
        unit
    }

    /// Undoes the batch of a first unit that came to nothing: it has no other member. Who comes next begins one.
    fn begin_anew(&mut self) -> Result<(), StoreError> {
        step(&self.connection, "ROLLBACK")?;
        self.open = None;
        Ok(())
    }

    /// Ends the batch and tells its members.
    fn commit(&mut self) {
        let Some(batch) = self.open.take() else { return };
        let outcome = step(&self.connection, "COMMIT");
        if outcome.is_err() {
            self.undo();
        }
        batch.tell(outcome, self.units);
    }

    /// Undoes the batch after an error that is nobody's own, and tells its members.
    fn lose(&mut self, error: &StoreError) {
        self.undo();
        if let Some(batch) = self.open.take() {
            batch.tell(Err(error.clone()), self.units);
        }
    }

    fn undo(&mut self) {
        if !self.connection.is_autocommit() {
            // If even this fails, every later BEGIN does too, and nothing is ever acknowledged.
            let _ = self.connection.execute_batch("ROLLBACK").map_err(told);
        }
    }

    fn give_turn(&mut self, waiting: bool) {
        self.turns = if waiting { self.turns + 1 } else { 0 };
        if self.turns >= TURNS {
            self.turns = 0;
            std::thread::sleep(TURN);
        }
    }
}
