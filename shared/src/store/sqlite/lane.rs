//! The one connection that writes: runs units in the transaction that they share, and looks at rows between two of those.

use super::statements::{Running, step, told};
use crate::store::driver::{Purpose, Tx};
use crate::store::error::StoreError;
use rusqlite::Connection;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// After so many commits in a row with somebody waiting behind, other processes get a moment to take their turn: SQLite's
/// lock is not fair.
const TURNS: u32 = 8;
const TURN: Duration = Duration::from_micros(150);

pub(super) struct Lane {
    connection: Connection,
    /// A transaction is open, with so many units.
    open: Option<u32>,
    /// Why it was undone, with every unit in it.
    lost: Option<StoreError>,
    turns: u32,
}

/// How one unit of work ended, before any commit.
pub(super) enum Unit<T, E> {
    Kept(T),
    Undone(E),
    Panicked(Box<dyn Any + Send>),
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
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            open: None,
            lost: None,
            turns: 0,
        }
    }

    pub(super) fn look<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
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

    /// Joins the open transaction, or begins one: at once with the write lock, so that no read inside can be outdated.
    pub(super) fn join(&mut self) -> Result<(), StoreError> {
        if self.open.is_none() {
            step(&self.connection, "BEGIN IMMEDIATE")?;
            self.open = Some(0);
        }
        Ok(())
    }

    /// Runs one unit in the transaction that was joined.
    pub(super) fn run<T, E: From<StoreError>>(
        &mut self,
        work: &mut (dyn FnMut(&mut Tx<'_>) -> Result<T, E> + Send),
    ) -> Unit<T, E> {
        let first = self.open == Some(0);
        self.open = self.open.map(|units| units + 1);
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

    /// Undoes the transaction of a first unit that came to nothing: nobody else is in it. Who comes next begins one.
    fn begin_anew(&mut self) -> Result<(), StoreError> {
        step(&self.connection, "ROLLBACK")?;
        self.open = None;
        Ok(())
    }

    /// Why every unit so far was undone, if it was; told once.
    pub(super) fn lost(&mut self) -> Option<StoreError> {
        self.lost.take()
    }

    /// Puts everything on disk; nothing to do where nothing is open.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        if self.open.take().is_none() {
            return Ok(());
        }
        step(&self.connection, "COMMIT").inspect_err(|_| self.undo())
    }

    /// Undoes the transaction after an error that is nobody's own.
    fn lose(&mut self, error: &StoreError) {
        self.undo();
        self.open = None;
        self.lost = Some(error.clone());
    }

    fn undo(&self) {
        if !self.connection.is_autocommit() {
            // If even this fails, every later BEGIN does too, and nothing is ever acknowledged.
            let _ = self.connection.execute_batch("ROLLBACK").map_err(told);
        }
    }

    /// Before the next batch, if one waits: leaves other processes a moment now and then.
    pub(super) fn give_turn(&mut self, waiting: bool) {
        self.turns = if waiting { self.turns + 1 } else { 0 };
        if self.turns >= TURNS {
            self.turns = 0;
            std::thread::sleep(TURN);
        }
    }
}
