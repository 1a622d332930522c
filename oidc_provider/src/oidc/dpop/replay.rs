//! Proofs that were accepted, by a hash, until they would be too old anyway (RFC 9449 section 11.1). One SQL for both engines.

use samekey_shared::clock::UnixTime;
use samekey_shared::params;
use samekey_shared::store::{StoreError, Tx};

/// Spends a proof; false when it was spent before. One statement, so that of many at once exactly one succeeds.
pub(super) fn spend(tx: &mut Tx<'_>, id: &[u8; 32], until: UnixTime) -> Result<bool, StoreError> {
    let made = tx.execute(
        "INSERT INTO dpop_proofs (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        params![id.as_slice(), until],
    )?;
    Ok(made == 1)
}

/// Forgets what has ended.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM dpop_proofs WHERE expires_at < $1", params![now])
}
