//! Upkeep of a SQLite store: checkpoint, health, backup, restore.

use super::statements::told;
use super::{Sqlite, connect, file};
use crate::store::error::StoreError;
use crate::store::{Checkpoint, Overwrite};
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

impl Sqlite {
    /// Carries the log over into the file as far as no reader stands in the way, without holding up writers.
    pub(in crate::store) fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        let mut kept = self.upkeep.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match kept.take() {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        *kept = Some(connection);
        let (log, carried) = done.map_err(told)?;
        Ok(Checkpoint {
            pages: carried.max(0),
            left: (log - carried).max(0),
        })
    }

    /// What is wrong with the file: damaged pages, indexes that disagree, references to rows that are not there.
    pub(in crate::store) fn faults(&self) -> Result<Vec<String>, StoreError> {
        faults_of(&connect(&self.path)?)
    }

    /// Writes a consistent copy, while others go on reading and writing.
    pub(in crate::store) fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = file::settled(to)?;
        let partial = file::companion(&to, ".partial");
        refuse_existing(&to)?;
        copy(&connect(&self.path)?, &partial)?;
        // A hard link fails where a name is taken; a rename would replace what appeared there meanwhile.
        let named = fs::hard_link(&partial, &to);
        let _ = fs::remove_file(&partial);
        named.map_err(|error| file::unavailable(&to, &error))?;
        file::sync_folder(&to)
    }
}

fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(StoreError::Refused(format!(
            "{} is there already: name a file that is not",
            path.display()
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(file::unavailable(path, &error)),
    }
}

/// Copies a store into a new file of mode 0600 and syncs it; on failure nothing is left behind.
fn copy(from: &Connection, to: &Path) -> Result<(), StoreError> {
    let _ = fs::remove_file(to);
    if !file::make(to)? {
        return Err(StoreError::Refused(format!("{} is there already", to.display())));
    }
    let name = to
        .to_str()
        .ok_or_else(|| StoreError::Refused(format!("{} is no UTF-8 name", to.display())))?;
    let done = from.execute("VACUUM INTO ?1", [name]).map_err(told).and_then(|_| {
        fs::File::open(to)
            .and_then(|file| file.sync_all())
            .map_err(|error| file::unavailable(to, &error))
    });
    if done.is_err() {
        let _ = fs::remove_file(to);
    }
    done
}

fn faults_of(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check(100)").map_err(told)?;
    let found = statement.query_map([], |row| row.get::<_, String>(0)).map_err(told)?;
    for line in found {
        let line = line.map_err(told)?;
        if line != "ok" {
            faults.push(line);
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check").map_err(told)?;
    let found = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(2)?)));
    for pair in found.map_err(told)? {
        let (table, parent) = pair.map_err(told)?;
        faults.push(format!("a row of {table} refers to one of {parent} that is not there"));
    }
    Ok(faults)
}

/// Puts a backup in the place of a store that no process has open. Returns where the replaced store was kept.
pub(in crate::store) fn restore(from: &Path, to: &Path, overwrite: Overwrite) -> Result<Option<PathBuf>, StoreError> {
    let (from, to) = (file::settled(from)?, file::settled(to)?);
    if !file::inspect(&from)? {
        return Err(StoreError::Unavailable(format!(
            "there is no backup at {}",
            from.display()
        )));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let backup = Connection::open_with_flags(&from, flags).map_err(told)?;
    if let Some(fault) = faults_of(&backup)?.first() {
        return Err(StoreError::Inconsistent(format!("the backup is damaged: {fault}")));
    }
    // Its lock is held until the backup is in its place.
    let current = if file::inspect(&to)? { Some(alone(&to)?) } else { None };
    if let Some(current) = &current
        && overwrite == Overwrite::OlderOnly
        && last_event(current)? > last_event(&backup)?
    {
        return Err(StoreError::Refused(format!(
            "{} holds events that the backup does not know of: they would be lost; ask for it expressly if you mean it",
            to.display()
        )));
    }
    let replaced = current.as_ref().map(|_| file::companion(&to, ".replaced"));
    let partial = file::companion(&to, ".restoring");
    copy(&backup, &partial)?;
    put_in_place(&partial, &to, replaced.as_deref())?;
    Ok(replaced)
}

/// Opens a store that nobody else has open and does away with its log; the lock is kept as long as the connection.
fn alone(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path)?;
    connection.busy_timeout(Duration::from_millis(200)).map_err(told)?;
    let taken = connection
        .pragma_update(None, "locking_mode", "EXCLUSIVE")
        .and_then(|()| connection.pragma_update(None, "journal_mode", "DELETE"))
        .and_then(|()| connection.execute_batch("BEGIN EXCLUSIVE; COMMIT"));
    match taken.map_err(told) {
        Ok(()) => Ok(connection),
        Err(StoreError::Busy(_)) => Err(StoreError::Busy(format!(
            "{} is in use: stop the agent and the provider first",
            path.display()
        ))),
        Err(error) => Err(error),
    }
}

/// The number of the last audit event, by which one state of a store is told to be newer than another.
fn last_event(connection: &Connection) -> Result<i64, StoreError> {
    let table = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'audit_head'";
    let tables: i64 = connection.query_row(table, [], |row| row.get(0)).map_err(told)?;
    if tables == 0 {
        return Ok(0);
    }
    connection
        .query_row("SELECT seq FROM audit_head", [], |row| row.get(0))
        .map_err(told)
}

fn put_in_place(partial: &Path, to: &Path, replaced: Option<&Path>) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| file::unavailable(to, &error);
    if let Some(replaced) = replaced {
        let _ = fs::remove_file(replaced);
        fs::hard_link(to, replaced).map_err(failed)?;
        for suffix in file::COMPANIONS {
            let _ = fs::remove_file(file::companion(to, suffix));
        }
    }
    fs::rename(partial, to).map_err(failed)?;
    file::sync_folder(to)
}
