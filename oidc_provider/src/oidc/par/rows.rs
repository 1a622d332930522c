//! The statements of pushed requests, written once for both engines.

use super::{Handle, Pushed};
use crate::clients::ClientId;
use crate::http::Params;
use samekey_shared::clock::UnixTime;
use samekey_shared::params;
use samekey_shared::store::{StoreError, Tx};

/// Keeps what was pushed; `source` names the network of a client that proves nothing.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    handle: Handle,
    client: &ClientId,
    pushed: &Pushed,
    source: Option<&str>,
    expires_at: UnixTime,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO pushed_requests (handle_hash, client, params, signed, source, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            handle.hash().as_slice(),
            client.as_str(),
            pushed.params.encoded(),
            i64::from(pushed.signed),
            source,
            expires_at
        ],
    )?;
    Ok(())
}

/// How many requests of a client that proves nothing wait to be answered: from this network, and from everywhere.
pub(super) fn waiting(
    tx: &mut Tx<'_>,
    client: &ClientId,
    source: &str,
    now: UnixTime,
) -> Result<(i64, i64), StoreError> {
    let row = tx.query_opt(
        "SELECT COALESCE(CAST(SUM(CASE WHEN source = $2 THEN 1 ELSE 0 END) AS BIGINT), 0), COUNT(*) FROM pushed_requests \
         WHERE client = $1 AND source IS NOT NULL AND used_at IS NULL AND expires_at > $3",
        params![client.as_str(), source, now],
    )?;
    row.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}

/// What this client pushed under this handle, while it may still be begun with; looking changes nothing, so that a page can
/// be loaded again before anybody has signed in.
pub fn find(tx: &mut Tx<'_>, handle: Handle, client: &ClientId, now: UnixTime) -> Result<Option<Pushed>, StoreError> {
    let row = tx.query_opt(
        "SELECT params, signed FROM pushed_requests \
         WHERE handle_hash = $1 AND client = $2 AND expires_at > $3 AND used_at IS NULL",
        params![handle.hash().as_slice(), client.as_str(), now],
    )?;
    let Some(row) = row else {
        return Ok(None);
    };
    let params = Params::parse(row.text(0)?.as_bytes())
        .map_err(|why| StoreError::Inconsistent(format!("a pushed request cannot be read: {why}")))?;
    Ok(Some(Pushed {
        params,
        signed: row.int(1)? == 1,
    }))
}

/// Spends it for the code that answers it; false when another code did. One statement, so that of many sign-ins begun with
/// one handle exactly one is answered.
pub fn spend(tx: &mut Tx<'_>, handle: Handle, now: UnixTime) -> Result<bool, StoreError> {
    let spent = tx.execute(
        "UPDATE pushed_requests SET used_at = $2 WHERE handle_hash = $1 AND used_at IS NULL",
        params![handle.hash().as_slice(), now],
    )?;
    Ok(spent == 1)
}

/// Forgets what no sign-in can end with any more.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM pushed_requests WHERE expires_at < $1",
        params![now - crate::pages::flow::LIFETIME],
    )?;
    Ok(())
}
