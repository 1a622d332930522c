//! The engine's own promises: the convoy, the file's owner and mode, upkeep, and what goes wrong with disks and locks.

use super::*;
use crate::params;
use crate::store::{Overwrite, Store};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

mod copies;
mod crowd;
mod ownership;

struct Bench {
    store: Store,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    bench_in(folder)
}

fn bench_in(folder: tempfile::TempDir) -> Bench {
    let path = folder.path().join("store.db");
    let store = Store::create_sqlite(&path).unwrap();
    put_sql(&store, "CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT)").unwrap();
    Bench {
        store,
        path,
        _folder: folder,
    }
}

fn put_sql(store: &Store, sql: &'static str) -> Result<u64, StoreError> {
    store.write(|tx| tx.execute(sql, &[]))
}

fn put(store: &Store, id: i64) -> Result<u64, StoreError> {
    store.write(|tx| tx.execute("INSERT INTO notes (id, text) VALUES ($1, $2)", params![id, "x"]))
}

fn count(store: &Store) -> i64 {
    let rows: Result<_, StoreError> = store.read(|tx| tx.query("SELECT COUNT(*) FROM notes", &[]));
    rows.unwrap()[0].int(0).unwrap()
}

/// Another process's write lock, as far as SQLite's file locks go: a connection of its own.
fn other_writer(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}
