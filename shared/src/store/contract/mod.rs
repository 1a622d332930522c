//! What every engine promises, as checks that run on each of them: the domains' SQL relies on nothing else.
//!
//! For tests only: `shared/tests/sqlite_contract.rs` and `postgres_contract.rs` run it. A check that fails says what it
//! saw.

mod concurrency;
mod schemas;
#[cfg(feature = "postgres")]
pub mod server;
mod statements;
mod units;

use super::{Component, Store, StoreError};

/// Why a check failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

type Verdict = Result<(), Broken>;

/// One promise and whether it was kept.
#[derive(Debug)]
pub struct Checked {
    /// The promise in a few words.
    pub promise: &'static str,
    /// Whether it holds.
    pub verdict: Result<(), Broken>,
}

/// Runs every check, each on a store of its own that `fresh` makes, empty. The schemas of `components` are part of it.
pub fn run(fresh: &mut dyn FnMut() -> Result<Store, String>, components: &[Component]) -> Vec<Checked> {
    let mut all = Vec::new();
    let mut check = |promise: &'static str, check: &dyn Fn(&Store) -> Verdict| {
        let verdict = fresh().map_err(Broken).and_then(|store| check(&store));
        all.push(Checked { promise, verdict });
    };
    for (promise, verdict) in statements::CHECKS
        .iter()
        .chain(units::CHECKS)
        .chain(concurrency::CHECKS)
    {
        check(promise, verdict);
    }
    check("every schema is made, once, and the store is sound", &|store| {
        schemas::made_once(store, components)
    });
    check("schemas are made by several at once", &|store| {
        schemas::made_by_several(store, components)
    });
    check("a newer schema is refused", &schemas::newer_is_refused);
    all
}

/// A named check.
type Check = (&'static str, fn(&Store) -> Verdict);

#[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, expected: T) -> Verdict {
    if seen == expected {
        return Ok(());
    }
    Err(Broken(format!("{what}: {seen:?} instead of {expected:?}")))
}

fn holds(what: &str, holds: bool) -> Verdict {
    if holds { Ok(()) } else { Err(Broken(what.to_owned())) }
}

fn make(store: &Store, sql: &'static str) -> Verdict {
    store.write(|tx| tx.execute(sql, &[]).map(|_| ()))?;
    Ok(())
}

/// The one number that a query gives.
fn number(store: &Store, sql: &'static str) -> Result<i64, Broken> {
    let row: Result<_, StoreError> = store.read(|tx| tx.query_opt(sql, &[]));
    let row = row?.ok_or_else(|| Broken("no row".into()))?;
    Ok(row.int(0)?)
}
