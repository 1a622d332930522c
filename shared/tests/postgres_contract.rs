//! The store's contract on a real PostgreSQL server of Debian's package, with the schema of every part of `shared`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use samekey_shared::administration::STATEMENTS;
use samekey_shared::realm;
use samekey_shared::store::contract::{self, server::Server};
use samekey_shared::store::{Component, Migration, Store, StoreError, StoreLocation};
use std::path::{Path, PathBuf};

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

/// The domains write their SQL once: here the server parses every statement of the sources against the real schemas, so
/// that one that only SQLite understands, or a parameter without a type, is found before anybody runs it.
#[test]
fn every_statement_of_the_sources_is_understood() {
    let server = Server::start().unwrap();
    let store = Store::open(&StoreLocation::Postgres(server.database().unwrap())).unwrap();
    store.migrate(realm::components()).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let provider = here.join("../oidc_provider");
    store.migrate(&[provider_schema(&provider)]).unwrap();

    let mut statements = Vec::new();
    for folder in [here.join("src"), provider.join("src")] {
        collect(&folder, &mut statements);
    }
    assert!(statements.len() > 80, "only {} statements found", statements.len());
    // The searches of administrators are put together by a macro: no literal holds them whole.
    let searches = PathBuf::from("administration/rows.rs");
    statements.extend(STATEMENTS.iter().map(|(_, sql)| (searches.clone(), (*sql).to_owned())));
    let refused = statements.iter().enumerate().filter_map(|(number, (file, statement))| {
        let prepare: &'static str = format!("PREPARE samekey_{number} AS {statement}").leak();
        let refused = store.write(|tx| tx.execute(prepare, &[])).err()?;
        Some(format!("{}: {statement}: {refused}", file.display()))
    });
    let refused: Vec<String> = refused.collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

/// The provider's tables, read from its folder: this crate must not depend on it.
fn provider_schema(provider: &Path) -> Component {
    let mut files: Vec<_> = std::fs::read_dir(provider.join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let migrations: Vec<_> = (1..)
        .zip(&files)
        .map(|(version, file)| Migration {
            version,
            sql: std::fs::read_to_string(file).unwrap().leak(),
        })
        .collect();
    Component {
        name: "provider",
        migrations: migrations.leak(),
    }
}

/// The SQL in the string literals of every source file, the engines' own and the tests' left out.
fn collect(folder: &Path, statements: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is = |name: &str| path.file_name().is_some_and(|found| found == name);
        if path.is_dir() && !is("store") && !is("tests") {
            collect(&path, statements);
        } else if path.extension().is_some_and(|found| found == "rs") && !is("tests.rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            statements.extend(sql_in(code).map(|sql| (path.clone(), sql)));
        }
    }
}

fn sql_in(code: &str) -> impl Iterator<Item = String> {
    const VERBS: [&str; 4] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];
    let starts = code.match_indices('"').map(|(at, _)| &code[at + 1..]);
    let literals = starts.filter(|rest| VERBS.iter().any(|verb| rest.starts_with(verb)));
    literals.map(|rest| {
        let mut end = 0;
        while !rest[end..].starts_with('"') {
            end += if rest[end..].starts_with('\\') { 2 } else { 1 };
        }
        let lines = rest[..end].split("\\\n").map(str::trim_start);
        lines.collect::<String>().replace("\\\"", "\"")
    })
}
