//! Owner and mode of the file and its companions, and what is refused.

use super::*;

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
