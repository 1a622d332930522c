//! The signing keys' statements, written once for both engines, and the mapping of their rows.

use super::{Alg, KeyState};
use samekey_shared::clock::UnixTime;
use samekey_shared::params;
use samekey_shared::secrets::reseal::SealedColumn;
use samekey_shared::store::{StoreError, Tx};

/// The sealed columns of this domain, for a rotation of the keyring.
pub const SEALED: &[SealedColumn] = &[SealedColumn {
    table: "signing_keys",
    column: "sealed",
    after: "SELECT kid, sealed FROM signing_keys WHERE kid > $1 ORDER BY kid LIMIT $2",
    replace: "UPDATE signing_keys SET sealed = $1 WHERE kid = $2 AND sealed = $3",
}];

/// A stored key, its private half sealed.
#[derive(Debug, Clone)]
pub(super) struct StoredKey {
    pub kid: String,
    pub alg: Alg,
    pub state: KeyState,
    pub sealed: Vec<u8>,
    pub changed_at: UnixTime,
}

pub(super) fn list(tx: &mut Tx<'_>) -> Result<Vec<StoredKey>, StoreError> {
    let rows = tx.query(
        "SELECT kid, alg, state, sealed, changed_at FROM signing_keys ORDER BY alg, created_at, kid",
        &[],
    )?;
    rows.iter()
        .map(|row| {
            Ok(StoredKey {
                kid: row.text(0)?.to_owned(),
                alg: row.parsed(1)?,
                state: row.parsed(2)?,
                sealed: row.bytes(3)?.to_vec(),
                changed_at: row.int(4)?,
            })
        })
        .collect()
}

/// Whether a key of this algorithm is in this state.
pub(super) fn any(tx: &mut Tx<'_>, alg: Alg, state: KeyState) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT kid FROM signing_keys WHERE alg = $1 AND state = $2 LIMIT 1",
        params![alg.name(), state.name()],
    )?;
    Ok(row.is_some())
}

pub(super) fn insert(tx: &mut Tx<'_>, key: &StoredKey) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO signing_keys (kid, alg, state, sealed, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $5)",
        params![
            key.kid.as_str(),
            key.alg.name(),
            key.state.name(),
            key.sealed.as_slice(),
            key.changed_at
        ],
    )?;
    Ok(())
}

/// Moves every key of an algorithm from one state to another.
pub(super) fn advance(
    tx: &mut Tx<'_>,
    alg: Alg,
    from: KeyState,
    to: KeyState,
    now: UnixTime,
) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE signing_keys SET state = $3, changed_at = $4 WHERE alg = $1 AND state = $2",
        params![alg.name(), from.name(), to.name(), now],
    )
}

/// Forgets keys retired before this moment.
pub(super) fn forget(tx: &mut Tx<'_>, before: UnixTime) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM signing_keys WHERE state = $1 AND changed_at < $2",
        params![KeyState::Retired.name(), before],
    )
}

/// Sets every moment after `latest` to `now`.
pub(super) fn set_back(tx: &mut Tx<'_>, latest: UnixTime, now: UnixTime) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE signing_keys SET changed_at = $2 WHERE changed_at > $1",
        params![latest, now],
    )
}
