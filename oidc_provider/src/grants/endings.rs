//! Every way in which grants end: a statement here is the only one that takes tokens away.
//!
//! A grant goes with its codes (those not yet used), its access tokens and its refresh tokens. A used code stays, so that its
//! second coming is noticed.

use crate::clients::ClientId;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::{AccountId, RequestId, SessionId};
use samekey_shared::params;
use samekey_shared::store::{StoreError, Tx};

/// Seconds that a used code is remembered after its end, so that its reuse is noticed and kills what it gave.
const REMEMBERED: i64 = 24 * 3600;

/// What becomes of grants for offline access when their session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offline {
    /// They go on: a person signed out of the browser (OpenID Connect Core section 11).
    Kept,
    /// They end too: whoever ended the session does not trust what came of it.
    Ended,
}

/// Ends one grant with every token; false when it had ended before.
pub fn end_grant(tx: &mut Tx<'_>, grant: RequestId) -> Result<bool, StoreError> {
    for sql in [
        "DELETE FROM access_tokens WHERE grant_id = $1",
        "DELETE FROM refresh_tokens WHERE grant_id = $1",
    ] {
        tx.execute(sql, params![grant])?;
    }
    Ok(tx.execute("DELETE FROM grants WHERE id = $1", params![grant])? == 1)
}

/// Ends what was given under a session.
pub fn end_of_session(tx: &mut Tx<'_>, session: SessionId, offline: Offline) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM authorization_codes WHERE session = $1 AND used_at IS NULL",
        params![session],
    )?;
    let most = i64::from(offline == Offline::Ended);
    for sql in [
        "DELETE FROM access_tokens WHERE grant_id IN (SELECT id FROM grants WHERE session = $1 AND offline <= $2)",
        "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE session = $1 AND offline <= $2)",
        "DELETE FROM grants WHERE session = $1 AND offline <= $2",
    ] {
        tx.execute(sql, params![session, most])?;
    }
    Ok(())
}

/// Ends whatever an account granted, but for what was given under one session.
pub fn end_of_account(tx: &mut Tx<'_>, account: AccountId, except: Option<SessionId>) -> Result<(), StoreError> {
    // No session is called so, and a grant of none is nobody's exception.
    let kept = except.map_or_else(|| "-".to_owned(), |id| id.to_string());
    for sql in [
        "DELETE FROM authorization_codes WHERE account = $1 AND session <> $2 AND used_at IS NULL",
        "DELETE FROM access_tokens WHERE grant_id IN \
         (SELECT id FROM grants WHERE account = $1 AND COALESCE(session, '') <> $2)",
        "DELETE FROM refresh_tokens WHERE grant_id IN \
         (SELECT id FROM grants WHERE account = $1 AND COALESCE(session, '') <> $2)",
        "DELETE FROM grants WHERE account = $1 AND COALESCE(session, '') <> $2",
    ] {
        tx.execute(sql, params![account, kept.as_str()])?;
    }
    Ok(())
}

/// Ends whatever was granted to a client that goes.
pub fn end_of_client(tx: &mut Tx<'_>, client: &ClientId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM authorization_codes WHERE client = $1",
        "DELETE FROM access_tokens WHERE client = $1",
        "DELETE FROM access_tokens WHERE grant_id IN (SELECT id FROM grants WHERE client = $1)",
        "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE client = $1)",
        "DELETE FROM grants WHERE client = $1",
    ] {
        tx.execute(sql, params![client.as_str()])?;
    }
    Ok(())
}

/// Ends what a person granted to one client; how many grants there were.
pub fn end_of_consent(tx: &mut Tx<'_>, account: AccountId, client: &str) -> Result<u64, StoreError> {
    for sql in [
        "DELETE FROM authorization_codes WHERE account = $1 AND client = $2 AND used_at IS NULL",
        "DELETE FROM access_tokens WHERE grant_id IN (SELECT id FROM grants WHERE account = $1 AND client = $2)",
        "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE account = $1 AND client = $2)",
    ] {
        tx.execute(sql, params![account, client])?;
    }
    tx.execute(
        "DELETE FROM grants WHERE account = $1 AND client = $2",
        params![account, client],
    )
}

/// Forgets what has ended.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM authorization_codes WHERE expires_at < $1",
        params![now - REMEMBERED],
    )?;
    for sql in [
        "DELETE FROM access_tokens WHERE expires_at < $1",
        "DELETE FROM refresh_tokens WHERE expires_at < $1",
        "DELETE FROM grants WHERE ends_at < $1",
        "DELETE FROM revoked_tokens WHERE expires_at < $1",
        "DELETE FROM spent_flows WHERE expires_at < $1",
    ] {
        tx.execute(sql, params![now])?;
    }
    Ok(())
}
