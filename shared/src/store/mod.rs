//! Store and Tx: the only way to reach rows. One SQL, two engines.
//!
//! A domain writes each statement once, in the SQL that SQLite and PostgreSQL both accept: `$1` parameters,
//! `ON CONFLICT`, `RETURNING`, and the types BIGINT, TEXT and BYTEA.
//!
//! ```text
//! store.read(|tx| ...)    a consistent view; writes nothing
//! store.look(|tx| ...)    the same for a moment: a few rows that are wanted at once
//! store.write(|tx| ...)   one unit of work: Ok commits it (durably, before `write` returns), Err undoes it
//! ```
//!
//! Units that write run one after another, on either engine and across threads, processes and machines, so what one
//! reads is still true when it writes. The closure may run more than once (PostgreSQL may ask for that), so it must
//! leave no traces outside the transaction; on the thread of another writer (SQLite, where one commits for many), so it
//! must not wait for what its own thread holds; and it must not begin another unit that writes. It should hold nothing up:
//! hash passwords and talk to others before or after it.

#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod driver;
mod error;
mod migrate;
mod nesting;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

pub use driver::{Row, Tx, Value};
pub use error::StoreError;
pub use migrate::{Component, Migration};

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// The connection string of a PostgreSQL server, `host=… user=… dbname=…` or `postgresql://…`. It is reached over a
    /// Unix socket or loopback: the connection is not encrypted.
    Postgres(String),
}

/// What a checkpoint did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// Pages carried over from the log into the file.
    pub pages: i64,
    /// Pages left in the log, because somebody still reads an older state.
    pub left: i64,
}

/// Which store a backup may replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// None that knows of audit events that the backup does not know of.
    OlderOnly,
    /// Any that no process has open.
    Any,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What is wrong, in words; empty if the store is sound.
    pub faults: Vec<String>,
    /// The schema's version of each component in the store.
    pub versions: Vec<(String, i64)>,
}

/// A handle to the store; cheap to clone, shared by threads.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<sqlite::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(Arc<postgres::Postgres>),
}

impl Engine {
    /// Tells one open store from another within the process.
    fn address(&self) -> usize {
        match self {
            Self::Sqlite(engine) => Arc::as_ptr(engine).addr(),
            #[cfg(feature = "postgres")]
            Self::Postgres(engine) => Arc::as_ptr(engine).addr(),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// Opens a store that exists. The caller's next act is [`Store::migrate`].
    pub fn open(location: &StoreLocation) -> Result<Self, StoreError> {
        match location {
            StoreLocation::Sqlite(path) => Self::open_sqlite(path),
            StoreLocation::Postgres(server) => Self::open_postgres(server),
        }
    }

    /// Makes a new store, or opens the one that is there. On PostgreSQL the database itself must exist.
    pub fn create(location: &StoreLocation) -> Result<Self, StoreError> {
        match location {
            StoreLocation::Sqlite(path) => Self::create_sqlite(path),
            StoreLocation::Postgres(server) => Self::open_postgres(server),
        }
    }

    /// Opens a SQLite store that exists.
    pub fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let engine = sqlite::Sqlite::open(path, sqlite::Absent::Refuse)?;
        Ok(Self {
            engine: Engine::Sqlite(Arc::new(engine)),
        })
    }

    /// Makes a new SQLite store, or opens the one that is there.
    pub fn create_sqlite(path: &Path) -> Result<Self, StoreError> {
        let engine = sqlite::Sqlite::open(path, sqlite::Absent::Create)?;
        Ok(Self {
            engine: Engine::Sqlite(Arc::new(engine)),
        })
    }

    #[cfg(feature = "postgres")]
    fn open_postgres(server: &str) -> Result<Self, StoreError> {
        Ok(Self {
            engine: Engine::Postgres(Arc::new(postgres::Postgres::open(server)?)),
        })
    }

    #[cfg(not(feature = "postgres"))]
    fn open_postgres(_server: &str) -> Result<Self, StoreError> {
        Err(StoreError::Refused(
            "this program was built without PostgreSQL: build it with the feature `postgres`, or name a SQLite file"
                .into(),
        ))
    }

    /// Brings the schema of these components up to date. Several processes may do so at once.
    pub fn migrate(&self, components: &[Component]) -> Result<(), StoreError> {
        migrate::run(self, components)
    }

    /// Runs `work` over a consistent view.
    pub fn read<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnMut(&mut Tx<'_>) -> Result<T, E>,
    {
        match &self.engine {
            Engine::Sqlite(engine) => engine.read(&mut work),
            #[cfg(feature = "postgres")]
            Engine::Postgres(engine) => engine.read(&mut work),
        }
    }

    /// As [`Store::read`], for the few rows that a sign-in needs before it asks: cheaper, and whoever comes to write
    /// meanwhile may have to wait for it. So it must not be long, and no unit that writes may be begun inside.
    pub fn look<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnMut(&mut Tx<'_>) -> Result<T, E>,
    {
        // In a unit that writes it is a read beside it.
        let Ok(_alone) = nesting::Writing::enter(self.engine.address()) else {
            return self.read(work);
        };
        match &self.engine {
            Engine::Sqlite(engine) => engine.look(&mut work),
            #[cfg(feature = "postgres")]
            Engine::Postgres(engine) => engine.read(&mut work),
        }
    }

    /// Runs `work` as one unit: durable when this returns Ok, undone when it returns Err.
    pub fn write<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        T: Send,
        E: From<StoreError> + Send,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    {
        let _writing = nesting::Writing::enter(self.engine.address())?;
        match &self.engine {
            Engine::Sqlite(engine) => engine.write(&mut work),
            #[cfg(feature = "postgres")]
            Engine::Postgres(engine) => engine.write(&mut work),
        }
    }

    /// Housekeeping for a daemon to do when it is idle, every minute or so: SQLite's log is carried over into the file,
    /// so that no login has to. Others go on reading and writing meanwhile. PostgreSQL does it by itself.
    pub fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.checkpoint(),
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => Ok(Checkpoint::default()),
        }
    }

    /// Whether a program with these components may open the store: [`StoreError::TooNew`] if a newer release wrote it.
    /// Changes nothing, and reads one small table.
    pub fn fits(&self, components: &[Component]) -> Result<(), StoreError> {
        migrate::fit(&self.read(migrate::versions)?, components)
    }

    /// Looks whether the store is sound and of the schema that `components` expect. Reads the whole file of SQLite.
    pub fn check(&self, components: &[Component]) -> Result<Health, StoreError> {
        let versions = self.read(migrate::versions)?;
        let mut faults = match &self.engine {
            Engine::Sqlite(engine) => engine.faults()?,
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => Vec::new(),
        };
        faults.extend(migrate::differences(&versions, components));
        Ok(Health { faults, versions })
    }

    /// Writes a consistent copy to a new file of mode 0600, while others go on reading and writing.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.backup(to),
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => Err(StoreError::Refused(
                "a PostgreSQL store is backed up with `pg_dump` and restored with `pg_restore`".into(),
            )),
        }
    }

    /// Puts a backup in the place of the store at `to`, which no process may have open, or where none is. The store that
    /// it replaces stays beside it: its path is returned. If this is cut short, either the old or the new one is there.
    pub fn restore(from: &Path, to: &Path, overwrite: Overwrite) -> Result<Option<PathBuf>, StoreError> {
        sqlite::restore(from, to, overwrite)
    }
}
