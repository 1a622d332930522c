//! Who owns what `init` makes, and who may read it.

use super::place::Place;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Owner, group and permission bits.
fn standing(path: &Path) -> (u32, u32, u32) {
    let found = std::fs::metadata(path).unwrap();
    (found.uid(), found.gid(), found.mode() & 0o7777)
}

fn init(place: &Place, words: &[&str]) {
    let root = place.root().display().to_string();
    let ended = place.run(
        &[&["init", "--realm", "example.org", "--root", &root], words].concat(),
        "",
    );
    assert_eq!(ended.exit, 0, "{}", ended.err);
}

#[test]
fn secrets_are_for_their_owner_alone() {
    let place = Place::bare();
    // Without root nothing can be given away; with root, to root itself.
    let own = standing(place.root()).0;
    init(&place, if own == 0 { &["--owner", "root"] } else { &[] });
    let keyring = standing(&place.root().join("etc/samekey/keyring"));
    assert_eq!((keyring.0, keyring.2 & 0o037), (own, 0), "{keyring:?}");
    for file in ["store.db", "store.db-wal", "store.db-shm"] {
        let path = place.root().join("var/lib/samekey").join(file);
        if path.exists() {
            let found = standing(&path);
            assert_eq!((found.0, found.2), (own, 0o600), "{file}: {found:?}");
        }
    }
    let folder = standing(&place.root().join("var/lib/samekey"));
    assert_eq!(folder.2 & 0o027, 0, "{folder:?}");
}

#[test]
fn the_daemons_user_gets_the_store_and_may_read_the_keys() {
    let place = Place::bare();
    if standing(place.root()).0 != 0 {
        // Only root can give files away; the test above holds for everybody else.
        return;
    }
    init(&place, &["--owner", "nobody"]);
    let (nobody, group) = (65_534, 65_534);
    let at = |path: &str| standing(&place.root().join(path));
    assert_eq!(at("etc/samekey/samekey.toml"), (0, group, 0o640));
    assert_eq!(at("etc/samekey/keyring"), (0, group, 0o640));
    assert_eq!(at("var/lib/samekey"), (nobody, group, 0o750));
    assert_eq!(at("var/lib/samekey/store.db"), (nobody, group, 0o600));
    // Root's own command afterwards leaves them so.
    assert_eq!(place.run(&["account", "add", "alice"], "").exit, 0);
    for file in ["store.db", "store.db-wal", "store.db-shm"] {
        let path = format!("var/lib/samekey/{file}");
        if place.root().join(&path).exists() {
            assert_eq!(at(&path), (nobody, group, 0o600), "{file}");
        }
    }
}
