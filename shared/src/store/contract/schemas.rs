//! The schemas of the product's parts, made on each engine.

use super::{Broken, Verdict, holds, same};
use crate::store::{Component, Migration, Store, StoreError};
use std::thread;

pub(super) fn made_once(store: &Store, components: &[Component]) -> Verdict {
    store.migrate(components)?;
    store.migrate(components)?;
    let health = store.check(components)?;
    same("faults", health.faults, Vec::new())?;
    same("schemas", health.versions.len(), components.len())
}

pub(super) fn made_by_several(store: &Store, components: &[Component]) -> Verdict {
    let results = thread::scope(|scope| {
        let begun: Vec<_> = (0..8).map(|_| scope.spawn(|| store.migrate(components))).collect();
        begun
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect::<Vec<_>>()
    });
    for joined in results {
        joined.map_err(|_| Broken("a thread panicked".into()))??;
    }
    Ok(())
}

pub(super) fn newer_is_refused(store: &Store) -> Verdict {
    const STEP: Migration = Migration {
        version: 1,
        sql: "CREATE TABLE one (id BIGINT);\n",
    };
    const NEXT: Migration = Migration {
        version: 2,
        sql: "-- a comment; with a semicolon\nCREATE TABLE two (id BIGINT);\n\nINSERT INTO two (id) VALUES (1);\n",
    };
    let old = [Component {
        name: "part",
        migrations: &[STEP],
    }];
    let new = [Component {
        name: "part",
        migrations: &[STEP, NEXT],
    }];
    store.migrate(&old)?;
    store.migrate(&new)?;
    same("rows", super::number(store, "SELECT COUNT(*) FROM two")?, 1)?;
    let refused = store.migrate(&old);
    holds(
        "an older program opened a newer store",
        matches!(refused, Err(StoreError::TooNew { found: 2, known: 1, .. })),
    )
}
