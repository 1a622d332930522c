//! The store when things go wrong: killed programs, full disks, several programs at once.
//!
//! A test that needs another process starts this very program again with the same test's name and a folder in
//! `SAMEKEY_TEST_CHILD`; the test then plays the other part.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::params;
use samekey_shared::store::{Component, Migration, Store, StoreError};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

const CHILD: &str = "SAMEKEY_TEST_CHILD";

const PARTS: &[Component] = &[
    audit::SCHEMA,
    Component {
        name: "notes",
        migrations: &[Migration {
            version: 1,
            sql: "CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT);\n\
                  CREATE TABLE codes (id BIGINT PRIMARY KEY, used BIGINT NOT NULL);\n",
        }],
    },
];

/// The folder, if this process plays the other part.
fn child() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// This test as another process.
fn other(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(CHILD, folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn store_in(folder: &Path) -> Store {
    let store = Store::create_sqlite(&folder.join("store.db")).unwrap();
    store.migrate(PARTS).unwrap();
    store
}

/// One unit as the product has them: a row and the event that tells of it.
fn note(store: &Store, id: i64) -> Result<(), StoreError> {
    store.write(|tx| {
        tx.execute(
            "INSERT INTO notes (id, text) VALUES ($1, $2)",
            params![id, "x".repeat(100)],
        )?;
        audit::append(
            tx,
            &Event::new(EventKind::DeviceBound, Actor::Samekey).detail("id", id),
            id,
        )?;
        Ok(())
    })
}

fn number(store: &Store, sql: &'static str) -> i64 {
    let rows: Result<_, StoreError> = store.read(|tx| tx.query(sql, &[]));
    rows.unwrap()[0].int(0).unwrap()
}

fn assert_sound(store: &Store) {
    let report = audit::verify(store).unwrap();
    assert_eq!(report.broken_at, None);
    assert_eq!(
        number(store, "SELECT COUNT(*) FROM notes"),
        report.events,
        "row and event, both or neither"
    );
    assert_eq!(store.check(PARTS).unwrap().faults, [""; 0]);
}

#[test]
fn a_program_killed_in_mid_write_loses_nothing_acknowledged() {
    if let Some(folder) = child() {
        return write_for_ever(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut known = Vec::new();
    for round in 0..12 {
        let mut running = other(
            "a_program_killed_in_mid_write_loses_nothing_acknowledged",
            folder.path(),
        )
        .spawn()
        .unwrap();
        let mut lines = BufReader::new(running.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let acknowledged = |line: String| line.strip_prefix("done ").map(|id| id.parse::<i64>().unwrap());
        known.extend(lines.by_ref().filter_map(acknowledged).take(20 + round * 7));
        running.kill().unwrap();
        running.wait().unwrap();
        known.extend(lines.filter_map(acknowledged));

        let store = store_in(folder.path());
        for id in &known {
            let found: Result<_, StoreError> =
                store.read(|tx| tx.query("SELECT 1 FROM notes WHERE id = $1", params![*id]));
            assert_eq!(found.unwrap().len(), 1, "{id} was acknowledged");
        }
        assert_sound(&store);
    }
}

fn write_for_ever(folder: &Path) {
    let store = store_in(folder);
    let first = number(&store, "SELECT COALESCE(MAX(id), 0) FROM notes") + 1;
    thread::scope(|scope| {
        for lane in 0..4_i64 {
            let store = &store;
            scope.spawn(move || {
                for n in 0.. {
                    let id = first + n * 4 + lane;
                    note(store, id).unwrap();
                    // One write call, so that a line is whole or absent.
                    std::io::stdout().write_all(format!("done {id}\n").as_bytes()).unwrap();
                }
            });
        }
    });
}

#[test]
fn several_programs_spend_each_code_once_and_none_is_turned_away() {
    const CODES: i64 = 40;
    if let Some(folder) = child() {
        return spend_all(&folder, CODES);
    }
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    for id in 0..CODES {
        store
            .write(|tx| tx.execute("INSERT INTO codes (id, used) VALUES ($1, 0)", params![id]))
            .unwrap();
    }
    let begun: Vec<_> = (0..3)
        .map(|_| {
            let test = "several_programs_spend_each_code_once_and_none_is_turned_away";
            other(test, folder.path()).spawn().unwrap()
        })
        .collect();
    let mut spent = Vec::new();
    for running in begun {
        let output = running.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        spent.extend(
            text.lines()
                .filter_map(|line| line.strip_prefix("spent ")?.parse::<i64>().ok()),
        );
    }
    spent.sort_unstable();
    assert_eq!(spent, (0..CODES).collect::<Vec<_>>());
    assert_eq!(audit::verify(&store).unwrap().events, CODES);
}

fn spend_all(folder: &Path, codes: i64) {
    let store = store_in(folder);
    thread::scope(|scope| {
        for _ in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for id in 0..codes {
                    let spent = store.write(|tx| {
                        let changed =
                            tx.execute("UPDATE codes SET used = 1 WHERE id = $1 AND used = 0", params![id])?;
                        if changed == 1 {
                            audit::append(tx, &Event::new(EventKind::RecoveryCodeUsed, Actor::Samekey), id)?;
                        }
                        Ok::<_, StoreError>(changed == 1)
                    });
                    if spent.unwrap() {
                        std::io::stdout().write_all(format!("spent {id}\n").as_bytes()).unwrap();
                    }
                }
            });
        }
    });
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    if let Some(folder) = child() {
        return fill_the_disk(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    // A mount namespace of the child's own: nobody else sees the small disk, and it is gone with the child.
    let program = std::env::current_exe().unwrap();
    let script = "mount --make-rprivate / && mount -t tmpfs -o size=1m,mode=0700 small \"$0\" \
                  && exec \"$1\" --exact a_full_disk_is_told_and_loses_nothing --nocapture";
    let ran = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .arg(folder.path())
        .arg(program)
        .env(CHILD, folder.path())
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    );
    if !ran.status.success() && !said.contains("running 1 test") {
        // Past the harness, which would swallow it.
        let skipped = format!("SKIPPED: only root can mount a small disk: {said}\n");
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        return;
    }
    assert!(ran.status.success(), "{said}");
    assert!(said.contains("the disk was full"), "{said}");
}

fn fill_the_disk(folder: &Path) {
    let store = store_in(folder);
    let ballast = folder.join("ballast");
    std::fs::write(&ballast, vec![0; 300 * 1024]).unwrap();
    let mut written = 0;
    let full = loop {
        match note(&store, written) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    println!("the disk was full after {written}");
    for _ in 0..3 {
        assert!(matches!(note(&store, written), Err(StoreError::Full(_))));
    }
    assert_eq!(
        number(&store, "SELECT COUNT(*) FROM notes"),
        written,
        "it can still be read"
    );
    assert_sound(&store);
    let copy = store.backup(&folder.join("copy.db"));
    assert!(matches!(copy, Err(StoreError::Full(_))), "{copy:?}");

    std::fs::remove_file(ballast).unwrap();
    for id in written..written + 5 {
        note(&store, id).unwrap();
    }
    drop(store);
    let again = store_in(folder);
    assert_eq!(number(&again, "SELECT COUNT(*) FROM notes"), written + 5);
    assert_sound(&again);
}
