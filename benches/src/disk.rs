//! The yardstick of the disk: SQLite, WAL, synchronous FULL, one row and one sync for each commit.

use crate::Trouble;
use rusqlite::Connection;
use std::path::Path;
use std::time::{Duration, Instant};

/// A plain table that is written one commit at a time.
#[derive(Debug)]
pub struct Plain(Connection);

impl Plain {
    /// Makes one in this folder.
    pub fn new(room: &Path) -> Result<Self, Trouble> {
        let connection = Connection::open(room.join("plain.db"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, step BIGINT NOT NULL)")?;
        Ok(Self(connection))
    }

    /// Commits for so long; how many a second.
    pub fn commits_per_second(&self, time: Duration) -> Result<f64, Trouble> {
        let mut insert = self.0.prepare("INSERT INTO rows (step) VALUES (1)")?;
        let (start, mut commits) = (Instant::now(), 0_u32);
        while start.elapsed() < time {
            insert.execute([])?;
            commits += 1;
        }
        Ok(f64::from(commits) / start.elapsed().as_secs_f64())
    }
}
