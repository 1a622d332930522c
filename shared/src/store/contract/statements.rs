//! What a single statement does: counts, conflicts, values, errors.

use super::{Check, Verdict, holds, make, same};
use crate::params;
use crate::store::{Store, StoreError, Value};

pub(super) const CHECKS: &[Check] = &[
    ("an update counts the rows it matched", counts),
    ("ON CONFLICT does nothing or updates, and tells", on_conflict),
    ("RETURNING gives the new values", returning),
    ("values come back as they went in", values),
    ("parameters go by number, in any order and more than once", parameters),
    ("a broken rule of the schema is a Conflict", conflicts),
    ("a wrong statement is told as one", wrong_statements),
    ("texts are ordered by their bytes", order),
    ("integers of every origin are BIGINTs", integers),
];

fn counts(store: &Store) -> Verdict {
    make(store, "CREATE TABLE t (id BIGINT PRIMARY KEY, v BIGINT)")?;
    store.write(|tx| {
        for id in 0..3_i64 {
            tx.execute("INSERT INTO t (id, v) VALUES ($1, 7)", params![id])?;
        }
        Ok::<_, StoreError>(())
    })?;
    let count = |sql: &'static str| store.write(|tx| tx.execute(sql, &[]));
    same("the same value again", count("UPDATE t SET v = 7")?, 3)?;
    same("one row", count("UPDATE t SET v = 8 WHERE id = 1 AND v = 7")?, 1)?;
    same("one row, spent", count("UPDATE t SET v = 8 WHERE id = 1 AND v = 7")?, 0)?;
    same("deleted", count("DELETE FROM t WHERE id < 2")?, 2)?;
    same("none left to delete", count("DELETE FROM t WHERE id < 2")?, 0)
}

fn on_conflict(store: &Store) -> Verdict {
    make(store, "CREATE TABLE t (id BIGINT PRIMARY KEY, v BIGINT)")?;
    let nothing = "INSERT INTO t (id, v) VALUES (1, 5) ON CONFLICT (id) DO NOTHING";
    same("first", store.write(|tx| tx.execute(nothing, &[]))?, 1)?;
    same("second", store.write(|tx| tx.execute(nothing, &[]))?, 0)?;
    let update = "INSERT INTO t (id, v) VALUES (1, 6) ON CONFLICT (id) DO UPDATE SET v = t.v + excluded.v RETURNING v";
    let row = store.write(|tx| tx.query_opt(update, &[]))?;
    same("updated", row.map(|row| row.int(0)).transpose()?, Some(11))
}

fn returning(store: &Store) -> Verdict {
    make(store, "CREATE TABLE t (id BIGINT PRIMARY KEY, v BIGINT NOT NULL)")?;
    make(store, "INSERT INTO t (id, v) VALUES (1, 1)")?;
    let row = store.write(|tx| tx.query_opt("UPDATE t SET v = v + 1 WHERE id = $1 RETURNING v, id", params![1_i64]))?;
    same("new value", row.map(|row| row.int(0)).transpose()?, Some(2))?;
    let none = store.write(|tx| tx.query_opt("UPDATE t SET v = 0 WHERE id = 9 RETURNING v", &[]))?;
    same("no row", none, None)?;
    let gone = store.write(|tx| tx.query("DELETE FROM t RETURNING id", &[]))?;
    same("deleted", gone.len(), 1)
}

fn values(store: &Store) -> Verdict {
    make(
        store,
        "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT, s TEXT, b BYTEA)",
    )?;
    let all_bytes: Vec<u8> = (0..=255).collect();
    let cases = [
        (Value::Null, Value::Null, Value::Null),
        (Value::Int(i64::MIN), Value::from(""), Value::from(Vec::new())),
        (
            Value::Int(i64::MAX),
            Value::from("Zoë 👩‍🚀 ﷽ \u{301}\n\t'\"\\%$1"),
            Value::from(all_bytes),
        ),
        (Value::Int(0), Value::from("12"), Value::from(&b"text"[..])),
        (
            Value::from(true),
            Value::from("x".repeat(1 << 20)),
            Value::from(vec![0; 1 << 20]),
        ),
    ];
    for (id, (n, s, b)) in (0_i64..).zip(&cases) {
        store.write(|tx| {
            let row = [Value::Int(id), n.clone(), s.clone(), b.clone()];
            tx.execute("INSERT INTO t (id, n, s, b) VALUES ($1, $2, $3, $4)", &row)
        })?;
        let row: Result<_, StoreError> = store.read(|tx| {
            let found = tx.query_opt("SELECT n, s, b FROM t WHERE id = $1", params![id])?;
            found.ok_or_else(|| StoreError::Inconsistent("no row".into()))
        });
        let row = row?;
        let read = (
            Value::from(row.opt_int(0)?),
            Value::from(row.opt_text(1)?),
            Value::from(row.opt_bytes(2)?),
        );
        holds(
            &format!("values of case {id} differ"),
            read == (n.clone(), s.clone(), b.clone()),
        )?;
    }
    let nul = store.write(|tx| tx.execute("UPDATE t SET s = $1", params!["a\0b"]));
    holds(
        "a NUL in a text is refused",
        matches!(nul, Err(StoreError::Statement(_))),
    )
}

fn parameters(store: &Store) -> Verdict {
    make(store, "CREATE TABLE t (a BIGINT, b TEXT)")?;
    let row = store.write(|tx| {
        tx.execute("INSERT INTO t (b, a) VALUES ($2, $1)", params![7_i64, "seven"])?;
        tx.execute(
            "UPDATE t SET b = $3 WHERE b = $2 AND a = $1",
            params![7_i64, "seven", "7"],
        )?;
        tx.query_opt(
            "SELECT a FROM t WHERE b = $2 AND a = $1 AND b = $2",
            params![7_i64, "7"],
        )
    })?;
    same("found", row.is_some(), true)?;
    for given in [params![1_i64], params![1_i64, "b", "c"]] {
        let refused = store.read(|tx| tx.query("SELECT a FROM t WHERE a = $1 AND b = $2", given));
        holds(
            "a wrong number of parameters is refused",
            matches!(refused, Err(StoreError::Statement(_))),
        )?;
    }
    Ok(())
}

fn conflicts(store: &Store) -> Verdict {
    make(store, "CREATE TABLE p (id BIGINT PRIMARY KEY)")?;
    make(
        store,
        "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, n BIGINT CHECK (n > 0), \
         p BIGINT REFERENCES p (id))",
    )?;
    make(store, "INSERT INTO t (id, name, n) VALUES (1, 'a', 1)")?;
    for sql in [
        "INSERT INTO t (id, name) VALUES (1, 'b')",
        "INSERT INTO t (id, name) VALUES (2, 'a')",
        "INSERT INTO t (id, name) VALUES (2, NULL)",
        "INSERT INTO t (id, name, n) VALUES (2, 'b', 0)",
        "INSERT INTO t (id, name, p) VALUES (2, 'b', 77)",
        "UPDATE t SET name = NULL",
    ] {
        let refused = store.write(|tx| tx.execute(sql, &[]));
        holds(sql, matches!(refused, Err(StoreError::Conflict(_))))?;
    }
    Ok(())
}

fn wrong_statements(store: &Store) -> Verdict {
    for sql in [
        "SELEC 1",
        "SELECT * FROM nothing_of_that_name",
        "INSERT INTO nothing VALUES (1)",
    ] {
        let refused = store.write(|tx| tx.query(sql, &[]));
        holds(sql, matches!(refused, Err(StoreError::Statement(_))))?;
    }
    Ok(())
}

fn order(store: &Store) -> Verdict {
    make(store, "CREATE TABLE t (s TEXT)")?;
    let names = ["a-b", "a.b", "a0", "aB", "a_b", "ab", "b"];
    store.write(|tx| {
        for name in names.iter().rev() {
            tx.execute("INSERT INTO t (s) VALUES ($1)", params![*name])?;
        }
        Ok::<_, StoreError>(())
    })?;
    let rows: Result<_, StoreError> = store.read(|tx| tx.query("SELECT s FROM t ORDER BY s", &[]));
    let rows = rows?;
    let seen: Result<Vec<&str>, _> = rows.iter().map(|row| row.text(0)).collect();
    same("order", seen?, names.to_vec())
}

fn integers(store: &Store) -> Verdict {
    make(store, "CREATE TABLE t (n BIGINT)")?;
    make(store, "INSERT INTO t (n) VALUES (4), (5)")?;
    let row: Result<_, StoreError> = store.read(|tx| {
        let sql = "SELECT 1, COUNT(*), MAX(n), COALESCE(MIN(n), 0), LENGTH('abc'), CAST(SUM(n) AS BIGINT), n = 5 \
                   FROM t GROUP BY n HAVING n = $1 LIMIT $2";
        tx.query_opt(sql, params![5_i64, 1_i64])
    });
    let row = row?.ok_or_else(|| super::Broken("no row".into()))?;
    let seen: Result<Vec<i64>, _> = (0..7).map(|column| row.int(column)).collect();
    same("integers", seen?, vec![1, 1, 5, 5, 3, 5, 1])
}
