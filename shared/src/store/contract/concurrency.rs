//! What holds when many work at once.

use super::{Broken, Check, Verdict, make, number, same};
use crate::params;
use crate::store::{Store, StoreError};
use std::sync::Barrier;
use std::thread;

pub(super) const CHECKS: &[Check] = &[
    ("of many who spend the same thing exactly one succeeds", check_and_spend),
    ("no increment is lost, even if read before written", counters),
    ("what a unit reads stays true until it commits", limits),
    ("many readers and writers all come through", crowd),
];

const MANY: i64 = 16;

/// Runs `work` in so many threads at once and gives what each returned.
fn at_once<T: Send>(many: i64, work: impl Fn(i64) -> Result<T, StoreError> + Sync) -> Result<Vec<T>, Broken> {
    let start = Barrier::new(usize::try_from(many).unwrap_or(1));
    let results = thread::scope(|scope| {
        let begun: Vec<_> = (0..many)
            .map(|n| {
                let (start, work) = (&start, &work);
                scope.spawn(move || {
                    start.wait();
                    work(n)
                })
            })
            .collect();
        begun
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect::<Vec<_>>()
    });
    let results = results.into_iter().map(|joined| match joined {
        Ok(result) => result.map_err(Broken::from),
        Err(_) => Err(Broken("a thread panicked".into())),
    });
    results.collect()
}

fn check_and_spend(store: &Store) -> Verdict {
    make(
        store,
        "CREATE TABLE codes (id BIGINT PRIMARY KEY, used BIGINT NOT NULL)",
    )?;
    make(
        store,
        "CREATE TABLE steps (id BIGINT PRIMARY KEY, last BIGINT NOT NULL)",
    )?;
    make(store, "INSERT INTO steps (id, last) VALUES (1, 0)")?;
    for round in 1..=5_i64 {
        store.write(|tx| tx.execute("INSERT INTO codes (id, used) VALUES ($1, 0)", params![round]))?;
        let spent = at_once(MANY, |_| {
            store.write(|tx| tx.execute("UPDATE codes SET used = 1 WHERE id = $1 AND used = 0", params![round]))
        })?;
        same("codes spent", spent.iter().sum::<u64>(), 1)?;
        let stepped = at_once(MANY, |_| {
            store.write(|tx| tx.execute("UPDATE steps SET last = $1 WHERE id = 1 AND last < $1", params![round]))
        })?;
        same("steps taken", stepped.iter().sum::<u64>(), 1)?;
    }
    Ok(())
}

fn counters(store: &Store) -> Verdict {
    make(store, "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)")?;
    make(store, "INSERT INTO t (id, n) VALUES (1, 0), (2, 0)")?;
    at_once(MANY, |_| {
        for _ in 0..10 {
            store.write(|tx| {
                tx.execute("UPDATE t SET n = n + 1 WHERE id = 1", &[])?;
                let n = tx.query("SELECT n FROM t WHERE id = 2", &[])?[0].int(0)?;
                tx.execute("UPDATE t SET n = $1 WHERE id = 2", params![n + 1])
            })?;
        }
        Ok(())
    })?;
    same(
        "in one statement",
        number(store, "SELECT n FROM t WHERE id = 1")?,
        MANY * 10,
    )?;
    same(
        "read, then written",
        number(store, "SELECT n FROM t WHERE id = 2")?,
        MANY * 10,
    )
}

fn limits(store: &Store) -> Verdict {
    make(store, "CREATE TABLE devices (id BIGINT PRIMARY KEY)")?;
    at_once(MANY, |id| {
        store.write(|tx| {
            if tx.query("SELECT COUNT(*) FROM devices", &[])?[0].int(0)? < 5 {
                tx.execute("INSERT INTO devices (id) VALUES ($1)", params![id])?;
            }
            Ok(())
        })
    })?;
    same(
        "devices of 5 allowed",
        number(store, "SELECT COUNT(*) FROM devices")?,
        5,
    )
}

fn crowd(store: &Store) -> Verdict {
    make(store, "CREATE TABLE t (id BIGINT PRIMARY KEY)")?;
    at_once(2 * MANY, |n| {
        for round in 0..5 {
            store.write(|tx| tx.execute("INSERT INTO t (id) VALUES ($1)", params![n * 5 + round]))?;
            let mine = store.read(|tx| tx.query("SELECT id FROM t WHERE id = $1", params![n * 5 + round]))?;
            if mine.is_empty() {
                return Err(StoreError::Inconsistent("an acknowledged row is not there".into()));
            }
        }
        Ok(())
    })?;
    same("rows", number(store, "SELECT COUNT(*) FROM t")?, MANY * 10)
}
