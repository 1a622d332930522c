//! Checkpoint, backup, restore and check.

use super::*;

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
    bench.store.fits(&parts).unwrap();
    put_sql(&bench.store, "UPDATE schema_versions SET version = 2").unwrap();
    assert_eq!(bench.store.check(&parts).unwrap().faults.len(), 1);
    assert!(matches!(
        bench.store.fits(&parts),
        Err(StoreError::TooNew { found: 2, known: 1, .. })
    ));
    assert!(matches!(
        bench.store.migrate(&parts),
        Err(StoreError::TooNew { found: 2, known: 1, .. })
    ));
}
