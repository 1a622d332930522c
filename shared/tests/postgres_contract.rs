//! The store's contract on a real PostgreSQL server of Debian's package, with the schema of every part of `shared`.

use samekey_shared::realm;
use samekey_shared::store::contract::{self, server::Server};
use samekey_shared::store::{Store, StoreError, StoreLocation};

#[test]
fn postgres_keeps_the_contract() {
    let server = Server::start().unwrap();
    let mut fresh = || {
        let location = StoreLocation::Postgres(server.database()?);
        Store::create(&location).map_err(|error| error.to_string())
    };
    let all = contract::run(&mut fresh, realm::components());
    let broken: Vec<_> = all.iter().filter(|checked| checked.verdict.is_err()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(all.len() >= 20);
}

#[test]
fn a_server_that_is_gone_is_unavailable_and_one_that_returns_is_found_again() {
    let server = Server::start().unwrap();
    let location = StoreLocation::Postgres(server.database().unwrap());
    let store = Store::open(&location).unwrap();
    let one = |store: &Store| store.read(|tx| tx.query("SELECT 1", &[])).map(|rows| rows.len());
    assert_eq!(one(&store), Ok(1));
    drop(server);
    for _ in 0..10 {
        assert!(matches!(one(&store), Err(StoreError::Unavailable(_))));
    }
    assert!(matches!(Store::open(&location), Err(StoreError::Unavailable(_))));
}

#[test]
fn sessions_that_the_server_ended_are_replaced() {
    let server = Server::start().unwrap();
    let store = Store::open(&StoreLocation::Postgres(server.database().unwrap())).unwrap();
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid = pg_backend_pid()";
    for _ in 0..3 {
        let cut: Result<_, StoreError> = store.write(|tx| tx.query(cut, &[]));
        assert!(cut.is_err());
        let after: Result<_, StoreError> = store.write(|tx| tx.query("SELECT 1", &[]));
        assert_eq!(after.map(|rows| rows.len()), Ok(1));
    }
}

#[test]
fn what_is_no_connection_string_is_not_repeated() {
    let opened = Store::open(&StoreLocation::Postgres("host=x password='hunter2".into()));
    let said = opened.unwrap_err().to_string();
    assert!(!said.contains("hunter2"), "{said}");
}
