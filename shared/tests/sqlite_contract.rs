//! The store's contract on SQLite, with the schema of every part of `shared`.

use samekey_shared::realm;
use samekey_shared::store::{Store, contract};

#[test]
fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let mut made = 0;
    let mut fresh = || {
        made += 1;
        Store::create_sqlite(&folder.path().join(format!("{made}.db"))).map_err(|error| error.to_string())
    };
    let all = contract::run(&mut fresh, realm::components());
    let broken: Vec<_> = all.iter().filter(|checked| checked.verdict.is_err()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(all.len() >= 20);
}
