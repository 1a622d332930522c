//! The sessions' statements, written once for both engines, and the mapping of their rows.

use super::{NewSession, applications};
use crate::grants::{self, Offline};
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::SessionSpan;
use samekey_shared::ids::{AccountId, SessionId};
use samekey_shared::methods::{Evidence, EvidenceRecord, FirstFactor, recall};
use samekey_shared::params;
use samekey_shared::store::{StoreError, Tx};

/// What came first, in the store. A web session begins in one of two ways.
const PASSWORD: &str = "password";
const PASSKEY: &str = "passkey";

/// A session's row.
#[derive(Debug)]
pub(super) struct Found {
    pub id: SessionId,
    pub account: AccountId,
    pub first: FirstFactor,
    pub first_at: UnixTime,
    pub evidence: Vec<Evidence>,
}

pub(super) fn by_secret(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    now: UnixTime,
    idle: i64,
) -> Result<Option<Found>, StoreError> {
    let row = tx.query_opt(
        "SELECT id, account, first_at, evidence, first_factor FROM web_sessions \
         WHERE secret_hash = $1 AND expires_at > $2 AND seen_at > $2 - COALESCE(CASE WHEN idle < $3 THEN idle END, $3)",
        params![hash.as_slice(), now, idle],
    )?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(Found {
        id: row.parsed(0)?,
        account: row.parsed(1)?,
        first: first(row.text(4)?)?,
        first_at: row.int(2)?,
        evidence: evidence(row.text(3)?)?,
    }))
}

/// What a session's row says was proven.
pub(super) fn evidence(text: &str) -> Result<Vec<Evidence>, StoreError> {
    let records: Vec<EvidenceRecord> = serde_json::from_str(text)
        .map_err(|why| StoreError::Inconsistent(format!("a session's evidence cannot be read: {why}")))?;
    Ok(records.into_iter().map(recall).collect())
}

fn written(evidence: &[Evidence]) -> Result<String, StoreError> {
    let records: Vec<EvidenceRecord> = evidence.iter().map(Evidence::record).collect();
    serde_json::to_string(&records).map_err(|why| StoreError::Inconsistent(why.to_string()))
}

fn word(first: &FirstFactor) -> &'static str {
    if *first == FirstFactor::Passkey {
        PASSKEY
    } else {
        PASSWORD
    }
}

fn first(word: &str) -> Result<FirstFactor, StoreError> {
    match word {
        PASSWORD => Ok(FirstFactor::Password),
        PASSKEY => Ok(FirstFactor::Passkey),
        _ => Err(StoreError::Inconsistent(
            "a session began with nothing that we know".into(),
        )),
    }
}

/// Whether a session goes on.
pub fn is_live(tx: &mut Tx<'_>, id: SessionId, now: UnixTime) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT id FROM web_sessions WHERE id = $1 AND expires_at > $2",
        params![id, now],
    )?;
    Ok(row.is_some())
}

/// When a live session ends, and how many seconds it may idle where its rules say so; `None` where it has ended.
pub fn lasts(tx: &mut Tx<'_>, id: SessionId, now: UnixTime) -> Result<Option<(UnixTime, Option<i64>)>, StoreError> {
    let row = tx.query_opt(
        "SELECT expires_at, idle FROM web_sessions WHERE id = $1 AND expires_at > $2",
        params![id, now],
    )?;
    row.map(|row| Ok((row.int(0)?, row.opt_int(1)?))).transpose()
}

pub(super) fn insert(
    tx: &mut Tx<'_>,
    new: &NewSession,
    account: AccountId,
    (first, first_at): (&FirstFactor, UnixTime),
    evidence: &[Evidence],
    now: UnixTime,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO web_sessions (id, secret_hash, account, first_at, evidence, created_at, seen_at, expires_at, \
         first_factor, browser, source, idle) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11)",
        params![
            new.id,
            new.secret_hash.as_slice(),
            account,
            first_at,
            written(evidence)?,
            now,
            new.expires_at,
            word(first),
            new.browser.as_str(),
            new.source.as_str(),
            new.idle
        ],
    )?;
    Ok(())
}

/// Notes that a session was used; costs no commit of its own, since it is part of the sign-in that uses it. Where the place
/// that it was used for has stricter rules, they hold for the session from now on.
pub fn touch(tx: &mut Tx<'_>, id: SessionId, span: SessionSpan, now: UnixTime) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE web_sessions SET seen_at = $2, \
         expires_at = CASE WHEN first_at + $3 < expires_at THEN first_at + $3 ELSE expires_at END, \
         idle = CASE WHEN idle < $4 THEN idle ELSE $4 END \
         WHERE id = $1 AND expires_at > $2",
        params![id, now, span.lasts, span.idle],
    )?;
    Ok(touched == 1)
}

/// Goes on with a session after its person proved something anew: all of it is as of now but its id. False if it has ended.
pub(super) fn renew(
    tx: &mut Tx<'_>,
    id: SessionId,
    new: &NewSession,
    (first, first_at): (&FirstFactor, UnixTime),
    evidence: &[Evidence],
    now: UnixTime,
) -> Result<bool, StoreError> {
    let renewed = tx.execute(
        "UPDATE web_sessions SET secret_hash = $2, first_at = $3, evidence = $4, seen_at = $5, expires_at = $6, \
         first_factor = $7, browser = $8, source = $9, idle = $10 WHERE id = $1",
        params![
            id,
            new.secret_hash.as_slice(),
            first_at,
            written(evidence)?,
            now,
            new.expires_at,
            word(first),
            new.browser.as_str(),
            new.source.as_str(),
            new.idle
        ],
    )?;
    Ok(renewed == 1)
}

/// Ends a session with every code and token that was given under it, and leaves a notice for each application; false when
/// it had ended before.
pub fn end(tx: &mut Tx<'_>, id: SessionId) -> Result<bool, StoreError> {
    applications::leave_notices(tx, id)?;
    grants::end_of_session(tx, id, Offline::Ended)?;
    Ok(tx.execute("DELETE FROM web_sessions WHERE id = $1", params![id])? == 1)
}

/// The same when a person signs out by themselves: what they granted for offline access goes on.
pub fn sign_out(tx: &mut Tx<'_>, id: SessionId) -> Result<bool, StoreError> {
    applications::leave_notices(tx, id)?;
    grants::end_of_session(tx, id, Offline::Kept)?;
    Ok(tx.execute("DELETE FROM web_sessions WHERE id = $1", params![id])? == 1)
}

/// Forgets what has ended. A session that only grew old leaves no notices: applications have ends of their own, and nobody
/// signed out.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<u64, StoreError> {
    applications::sweep(tx, now)?;
    tx.execute("DELETE FROM web_sessions WHERE expires_at < $1", params![now])
}
