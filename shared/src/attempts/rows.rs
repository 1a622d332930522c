//! The throttle's statements, written once for both engines, and the mapping of its rows.

use super::throttle::Bucket;
use crate::clock::UnixTime;
use crate::params;
use crate::store::{Component, Migration, Row, StoreError, Tx};

/// The throttle's tables.
pub const SCHEMA: Component = Component {
    name: "attempts",
    migrations: &[Migration {
        version: 1,
        sql: include_str!("../../migrations/attempts_0001.sql"),
    }],
};

pub(super) fn is_known(tx: &mut Tx<'_>, login: &str, network: &str) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT 1 FROM attempts_known WHERE login = $1 AND network = $2",
        params![login, network],
    )?;
    Ok(row.is_some())
}

pub(super) fn know(tx: &mut Tx<'_>, login: &str, network: &str, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO attempts_known (login, network, last_at) VALUES ($1, $2, $3) \
         ON CONFLICT (login, network) DO UPDATE SET last_at = excluded.last_at",
        params![login, network, now],
    )?;
    Ok(())
}

fn bucket(row: &Row, first: usize) -> Result<Bucket, StoreError> {
    Ok(Bucket {
        failures: row.int(first)?,
        failed_at: row.int(first + 1)?,
        locked_until: row.opt_int(first + 2)?,
        since_success: row.int(first + 3)?,
    })
}

pub(super) fn find(tx: &mut Tx<'_>, login: &str, name: &str) -> Result<Option<Bucket>, StoreError> {
    let row = tx.query_opt(
        "SELECT failures, failed_at, locked_until, since_success FROM attempts_buckets \
         WHERE login = $1 AND bucket = $2",
        params![login, name],
    )?;
    row.map(|row| bucket(&row, 0)).transpose()
}

/// Makes sure that the bucket exists and holds its row until the unit ends, so that no failure of another process is
/// lost between reading and writing it.
pub(super) fn hold(tx: &mut Tx<'_>, login: &str, name: &str, now: UnixTime) -> Result<Bucket, StoreError> {
    let row = tx.query_opt(
        "INSERT INTO attempts_buckets (login, bucket, failures, failed_at, locked_until, since_success) \
         VALUES ($1, $2, 0, $3, NULL, 0) \
         ON CONFLICT (login, bucket) DO UPDATE SET failures = attempts_buckets.failures \
         RETURNING failures, failed_at, locked_until, since_success",
        params![login, name, now],
    )?;
    let row = row.ok_or_else(|| StoreError::Inconsistent("a bucket of attempts cannot be held".into()))?;
    bucket(&row, 0)
}

pub(super) fn put(tx: &mut Tx<'_>, login: &str, name: &str, bucket: &Bucket) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE attempts_buckets SET failures = $3, failed_at = $4, locked_until = $5, since_success = $6 \
         WHERE login = $1 AND bucket = $2",
        params![
            login,
            name,
            bucket.failures,
            bucket.failed_at,
            bucket.locked_until,
            bucket.since_success,
        ],
    )?;
    Ok(())
}

pub(super) fn has_any(tx: &mut Tx<'_>, login: &str) -> Result<bool, StoreError> {
    let found = tx.query(
        "SELECT 1 FROM attempts_buckets WHERE login = $1 LIMIT 1",
        params![login],
    )?;
    Ok(!found.is_empty())
}

pub(super) fn clear(tx: &mut Tx<'_>, login: &str, name: &str) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM attempts_buckets WHERE login = $1 AND bucket = $2",
        params![login, name],
    )?;
    Ok(())
}

pub(super) fn restart_count(tx: &mut Tx<'_>, login: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE attempts_buckets SET since_success = 0 WHERE login = $1 AND since_success > 0",
        params![login],
    )?;
    Ok(())
}

pub(super) fn clear_all(tx: &mut Tx<'_>, login: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM attempts_buckets WHERE login = $1", params![login])
}

pub(super) fn unknow_all(tx: &mut Tx<'_>, login: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM attempts_known WHERE login = $1", params![login])
}

pub(super) fn buckets(tx: &mut Tx<'_>, login: &str) -> Result<Vec<(String, Bucket)>, StoreError> {
    let rows = tx.query(
        "SELECT bucket, failures, failed_at, locked_until, since_success FROM attempts_buckets \
         WHERE login = $1 ORDER BY bucket",
        params![login],
    )?;
    rows.iter()
        .map(|row| Ok((row.text(0)?.to_owned(), bucket(row, 1)?)))
        .collect()
}

/// Names with a lock that holds at `now`, of those that failed since.
pub(super) fn count_locked(tx: &mut Tx<'_>, since: UnixTime, now: UnixTime) -> Result<i64, StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(DISTINCT login) FROM attempts_buckets WHERE failed_at >= $1 AND locked_until > $2",
        params![since, now],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Forgets buckets that say nothing any more: quiet since `quiet` and without a count, or quiet since `silent`.
pub(super) fn forget_buckets(tx: &mut Tx<'_>, quiet: UnixTime, silent: UnixTime) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM attempts_buckets WHERE failed_at < $1 AND (bucket <> 'strangers' OR failed_at < $2)",
        params![quiet, silent],
    )
}

pub(super) fn forget_known(tx: &mut Tx<'_>, before: UnixTime) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM attempts_known WHERE last_at < $1", params![before])
}
