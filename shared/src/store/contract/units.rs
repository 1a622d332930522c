//! What a unit of work does: everything or nothing, seen by itself at once and by others after the commit.

use super::{Check, Verdict, holds, make, number, same};
use crate::store::{Store, StoreError};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) const CHECKS: &[Check] = &[
    ("an error undoes the whole unit", undone),
    ("a failed statement undoes the unit even if swallowed", doomed),
    ("a panic undoes the unit and the store goes on", panics),
    ("a unit sees what it wrote, others do not before the commit", isolation),
    ("a read sees one state and changes nothing", reads),
    ("a look sees what was committed and changes nothing", looks),
    ("a look that panics leaves the store to others", look_panics),
    ("a unit inside another is refused", nested),
];

const TABLE: &str = "CREATE TABLE t (id BIGINT PRIMARY KEY)";
const COUNT: &str = "SELECT COUNT(*) FROM t";

fn undone(store: &Store) -> Verdict {
    make(store, TABLE)?;
    let failed: Result<(), StoreError> = store.write(|tx| {
        tx.execute("INSERT INTO t (id) VALUES (1)", &[])?;
        Err(StoreError::Refused("the caller's own error".into()))
    });
    same(
        "the error",
        failed,
        Err(StoreError::Refused("the caller's own error".into())),
    )?;
    same("rows", number(store, COUNT)?, 0)
}

fn doomed(store: &Store) -> Verdict {
    make(store, TABLE)?;
    let swallowed = store.write(|tx| {
        tx.execute("INSERT INTO t (id) VALUES (1)", &[])?;
        let second = tx.execute("INSERT INTO t (id) VALUES (1)", &[]);
        let third = tx.execute("INSERT INTO t (id) VALUES (3)", &[]);
        Ok::<_, StoreError>((second, third))
    });
    holds("committed after a failure", swallowed.is_err())?;
    same("rows", number(store, COUNT)?, 0)
}

fn panics(store: &Store) -> Verdict {
    make(store, TABLE)?;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.write(|tx| -> Result<(), StoreError> {
            tx.execute("INSERT INTO t (id) VALUES (1)", &[])?;
            std::panic::resume_unwind(Box::new("a panic of the test's own"))
        })
    }));
    holds("the panic was lost", panicked.is_err())?;
    same("rows", number(store, COUNT)?, 0)?;
    make(store, "INSERT INTO t (id) VALUES (2)")?;
    same("rows after", number(store, COUNT)?, 1)
}

fn isolation(store: &Store) -> Verdict {
    make(store, TABLE)?;
    let (inside, outside) = store.write(|tx| {
        tx.execute("INSERT INTO t (id) VALUES (1)", &[])?;
        let inside = tx.query(COUNT, &[])?[0].int(0)?;
        let outside = store.read(|tx| tx.query(COUNT, &[])?[0].int(0))?;
        Ok::<_, StoreError>((inside, outside))
    })?;
    same("inside and outside", (inside, outside), (1, 0))?;
    same("after", number(store, COUNT)?, 1)
}

fn reads(store: &Store) -> Verdict {
    make(store, TABLE)?;
    let seen = store.read(|tx| {
        let before = tx.query(COUNT, &[])?[0].int(0)?;
        store.write(|tx| tx.execute("INSERT INTO t (id) VALUES (1)", &[]))?;
        Ok::<_, StoreError>((before, tx.query(COUNT, &[])?[0].int(0)?))
    })?;
    same("two looks", seen, (0, 0))?;
    holds(
        "a read deleted",
        store.read(|tx| tx.execute("DELETE FROM t", &[])).is_err(),
    )?;
    let inserted = store.read(|tx| tx.query("INSERT INTO t (id) VALUES (2) RETURNING id", &[]));
    holds("a read inserted", inserted.is_err())?;
    same("rows", number(store, COUNT)?, 1)
}

fn looks(store: &Store) -> Verdict {
    make(store, TABLE)?;
    let (inside, beside) = store.write(|tx| {
        tx.execute("INSERT INTO t (id) VALUES (1)", &[])?;
        let inside = tx.query(COUNT, &[])?[0].int(0)?;
        Ok::<_, StoreError>((inside, store.look(|tx| tx.query(COUNT, &[])?[0].int(0))?))
    })?;
    same("in the unit and beside it", (inside, beside), (1, 0))?;
    let after = store.look(|tx| tx.query(COUNT, &[])?[0].int(0));
    same("after the unit", after, Ok(1))?;
    let deleted: Result<_, StoreError> = store.look(|tx| tx.execute("DELETE FROM t", &[]));
    holds("a look deleted", deleted.is_err())?;
    let inserted: Result<_, StoreError> = store.look(|tx| tx.query("INSERT INTO t (id) VALUES (2) RETURNING id", &[]));
    holds("a look inserted", inserted.is_err())?;
    let nested = store.look(|_| Ok::<_, StoreError>(make(store, "INSERT INTO t (id) VALUES (3)")))?;
    holds("a look begot a unit that writes", nested.is_err())?;
    make(store, "INSERT INTO t (id) VALUES (4)")?;
    same("rows", number(store, COUNT)?, 2)
}

fn look_panics(store: &Store) -> Verdict {
    make(store, TABLE)?;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.look(|tx| -> Result<(), StoreError> {
            tx.query(COUNT, &[])?;
            std::panic::resume_unwind(Box::new("a panic of the test's own"))
        })
    }));
    holds("the panic was lost", panicked.is_err())?;
    make(store, "INSERT INTO t (id) VALUES (1)")?;
    same("rows", number(store, COUNT)?, 1)
}

fn nested(store: &Store) -> Verdict {
    make(store, TABLE)?;
    let inner = store.write(|_| Ok::<_, StoreError>(make(store, "INSERT INTO t (id) VALUES (1)")))?;
    holds("the inner unit ran", inner.is_err())?;
    make(store, "INSERT INTO t (id) VALUES (2)")
}
