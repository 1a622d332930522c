//! The device grants' statements, written once for both engines, and the mapping of their rows.

use super::{SLOWER, State, Waiting};
use crate::clients::ClientId;
use crate::grants::CodeDetails;
use crate::oidc::scope::Scopes;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::{AccountId, RequestId, SessionId};
use samekey_shared::params;
use samekey_shared::store::{Row, StoreError, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn write(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|why| StoreError::Inconsistent(why.to_string()))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|why| StoreError::Inconsistent(format!("a device's grant cannot be read: {why}")))
}

/// Writes a device that waits.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    waiting: &Waiting,
    device: &[u8; 32],
    user: &[u8; 32],
    pause: i64,
) -> Result<bool, StoreError> {
    let made = tx.execute(
        "INSERT INTO device_grants (id, device_hash, user_hash, client, scope, resources, source, agent, state, \
         created_at, expires_at, pause) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (user_hash) DO NOTHING",
        params![
            waiting.id,
            device.as_slice(),
            user.as_slice(),
            waiting.client.as_str(),
            waiting.scopes.to_string(),
            write(&waiting.resources)?,
            waiting.source.as_str(),
            waiting.agent.as_str(),
            waiting.state.name(),
            waiting.created_at,
            waiting.expires_at,
            pause
        ],
    )?;
    Ok(made == 1)
}

/// How many devices of this client wait.
pub(super) fn count(tx: &mut Tx<'_>, client: &ClientId, now: UnixTime) -> Result<i64, StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(*) FROM device_grants WHERE client = $1 AND expires_at > $2",
        params![client.as_str(), now],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

fn waiting(row: &Row) -> Result<Waiting, StoreError> {
    Ok(Waiting {
        id: row.parsed(0)?,
        client: row.parsed(1)?,
        scopes: Scopes::read(row.text(2)?),
        resources: read(row.text(3)?)?,
        source: row.text(4)?.to_owned(),
        agent: row.text(5)?.to_owned(),
        state: row.parsed(6)?,
        created_at: row.int(7)?,
        expires_at: row.int(8)?,
    })
}

/// The device that this user code finds, while somebody may still decide.
pub fn by_user_code(tx: &mut Tx<'_>, hash: &[u8; 32], now: UnixTime) -> Result<Option<Waiting>, StoreError> {
    let row = tx.query_opt(
        "SELECT id, client, scope, resources, source, agent, state, created_at, expires_at FROM device_grants \
         WHERE user_hash = $1 AND state = 'pending' AND expires_at > $2",
        params![hash.as_slice(), now],
    )?;
    row.as_ref().map(waiting).transpose()
}

/// The device of this id, in whatever state.
pub fn by_id(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<Waiting>, StoreError> {
    let row = tx.query_opt(
        "SELECT id, client, scope, resources, source, agent, state, created_at, expires_at FROM device_grants \
         WHERE id = $1",
        params![id],
    )?;
    row.as_ref().map(waiting).transpose()
}

/// What a poll finds.
#[derive(Debug)]
pub(super) struct Polled {
    pub id: RequestId,
    pub client: ClientId,
    pub resources: Vec<String>,
    pub state: State,
    pub expires_at: UnixTime,
    pub account: Option<AccountId>,
}

/// The device of this device code, in whatever state.
pub(super) fn by_device_code(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<Polled>, StoreError> {
    let row = tx.query_opt(
        "SELECT id, client, resources, state, expires_at, account FROM device_grants WHERE device_hash = $1",
        params![hash.as_slice()],
    )?;
    row.map(|row| {
        Ok(Polled {
            id: row.parsed(0)?,
            client: row.parsed(1)?,
            resources: read(row.text(2)?)?,
            state: row.parsed(3)?,
            expires_at: row.int(4)?,
            account: row
                .opt_text(5)?
                .map(str::parse)
                .transpose()
                .map_err(|_| StoreError::Inconsistent("a device's grant names no account".into()))?,
        })
    })
    .transpose()
}

/// Notes a poll; false where it came before its time, and its pauses are longer from now on.
pub(super) fn note_poll(tx: &mut Tx<'_>, id: RequestId, now: UnixTime) -> Result<bool, StoreError> {
    let in_time = tx.execute(
        "UPDATE device_grants SET polled_at = $2 WHERE id = $1 AND (polled_at IS NULL OR polled_at + pause <= $2)",
        params![id, now],
    )?;
    if in_time == 1 {
        return Ok(true);
    }
    tx.execute(
        "UPDATE device_grants SET polled_at = $2, pause = pause + $3 WHERE id = $1",
        params![id, now, SLOWER],
    )?;
    Ok(false)
}

/// What its person gave a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// The sign-in's id: joins trail and tokens.
    pub grant: RequestId,
    /// The person.
    pub account: AccountId,
    /// The browser session it was given under.
    pub session: SessionId,
    /// What the tokens will tell.
    pub details: CodeDetails,
}

/// Signs a device in; false when it was decided before, or its time ran out.
pub fn approve(tx: &mut Tx<'_>, id: RequestId, given: &Approved, now: UnixTime) -> Result<bool, StoreError> {
    let approved = tx.execute(
        "UPDATE device_grants SET state = 'approved', grant_id = $2, account = $3, session = $4, details = $5 \
         WHERE id = $1 AND state = 'pending' AND expires_at > $6",
        params![
            id,
            given.grant,
            given.account,
            given.session,
            write(&given.details)?,
            now
        ],
    )?;
    Ok(approved == 1)
}

/// Refuses a device; false when it was decided before, or its time ran out.
pub fn deny(tx: &mut Tx<'_>, id: RequestId, now: UnixTime) -> Result<bool, StoreError> {
    let denied = tx.execute(
        "UPDATE device_grants SET state = 'denied' WHERE id = $1 AND state = 'pending' AND expires_at > $2",
        params![id, now],
    )?;
    Ok(denied == 1)
}

/// Spends what its person gave; `None` when it was spent before. One statement, so that of many polls at once exactly one
/// gets the tokens.
pub(super) fn redeem(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<Approved>, StoreError> {
    let row = tx.query_opt(
        "UPDATE device_grants SET state = 'redeemed' WHERE id = $1 AND state = 'approved' \
         RETURNING grant_id, account, session, details",
        params![id],
    )?;
    row.map(|row| {
        Ok(Approved {
            grant: row.parsed(0)?,
            account: row.parsed(1)?,
            session: row.parsed(2)?,
            details: read(row.text(3)?)?,
        })
    })
    .transpose()
}

/// Forgets the devices of a client that is removed.
pub fn forget_client(tx: &mut Tx<'_>, client: &ClientId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM device_grants WHERE client = $1", params![client.as_str()])
}

/// Forgets what has ended.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<u64, StoreError> {
    // A poll after the end is still told that it came too late.
    const TOLD: i64 = 600;
    tx.execute("DELETE FROM device_grants WHERE expires_at < $1", params![now - TOLD])
}
