//! The book's pages that are made of the code are those that this code makes.
//!
//! `SAMEKEY_WRITE=yes cargo test -p samekey --features samekey-shared/postgres --test command reference` writes them anew.

use super::place::Place;
use std::path::Path;

#[test]
fn the_pages_of_the_reference_are_made_of_this_code() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference");
    let place = Place::bare();
    let made = place.root().display().to_string();
    let ended = place.run(&["generate", "--reference", &made], "");
    assert_eq!(ended.exit, 0, "{ended:?}");
    for page in ["commands.md", "exit-codes.md"] {
        let new = std::fs::read_to_string(place.root().join(page)).unwrap();
        if std::env::var_os("SAMEKEY_WRITE").is_some() {
            std::fs::write(book.join(page), &new).unwrap();
        }
        let old = std::fs::read_to_string(book.join(page)).unwrap_or_default();
        let stale: Vec<(&str, &str)> = old
            .lines()
            .zip(new.lines())
            .filter(|(old, new)| old != new)
            .take(3)
            .collect();
        assert!(
            old == new,
            "docs/reference/{page} is stale; SAMEKEY_WRITE=yes with this test writes it anew: {stale:#?}"
        );
    }
}
