//! What tests take from npm: installed once into the target folder, in the versions that a lock file holds.

use super::boxed::tree;
use std::path::Path;
use std::process::Command;

/// Installs what this folder's lock file names, unless it is there already.
pub fn fetch(source: &str, into: &Path) {
    let fetched = Command::new(tree().join("tests/fetch_npm"))
        .arg(tree().join(source))
        .arg(into)
        .status();
    assert!(
        fetched.is_ok_and(|status| status.success()),
        "tests/fetch_npm {source}: npm is needed, `make setup` installs it"
    );
}
