//! The engine's own promises: the convoy, the file's owner and mode, upkeep, and what goes wrong with disks and locks.

use super::*;
use crate::params;
use crate::store::{Overwrite, Store};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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
fn a_panic_undoes_its_own_unit_and_harms_no_other() {
    let bench = bench();
    let start = Barrier::new(16);
    std::thread::scope(|scope| {
        for id in 0..16_i64 {
            let (store, start) = (bench.store.clone(), &start);
            scope.spawn(move || {
                start.wait();
                let done = catch_quietly(|| {
                    store.write(|tx| {
                        tx.execute("INSERT INTO notes (id) VALUES ($1)", params![id])?;
                        assert!(id % 4 != 0, "a panic of the test's own");
                        Ok::<_, StoreError>(())
                    })
                });
                assert_eq!(done.is_err(), id % 4 == 0);
            });
        }
    });
    assert_eq!(count(&bench.store), 12);
    put(&bench.store, 100).unwrap();
}

fn catch_quietly<T>(work: impl FnOnce() -> T) -> std::thread::Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
}

#[test]
fn an_error_undoes_its_own_unit_only() {
    let bench = bench();
    let start = Barrier::new(32);
    std::thread::scope(|scope| {
        for id in 0..32_i64 {
            let (store, start) = (bench.store.clone(), &start);
            scope.spawn(move || {
                start.wait();
                let done = store.write(|tx| {
                    tx.execute("INSERT INTO notes (id) VALUES ($1)", params![id])?;
                    if id % 2 == 0 {
                        Err(StoreError::Refused("no".into()))
                    } else {
                        Ok(())
                    }
                });
                assert_eq!(done.is_err(), id % 2 == 0);
            });
        }
    });
    assert_eq!(count(&bench.store), 16);
}

#[test]
fn a_failed_statement_undoes_the_unit_even_if_the_error_is_swallowed() {
    let bench = bench();
    put(&bench.store, 1).unwrap();
    let swallowed = bench.store.write(|tx| {
        tx.execute("INSERT INTO notes (id) VALUES (2)", &[])?;
        let _ = tx.execute("INSERT INTO notes (id) VALUES (1)", &[]);
        Ok::<_, StoreError>(())
    });
    assert!(matches!(swallowed, Err(StoreError::Conflict(_))));
    assert_eq!(count(&bench.store), 1);
}

#[test]
fn a_failing_commit_fails_every_member() {
    let bench = bench();
    // A deferred reference is looked at only by COMMIT.
    for sql in [
        "CREATE TABLE parents (id BIGINT PRIMARY KEY)",
        "CREATE TABLE children (id BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
    ] {
        put_sql(&bench.store, sql).unwrap();
    }
    let (inside, failed) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let orphan = scope.spawn(|| {
            bench.store.write(|tx| {
                inside.store(true, Ordering::SeqCst);
                while waiting(&bench.store) < 4 {
                    std::thread::yield_now();
                }
                tx.execute("INSERT INTO children (id) VALUES (7)", &[])
            })
        });
        while !inside.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        for id in 0..4 {
            let (store, failed) = (bench.store.clone(), &failed);
            scope.spawn(move || failed.fetch_add(usize::from(put(&store, id).is_err()), Ordering::SeqCst));
        }
        assert!(orphan.join().unwrap().is_err());
    });
    assert_eq!(failed.into_inner(), 4);
    assert_eq!(count(&bench.store), 0);
    put(&bench.store, 9).unwrap();
    assert_eq!(count(&bench.store), 1);
}

fn waiting(store: &Store) -> usize {
    match &store.engine {
        crate::store::Engine::Sqlite(engine) => engine.convoy.waiting(),
        #[cfg(feature = "postgres")]
        crate::store::Engine::Postgres(_) => 0,
    }
}

#[test]
fn a_unit_inside_another_is_refused_instead_of_waiting_for_itself() {
    let bench = bench();
    let inner = bench
        .store
        .write(|_| Ok::<_, StoreError>(put(&bench.store, 1)))
        .unwrap();
    assert!(matches!(inner, Err(StoreError::Statement(_))));
    put(&bench.store, 2).unwrap();
}

#[test]
fn a_read_cannot_write() {
    let bench = bench();
    for sql in ["DELETE FROM notes", "INSERT INTO notes (id) VALUES (1) RETURNING id"] {
        assert!(bench.store.read(|tx| tx.query(sql, &[])).is_err(), "{sql}");
        assert!(bench.store.read(|tx| tx.execute(sql, &[])).is_err(), "{sql}");
    }
    assert_eq!(count(&bench.store), 0);
}

#[test]
fn a_read_sees_one_state_while_others_write() {
    let bench = bench();
    let counts = bench.store.read(|tx| {
        let mut seen = Vec::new();
        for id in 0..3 {
            seen.push(tx.query("SELECT COUNT(*) FROM notes", &[])?[0].int(0)?);
            put(&bench.store, id)?;
        }
        Ok::<_, StoreError>(seen)
    });
    assert_eq!(counts.unwrap(), [0, 0, 0]);
    assert_eq!(count(&bench.store), 3);
}

#[test]
fn a_locked_store_is_busy_for_everybody_within_one_wait() {
    let bench = bench();
    let other = other_writer(&bench.path);
    let tries = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for id in 0..8 {
            let (store, tries) = (bench.store.clone(), &tries);
            scope.spawn(move || {
                assert!(matches!(put(&store, id), Err(StoreError::Busy(_))));
                tries.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(tries.into_inner(), 8);
    assert_eq!(count(&bench.store), 0, "readers do not wait");
    other.execute_batch("ROLLBACK").unwrap();
    put(&bench.store, 1).unwrap();
}

#[test]
fn a_short_lock_of_another_process_is_waited_for() {
    let bench = bench();
    let other = other_writer(&bench.path);
    std::thread::scope(|scope| {
        let write = scope.spawn(|| put(&bench.store, 1));
        while waiting(&bench.store) == 0 && !write.is_finished() && !engaged(&bench.store) {
            std::thread::yield_now();
        }
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(write.join().unwrap(), Ok(1));
    });
}

fn engaged(store: &Store) -> bool {
    match &store.engine {
        crate::store::Engine::Sqlite(engine) => engine.convoy.engaged(),
        #[cfg(feature = "postgres")]
        crate::store::Engine::Postgres(_) => false,
    }
}

#[test]
fn a_checkpoint_empties_the_log_into_the_file() {
    let bench = bench();
    for id in 0..50 {
        put(&bench.store, id).unwrap();
    }
    let done = bench.store.checkpoint().unwrap();
    assert!(done.pages > 0);
    assert_eq!(done.left, 0);
    let log = std::fs::metadata(file::companion(&bench.path, "-wal")).unwrap().len();
    for id in 50..60 {
        put(&bench.store, id).unwrap();
    }
    let after = std::fs::metadata(file::companion(&bench.path, "-wal")).unwrap().len();
    assert_eq!(log, after, "the log is written over from its start");
}

#[test]
fn the_store_and_its_companions_are_for_their_owner_alone() {
    let bench = bench();
    put(&bench.store, 1).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(file::companion(&bench.path, suffix)).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o600, "{suffix}");
    }
}

#[test]
fn owner_and_mode_stay_when_root_opens_first() {
    if crate::config::safe_file::own_user() != 0 {
        let skipped = b"SKIPPED: only root can give files away\n";
        std::io::Write::write_all(&mut std::io::stderr(), skipped).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    chown(folder.path(), Some(65_534), Some(65_534)).unwrap();
    let bench = bench_in(folder);
    put(&bench.store, 1).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let found = std::fs::metadata(file::companion(&bench.path, suffix)).unwrap();
        assert_eq!(
            (found.uid(), found.gid(), found.mode() & 0o7777),
            (65_534, 65_534, 0o600),
            "{suffix}"
        );
    }
}

fn refusal(path: &Path) -> String {
    match Store::open_sqlite(path) {
        Err(StoreError::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_store_that_others_could_reach_is_refused_with_what_to_do() {
    let bench = bench();
    let folder = bench.path.parent().unwrap();
    let set = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    for mode in [0o644, 0o660, 0o604] {
        set(&bench.path, mode);
        assert!(refusal(&bench.path).contains("chmod 0600"));
    }
    set(&bench.path, 0o600);
    let log = file::companion(&bench.path, "-wal");
    set(&log, 0o640);
    assert!(refusal(&bench.path).contains("-wal"));
    set(&log, 0o600);
    set(folder, 0o777);
    assert!(refusal(&bench.path).contains("chmod go-w"));
    set(folder, 0o700);
    let link = folder.join("link.db");
    symlink(&bench.path, &link).unwrap();
    assert!(refusal(&link).contains("symbolic link"));
    assert!(refusal(folder).contains("no regular file") || folder.is_dir());
    if crate::config::safe_file::own_user() == 0 {
        chown(&bench.path, Some(65_534), None).unwrap();
        assert!(refusal(&bench.path).contains("chown 0"));
        chown(&bench.path, Some(0), None).unwrap();
    }
    assert!(Store::open_sqlite(&bench.path).is_ok());
}

#[test]
fn a_link_in_the_folders_path_is_followed() {
    let bench = bench();
    let around = tempfile::tempdir().unwrap();
    let link = around.path().join("folder");
    symlink(bench.path.parent().unwrap(), &link).unwrap();
    assert_eq!(count(&Store::open_sqlite(&link.join("store.db")).unwrap()), 0);
}

#[test]
fn what_is_not_there_or_no_store_is_no_empty_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    assert!(matches!(Store::open_sqlite(&path), Err(StoreError::Unavailable(_))));
    assert!(!path.exists());
    std::fs::write(
        &path,
        "this is no database, although it is long enough to be mistaken for one",
    )
    .unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    assert!(matches!(Store::open_sqlite(&path), Err(StoreError::Inconsistent(_))));
}

#[test]
fn a_backup_is_whole_private_and_never_over_another_file() {
    let bench = bench();
    for id in 0..20 {
        put(&bench.store, id).unwrap();
    }
    let copy = bench.path.with_file_name("copy.db");
    bench.store.backup(&copy).unwrap();
    assert_eq!(std::fs::metadata(&copy).unwrap().mode() & 0o7777, 0o600);
    assert!(matches!(bench.store.backup(&copy), Err(StoreError::Refused(_))));
    put(&bench.store, 20).unwrap();
    assert_eq!(count(&Store::open_sqlite(&copy).unwrap()), 20);
    let left: Vec<_> = std::fs::read_dir(bench.path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("partial"))
        .collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_restore_takes_the_place_of_an_older_store_that_nobody_uses() {
    let bench = bench();
    let (backup, place) = (
        bench.path.with_file_name("copy.db"),
        bench.path.with_file_name("place.db"),
    );
    for sql in [
        "CREATE TABLE audit_head (seq BIGINT)",
        "INSERT INTO audit_head (seq) VALUES (3)",
    ] {
        put_sql(&bench.store, sql).unwrap();
    }
    put(&bench.store, 1).unwrap();
    bench.store.backup(&backup).unwrap();
    assert_eq!(Store::restore(&backup, &place, Overwrite::OlderOnly).unwrap(), None);

    let used = Store::open_sqlite(&place).unwrap();
    assert_eq!(count(&used), 1);
    let in_use = Store::restore(&backup, &place, Overwrite::Any);
    assert!(matches!(in_use, Err(StoreError::Busy(_))), "{in_use:?}");
    put(&used, 2).unwrap();
    put_sql(&used, "UPDATE audit_head SET seq = 4").unwrap();
    drop(used);

    let newer = Store::restore(&backup, &place, Overwrite::OlderOnly);
    assert!(matches!(newer, Err(StoreError::Refused(_))), "{newer:?}");
    assert_eq!(
        count(&Store::open_sqlite(&place).unwrap()),
        2,
        "the refusal changed nothing"
    );
    let kept = Store::restore(&backup, &place, Overwrite::Any).unwrap().unwrap();
    assert_eq!(count(&Store::open_sqlite(&place).unwrap()), 1);
    assert_eq!(count(&Store::open_sqlite(&kept).unwrap()), 2);
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let bench = bench();
    for id in 0..500 {
        put(&bench.store, id).unwrap();
    }
    let (backup, place) = (
        bench.path.with_file_name("copy.db"),
        bench.path.with_file_name("place.db"),
    );
    bench.store.backup(&backup).unwrap();
    let mut bytes = std::fs::read(&backup).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&backup, bytes).unwrap();
    let restored = Store::restore(&backup, &place, Overwrite::OlderOnly);
    assert!(matches!(restored, Err(StoreError::Inconsistent(_))), "{restored:?}");
    assert!(!place.exists());
}

#[test]
fn a_check_tells_damage_and_schemas_that_differ() {
    use crate::store::{Component, Migration};
    let parts = [Component {
        name: "notes",
        migrations: &[Migration {
            version: 1,
            sql: "CREATE TABLE part (id BIGINT)",
        }],
    }];
    let bench = bench();
    bench.store.migrate(&parts).unwrap();
    let health = bench.store.check(&parts).unwrap();
    assert_eq!(
        (health.faults.len(), health.versions),
        (0, vec![("notes".to_owned(), 1)])
    );
    put_sql(&bench.store, "UPDATE schema_versions SET version = 2").unwrap();
    assert_eq!(bench.store.check(&parts).unwrap().faults.len(), 1);
    assert!(matches!(
        bench.store.migrate(&parts),
        Err(StoreError::TooNew { found: 2, known: 1, .. })
    ));
}
