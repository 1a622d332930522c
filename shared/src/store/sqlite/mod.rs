//! The SQLite engine: one writer connection in a convoy, a few readers, one file of known owner and mode.
//!
//! **Durable.** WAL with `synchronous=FULL`: a commit syncs the log once and only then is anybody told of success.
//!
//! **Several processes.** Agent, provider and command share the file. Whoever writes takes the write lock at once
//! (`BEGIN IMMEDIATE`) and waits for it with bounded patience; a read never grows into a write.
//!
//! **Checkpoints stay off the login path.** Carrying the log over into the file costs further syncs. So a commit does it
//! only if the log has grown to [`LOG_PAGES`], which is the safety net; a daemon calls `Store::checkpoint` when idle, and
//! the log is then written over from its start, which is also faster than making it longer.

mod convoy;
mod errand;
mod file;
mod lane;
mod readers;
mod statements;
mod upkeep;

pub(super) use upkeep::restore;

use super::driver::Tx;
use super::error::StoreError;
use convoy::Convoy;
use readers::Readers;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use statements::told;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Pages of 4 KiB in the log after which a commit checkpoints by itself: 64 MiB.
const LOG_PAGES: i64 = 16_384;
/// What is left of the log's file after a checkpoint, in bytes: all that it ever needs. Made longer again by a busy store,
/// it would sync the file's length with every commit, which is a sixth of what it could do.
const LOG_KEPT: i64 = 72 * 1024 * 1024;
/// Statements that a connection keeps prepared: more than all domains have.
const STATEMENTS: usize = 512;

pub(super) struct Sqlite {
    path: PathBuf,
    convoy: Convoy,
    readers: Readers,
    upkeep: Mutex<Option<Connection>>,
}

/// What to do where no store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    Refuse,
    Create,
}

impl Sqlite {
    pub(super) fn open(path: &Path, absent: Absent) -> Result<Self, StoreError> {
        let path = file::settled(path)?;
        if !file::inspect(&path)? {
            match absent {
                Absent::Refuse => {
                    return Err(StoreError::Unavailable(format!(
                        "there is no store at {}: make one with `samekey init`",
                        path.display()
                    )));
                }
                Absent::Create => {
                    file::make(&path)?;
                    file::sync_folder(&path)?;
                    file::inspect(&path)?;
                }
            }
        }
        let writer = connect(&path)?;
        writer.pragma_update(None, "journal_mode", "WAL").map_err(told)?;
        Ok(Self {
            convoy: Convoy::new(writer),
            readers: Readers::new(path.clone()),
            path,
            upkeep: Mutex::new(None),
        })
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.read(work)
    }

    pub(super) fn look<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.convoy.look(work).unwrap_or_else(|| self.readers.read(work))
    }

    pub(super) fn write<T: Send, E: From<StoreError> + Send>(
        &self,
        work: &mut (dyn FnMut(&mut Tx<'_>) -> Result<T, E> + Send),
    ) -> Result<T, E> {
        self.convoy.write(work)
    }
}

/// Opens one more connection to a store whose file was inspected.
fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags).map_err(told)?;
    tune(&mut connection).map_err(told)?;
    Ok(connection)
}

fn tune(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait_for_others))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    // One plan for each statement, whatever is bound to it. Otherwise SQLite throws a kept statement away and prepares
    // it anew whenever it is bound to another value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_KEPT)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// How long whoever writes waits for another process's write lock.
const PATIENCE: Duration = Duration::from_secs(5);

thread_local! {
    static WAITING_SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Waits while another process holds the lock: often at first, since a commit lasts some 100 microseconds, then every
/// millisecond, until patience ends.
fn wait_for_others(tries: i32) -> bool {
    const EAGER: i32 = 100;
    let now = Instant::now();
    let since = if tries == 0 {
        now
    } else {
        WAITING_SINCE.get().unwrap_or(now)
    };
    WAITING_SINCE.set(Some(since));
    if now.duration_since(since) >= PATIENCE {
        return false;
    }
    let pause = if tries < EAGER { 100 } else { 1000 };
    std::thread::sleep(Duration::from_micros(pause));
    true
}

#[cfg(test)]
mod tests;
