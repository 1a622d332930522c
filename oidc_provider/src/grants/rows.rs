//! The codes' statements, written once for both engines, and the mapping of their rows.

use super::Code;
use crate::sessions;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::RequestId;
use samekey_shared::params;
use samekey_shared::store::{StoreError, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) fn write(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|why| StoreError::Inconsistent(why.to_string()))
}

pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|why| StoreError::Inconsistent(format!("a grant cannot be read: {why}")))
}

/// Writes a code, and notes that its application is signed in under the session.
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
    sessions::note_client(tx, code.session, &code.client)
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

/// Marks a consent form as sent; false when it was sent before.
pub fn spend_flow(tx: &mut Tx<'_>, flow: RequestId, until: UnixTime) -> Result<bool, StoreError> {
    let made = tx.execute(
        "INSERT INTO spent_flows (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        params![flow, until],
    )?;
    Ok(made == 1)
}
