//! Store and Tx: the only way to reach rows. One SQL, two engines.
//!
//! A domain writes each statement once, in the SQL that SQLite and PostgreSQL both accept: `$1` parameters,
//! `ON CONFLICT`, `RETURNING`, and the types BIGINT, TEXT and BYTEA.
//!
//! ```text
//! store.read(|tx| ...)    a consistent view; writes nothing
//! store.write(|tx| ...)   one unit of work: Ok commits it (durably, before `write` returns), Err undoes it
//! ```
//!
//! The closure may run more than once (PostgreSQL asks for that after a serialisation failure), so it must not
//! leave traces outside the transaction.

mod driver;
mod error;
mod migrate;
mod sqlite;

pub use driver::{Row, Tx, Value};
pub use error::StoreError;
pub use migrate::{Component, Migration};

use std::path::Path;
use std::sync::Arc;

/// A handle to the store; cheap to clone, shared by threads.
#[derive(Clone)]
pub struct Store {
    engine: Arc<sqlite::Sqlite>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A SQLite file.
    Sqlite(std::path::PathBuf),
    /// A PostgreSQL connection string.
    Postgres(String),
}

impl Store {
    /// Opens a store that exists.
    pub fn open(location: &StoreLocation) -> Result<Self, StoreError> {
        match location {
            StoreLocation::Sqlite(path) => Self::open_sqlite(path),
            StoreLocation::Postgres(_) => Err(StoreError::Unavailable("built without PostgreSQL".into())),
        }
    }

    /// Makes a new store, or opens the one that is there.
    pub fn create(location: &StoreLocation) -> Result<Self, StoreError> {
        match location {
            StoreLocation::Sqlite(path) => Self::create_sqlite(path),
            StoreLocation::Postgres(_) => Self::open(location),
        }
    }

    /// Opens a SQLite store that exists.
    pub fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            engine: Arc::new(sqlite::Sqlite::open(path, false)?),
        })
    }

    /// Makes a new SQLite store, or opens the one that is there.
    pub fn create_sqlite(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            engine: Arc::new(sqlite::Sqlite::open(path, true)?),
        })
    }

    /// Brings the schema of these components up to date.
    pub fn migrate(&self, components: &[Component]) -> Result<(), StoreError> {
        migrate::run(self, components)
    }

    /// Runs `work` over a consistent view.
    pub fn read<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnMut(&mut Tx<'_>) -> Result<T, E>,
    {
        self.engine.read(&mut work)
    }

    /// Runs `work` as one unit: durable when this returns Ok, undone when it returns Err.
    pub fn write<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnMut(&mut Tx<'_>) -> Result<T, E>,
    {
        self.engine.write(&mut work)
    }
}
