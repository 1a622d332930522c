//! The PostgreSQL engine: several machines over one store.
//!
//! **One writer at a time, as with SQLite.** A unit that writes first takes an advisory lock of the database. So the same
//! code that is right on SQLite is right here: what a unit reads stays true until it commits. It costs little, since every
//! unit appends to the one audit chain and would queue there anyway. A server that still answers with a serialisation
//! failure or a deadlock has the unit run again.
//!
//! **Bounded.** Connecting, waiting for the lock, and each statement end after some seconds. **Durable.** Each session
//! asks for `synchronous_commit=on`, whatever the server's default.
//!
//! The connection is not encrypted: reach the server over its Unix socket, loopback, or a tunnel.

mod statements;

use super::driver::{Purpose, Tx};
use super::error::StoreError;
use postgres::{Config, NoTls};
use statements::{Link, Running, asks_again, told};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};

/// Connections that one process opens at most.
const MOST: usize = 8;
/// How long a caller waits for one of them, and a connection for the server.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a unit is run again when the server asks for it.
const RERUNS: u32 = 8;

/// For each new session: durability, and an end to every wait.
const SESSION: &str = "SET synchronous_commit = on; SET lock_timeout = '5s'; SET statement_timeout = '10s'; \
                       SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = warning";
/// "samekey" and 1 as a number: the lock's name in the database.
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
                           SELECT pg_advisory_xact_lock(8313479626640882945)";
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

pub(super) struct Postgres {
    config: Config,
    pool: Mutex<Pool>,
    returned: Condvar,
}

struct Pool {
    idle: Vec<Link>,
    open: usize,
}

/// A connection on loan. One that is given back while in a transaction, as when a unit panics, is closed.
struct Loan<'a> {
    engine: &'a Postgres,
    link: Option<Link>,
    clean: bool,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let link = self.link.take().filter(|link| self.clean && !link.client.is_closed());
        let mut pool = self.engine.pool();
        match link {
            Some(link) => pool.idle.push(link),
            None => pool.open -= 1,
        }
        self.engine.returned.notify_one();
    }
}

/// How one run of a unit ended.
enum Run<T, E> {
    Kept(T),
    Undone(E),
    Again(StoreError),
}

/// The driver has an executor of its own, which panics on a thread that another one works on. The provider's threads are such: there
/// the executor is told first that this one is busy, and its other work goes on elsewhere.
fn apart<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Each connection ends its executor, which is as particular about its thread.
        apart(|| self.pool().idle.clear());
    }
}

impl Postgres {
    pub(super) fn open(server: &str) -> Result<Self, StoreError> {
        // The text may hold a password: it is not repeated in the error.
        let mut config: Config = server
            .parse()
            .map_err(|_| StoreError::Refused("[store] postgres is no connection string".into()))?;
        config.connect_timeout(PATIENCE);
        config.application_name("samekey");
        let engine = Self {
            config,
            pool: Mutex::new(Pool {
                idle: Vec::new(),
                open: 0,
            }),
            returned: Condvar::new(),
        };
        let encoding = engine.read(&mut |tx| tx.query_opt("SELECT current_setting('server_encoding')", &[]));
        match encoding? {
            Some(row) if row.text(0)? == "UTF8" => Ok(engine),
            _ => Err(StoreError::Refused(
                "the database is not of encoding UTF8: make one with `createdb --encoding=UTF8`".into(),
            )),
        }
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.repeat(BEGIN_READ, Purpose::Read, work)
    }

    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.repeat(BEGIN_WRITE, Purpose::Write, work)
    }

    fn repeat<T, E: From<StoreError>>(
        &self,
        begin: &'static str,
        purpose: Purpose,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut reruns = 0;
        apart(|| {
            loop {
                match self.run(begin, purpose, work) {
                    Ok(Run::Kept(value)) => return Ok(value),
                    Ok(Run::Undone(error)) => return Err(error),
                    Ok(Run::Again(error)) if reruns >= RERUNS => return Err(error.into()),
                    Ok(Run::Again(_)) => reruns += 1,
                    Err(error) => return Err(error.into()),
                }
            }
        })
    }

    fn run<T, E: From<StoreError>>(
        &self,
        begin: &'static str,
        purpose: Purpose,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<Run<T, E>, StoreError> {
        let mut loan = self.begin(begin)?;
        let link = loan.link()?;
        let mut running = Running { link, again: false };
        let mut tx = Tx::over(&mut running, purpose);
        let done = work(&mut tx);
        let fault = tx.fault();
        let again = running.again;
        let run = match (done, fault) {
            (_, Some(fault)) if again => Run::Again(fault),
            (Err(error), _) => Run::Undone(error),
            (Ok(_), Some(fault)) => Run::Undone(fault.into()),
            (Ok(value), None) => Run::Kept(value),
        };
        let end = if matches!(run, Run::Kept(_)) {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        match link.client.batch_execute(end) {
            Ok(()) => loan.clean = true,
            Err(error) if matches!(run, Run::Kept(_)) => {
                // The server's word is final; without it nobody knows, and so nothing is acknowledged.
                loan.clean = error.as_db_error().is_some();
                return if asks_again(&error) {
                    Ok(Run::Again(told(&error)))
                } else {
                    Err(told(&error))
                };
            }
            // The unit is undone in any case; the connection is not used again.
            Err(_) => {}
        }
        Ok(run)
    }

    /// Begins a transaction, on a new connection if the one that lay idle turns out to be dead.
    fn begin(&self, begin: &'static str) -> Result<Loan<'_>, StoreError> {
        loop {
            let (mut loan, fresh) = self.lend()?;
            match loan.link()?.client.batch_execute(begin) {
                Ok(()) => return Ok(loan),
                Err(error) if fresh || error.as_db_error().is_some() && !loan.link()?.client.is_closed() => {
                    return Err(told(&error));
                }
                Err(_) => {}
            }
        }
    }

    fn lend(&self) -> Result<(Loan<'_>, bool), StoreError> {
        let busy = |pool: &mut Pool| pool.idle.is_empty() && pool.open >= MOST;
        let (mut pool, waited) = self
            .returned
            .wait_timeout_while(self.pool(), PATIENCE, busy)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(StoreError::Busy("all connections to the server are at work".into()));
        }
        let mut loan = Loan {
            engine: self,
            link: pool.idle.pop(),
            clean: false,
        };
        if loan.link.is_some() {
            return Ok((loan, false));
        }
        pool.open += 1;
        drop(pool);
        let mut client = self.config.connect(NoTls).map_err(|error| told(&error))?;
        client.batch_execute(SESSION).map_err(|error| told(&error))?;
        loan.link = Some(Link::new(client));
        Ok((loan, true))
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loan<'_> {
    fn link(&mut self) -> Result<&mut Link, StoreError> {
        self.link
            .as_mut()
            .ok_or_else(|| StoreError::Unavailable("a connection to the server is lost".into()))
    }
}
