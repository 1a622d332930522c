//! A few connections for readers, opened when first needed: in WAL mode they neither wait for the writer nor make it
//! wait.

use super::statements::{Running, step};
use crate::store::driver::{Purpose, Tx};
use crate::store::error::StoreError;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// More readers than this at a time only wait for each other's processor.
const MOST: usize = 8;
/// How long a reader waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Readers {
    path: PathBuf,
    pool: Mutex<Pool>,
    returned: Condvar,
}

struct Pool {
    idle: Vec<Connection>,
    open: usize,
    /// Readers that wait for a connection: where there are none, nobody need be woken.
    waiting: usize,
}

/// A connection on loan, in a transaction that ends with the loan, also when a reader panics.
struct Loan<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            pool: Mutex::new(Pool {
                idle: Vec::new(),
                open: 0,
                waiting: 0,
            }),
            returned: Condvar::new(),
        }
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let loan = self.lend()?;
        let connection = loan.connection()?;
        step(connection, "BEGIN")?;
        let mut running = Running {
            connection,
            purpose: Purpose::Read,
        };
        let mut tx = Tx::over(&mut running, Purpose::Read);
        let done = work(&mut tx)?;
        match tx.fault() {
            None => Ok(done),
            Some(fault) => Err(fault.into()),
        }
    }

    fn lend(&self) -> Result<Loan<'_>, StoreError> {
        let mut pool = self.pool();
        pool.waiting += 1;
        let busy = |pool: &mut Pool| pool.idle.is_empty() && pool.open >= MOST;
        let (mut pool, waited) = self
            .returned
            .wait_timeout_while(pool, PATIENCE, busy)
            .unwrap_or_else(PoisonError::into_inner);
        pool.waiting -= 1;
        if waited.timed_out() {
            return Err(StoreError::Busy("all its readers are at work".into()));
        }
        let mut loan = Loan {
            readers: self,
            connection: pool.idle.pop(),
        };
        if loan.connection.is_none() {
            pool.open += 1;
            drop(pool);
            let connection = super::connect(&self.path)?;
            connection
                .pragma_update(None, "query_only", "ON")
                .map_err(super::statements::told)?;
            loan.connection = Some(connection);
        }
        Ok(loan)
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loan<'_> {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("a reader's connection is lost".into()))
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let clean = self.connection.take().filter(|connection| {
            connection.is_autocommit() || step(connection, "ROLLBACK").is_ok() && connection.is_autocommit()
        });
        let mut pool = self.readers.pool();
        match clean {
            Some(connection) => pool.idle.push(connection),
            None => pool.open -= 1,
        }
        let awaited = pool.waiting > 0;
        drop(pool);
        if awaited {
            self.readers.returned.notify_one();
        }
    }
}
