//! The grants' statements, written once for both engines, and the mapping of their rows.

use super::{AccessToken, Code};
use crate::oidc::scope::Scopes;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::RequestId;
use samekey_shared::params;
use samekey_shared::store::{StoreError, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Seconds that a used code is remembered after its end, so that its reuse is noticed and kills what it gave.
const REMEMBERED: i64 = 24 * 3600;

fn write(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|why| StoreError::Inconsistent(why.to_string()))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|why| StoreError::Inconsistent(format!("a grant cannot be read: {why}")))
}

/// Writes a code.
pub fn insert_code(tx: &mut Tx<'_>, hash: &[u8; 32], code: &Code) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO authorization_codes \
         (code_hash, grant_id, client, account, session, redirect_uri, challenge, details, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            hash.as_slice(),
            code.grant,
            code.client.as_str(),
            code.account,
            code.session,
            code.redirect_uri.as_str(),
            code.challenge.clone(),
            write(&code.details)?,
            code.expires_at
        ],
    )?;
    Ok(())
}

/// The code of this hash, used or not.
pub fn code(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<Code>, StoreError> {
    let row = tx.query_opt(
        "SELECT grant_id, client, account, session, redirect_uri, challenge, details, expires_at \
         FROM authorization_codes WHERE code_hash = $1",
        params![hash.as_slice()],
    )?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(Code {
        grant: row.parsed(0)?,
        client: row.parsed(1)?,
        account: row.parsed(2)?,
        session: row.parsed(3)?,
        redirect_uri: row.text(4)?.to_owned(),
        challenge: row.opt_text(5)?.map(str::to_owned),
        details: read(row.text(6)?)?,
        expires_at: row.int(7)?,
    }))
}

/// Spends a code; false when it was spent before. One statement, so that of many at once exactly one succeeds.
pub fn use_code(tx: &mut Tx<'_>, hash: &[u8; 32], now: UnixTime) -> Result<bool, StoreError> {
    let spent = tx.execute(
        "UPDATE authorization_codes SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL",
        params![hash.as_slice(), now],
    )?;
    Ok(spent == 1)
}

/// Writes an access token.
pub fn insert_token(tx: &mut Tx<'_>, hash: &[u8; 32], token: &AccessToken) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO access_tokens (token_hash, grant_id, client, account, session, scope, claims, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            hash.as_slice(),
            token.grant,
            token.client.as_str(),
            token.account,
            token.session,
            token.scopes.to_string(),
            write(&token.claims)?,
            token.expires_at
        ],
    )?;
    Ok(())
}

/// The access token of this hash, while it lives.
pub fn token(tx: &mut Tx<'_>, hash: &[u8; 32], now: UnixTime) -> Result<Option<AccessToken>, StoreError> {
    let row = tx.query_opt(
        "SELECT grant_id, client, account, session, scope, claims, expires_at \
         FROM access_tokens WHERE token_hash = $1 AND expires_at > $2",
        params![hash.as_slice(), now],
    )?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(AccessToken {
        grant: row.parsed(0)?,
        client: row.parsed(1)?,
        account: row.parsed(2)?,
        session: row.parsed(3)?,
        scopes: Scopes::read(row.text(4)?),
        claims: read(row.text(5)?)?,
        expires_at: row.int(6)?,
    }))
}

/// Kills every token of a grant and tells how many there were.
pub fn revoke_grant(tx: &mut Tx<'_>, grant: RequestId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM access_tokens WHERE grant_id = $1", params![grant])
}

/// Marks a consent form as sent; false when it was sent before.
pub fn spend_flow(tx: &mut Tx<'_>, flow: RequestId, until: UnixTime) -> Result<bool, StoreError> {
    let made = tx.execute(
        "INSERT INTO spent_flows (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        params![flow, until],
    )?;
    Ok(made == 1)
}

/// Forgets what has ended.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM authorization_codes WHERE expires_at < $1",
        params![now - REMEMBERED],
    )?;
    tx.execute("DELETE FROM access_tokens WHERE expires_at < $1", params![now])?;
    tx.execute("DELETE FROM spent_flows WHERE expires_at < $1", params![now])?;
    Ok(())
}
