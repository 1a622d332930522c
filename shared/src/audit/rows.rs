//! The audit trail's statements, written once for both engines, and the mapping of its rows.

use super::kind::EventKind;
use crate::clock::UnixTime;
use crate::params;
use crate::store::{Component, Migration, Row, StoreError, Tx};

/// The trail's tables.
pub const SCHEMA: Component = Component {
    name: "audit",
    migrations: &[Migration {
        version: 1,
        sql: include_str!("../../migrations/audit_0001.sql"),
    }],
};

/// Where the chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last event; 0 before the first.
    pub seq: i64,
    /// Its hash, in hex.
    pub hash: String,
}

/// One event as it stands in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number: 1, 2, 3, …
    pub seq: i64,
    /// When it was appended.
    pub at: UnixTime,
    /// Its kind, in the stable word.
    pub kind: String,
    /// The login name it is about.
    pub subject: Option<String>,
    /// The sign-in it belongs to.
    pub request: Option<String>,
    /// The canonical JSON that was hashed.
    pub event: String,
    /// Its hash, in hex.
    pub hash: String,
}

pub(super) fn head(tx: &mut Tx<'_>) -> Result<Head, StoreError> {
    let row = tx.query_opt("SELECT seq, hash FROM audit_head WHERE id = 1", &[])?;
    head_of(row)
}

fn head_of(row: Option<Row>) -> Result<Head, StoreError> {
    let row = row.ok_or_else(|| StoreError::Inconsistent("the audit trail has lost its head row".into()))?;
    Ok(Head {
        seq: row.int(0)?,
        hash: row.text(1)?.to_owned(),
    })
}

pub(super) fn put(tx: &mut Tx<'_>, record: &Record) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO audit_events (seq, at, kind, subject, request, event, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            record.seq,
            record.at,
            &*record.kind,
            record.subject.clone(),
            record.request.clone(),
            &*record.event,
            &*record.hash,
        ],
    )?;
    let moved = tx.execute(
        "UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1 AND seq = $3",
        params![record.seq, &*record.hash, record.seq - 1],
    )?;
    if moved == 1 {
        Ok(())
    } else {
        Err(StoreError::Inconsistent(
            "the audit trail's head moved under an event".into(),
        ))
    }
}

fn record(row: &Row) -> Result<Record, StoreError> {
    Ok(Record {
        seq: row.int(0)?,
        at: row.int(1)?,
        kind: row.text(2)?.to_owned(),
        subject: row.opt_text(3)?.map(str::to_owned),
        request: row.opt_text(4)?.map(str::to_owned),
        event: row.text(5)?.to_owned(),
        hash: row.text(6)?.to_owned(),
    })
}

fn records(rows: &[Row]) -> Result<Vec<Record>, StoreError> {
    rows.iter().map(record).collect()
}

/// The events after `after`, oldest first, at most `limit`.
pub fn page(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<Record>, StoreError> {
    let rows = tx.query(
        "SELECT seq, at, kind, subject, request, event, hash FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2",
        params![after, limit],
    )?;
    records(&rows)
}

/// The last events, oldest of them first, at most `limit`.
pub fn tail(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<Record>, StoreError> {
    let rows = tx.query(
        "SELECT seq, at, kind, subject, request, event, hash FROM audit_events ORDER BY seq DESC LIMIT $1",
        params![limit],
    )?;
    let mut last = records(&rows)?;
    last.reverse();
    Ok(last)
}

/// The last events about this login name, newest first, at most `limit`; with `before`, those before that number.
pub fn about(tx: &mut Tx<'_>, subject: &str, before: Option<i64>, limit: u32) -> Result<Vec<Record>, StoreError> {
    let rows = tx.query(
        "SELECT seq, at, kind, subject, request, event, hash FROM audit_events \
         WHERE subject = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
        params![subject, before.unwrap_or(i64::MAX), limit],
    )?;
    records(&rows)
}

/// The last time that this login name was let in, at any door.
pub fn last_sign_in(tx: &mut Tx<'_>, subject: &str) -> Result<Option<Record>, StoreError> {
    let kinds = [
        EventKind::SignInGranted,
        EventKind::SignInExempt,
        EventKind::StepUpGranted,
    ];
    let [granted, exempt, again] = kinds.map(EventKind::as_str);
    let row = tx.query_opt(
        "SELECT seq, at, kind, subject, request, event, hash FROM audit_events \
         WHERE subject = $1 AND kind IN ($2, $3, $4) ORDER BY seq DESC LIMIT 1",
        params![subject, granted, exempt, again],
    )?;
    row.as_ref().map(record).transpose()
}

/// The events before this number, newest first, at most `limit`.
pub fn before(tx: &mut Tx<'_>, before: i64, limit: u32) -> Result<Vec<Record>, StoreError> {
    let rows = tx.query(
        "SELECT seq, at, kind, subject, request, event, hash FROM audit_events WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
        params![before, limit],
    )?;
    records(&rows)
}

/// The number of the first event at this moment or later, as far as numbers follow the clock: found by halving.
pub fn first_from(tx: &mut Tx<'_>, moment: UnixTime) -> Result<i64, StoreError> {
    let (mut low, mut high) = (1, last_seq(tx)? + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let row = tx.query_opt("SELECT at FROM audit_events WHERE seq = $1", params![middle])?;
        match row {
            Some(row) if row.int(0)? < moment => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The events of one sign-in, in order.
pub fn of_request(tx: &mut Tx<'_>, request: crate::ids::RequestId) -> Result<Vec<Record>, StoreError> {
    let rows = tx.query(
        "SELECT seq, at, kind, subject, request, event, hash FROM audit_events WHERE request = $1 ORDER BY seq",
        params![request],
    )?;
    records(&rows)
}

pub(super) fn last_seq(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let row = tx.query_opt("SELECT COALESCE(MAX(seq), 0) FROM audit_events", &[])?;
    row.map_or(Ok(0), |row| row.int(0))
}
