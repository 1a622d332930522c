//! The engine's own promises: the convoy, the file's owner and mode, upkeep, and what goes wrong with disks and locks.

use super::*;
use crate::params;
use crate::store::driver::{Purpose, Statements};
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

#[test]
fn a_statement_is_prepared_once_whatever_is_bound_to_it() {
    let bench = bench();
    put_sql(&bench.store, "CREATE TABLE marks (note BIGINT, at BIGINT, gone BIGINT)").unwrap();
    put_sql(&bench.store, "CREATE INDEX marks_at ON marks (note, at)").unwrap();
    put_sql(
        &bench.store,
        "CREATE UNIQUE INDEX marks_left ON marks (note) WHERE gone = 0",
    )
    .unwrap();
    let connection = connect(&bench.path).unwrap();
    let mut running = statements::Running {
        connection: &connection,
        purpose: Purpose::Write,
    };
    let sql = "SELECT note FROM marks WHERE note = $1 AND gone = $2 ORDER BY at LIMIT 1";
    for note in 0..4_i64 {
        running.query(sql, params![note, 0_i64]).unwrap();
    }
    let kept = connection.prepare_cached(sql).unwrap();
    assert_eq!(kept.get_status(rusqlite::StatementStatus::RePrepare), 0);
    assert_eq!(
        kept.get_status(rusqlite::StatementStatus::Run),
        4,
        "the statement that ran"
    );
}
