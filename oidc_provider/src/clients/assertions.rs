//! Client assertions that were used: each is good once, for every node over this store (oidc.md row 12).

use super::ClientId;
use samekey_shared::clock::UnixTime;
use samekey_shared::params;
use samekey_shared::secrets::opaque;
use samekey_shared::store::{StoreError, Tx};

/// Spends an assertion of this id; false when it was spent before. One statement, so that of many at once one succeeds.
pub fn spend_assertion(tx: &mut Tx<'_>, client: &ClientId, id: &str, until: UnixTime) -> Result<bool, StoreError> {
    let hash = opaque::hash(id);
    let made = tx.execute(
        "INSERT INTO client_assertions (client, id_hash, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (client, id_hash) DO NOTHING",
        params![client.as_str(), hash.as_slice(), until],
    )?;
    Ok(made == 1)
}

/// Forgets those that have expired anyway, and secrets whose overlap has ended.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<(), StoreError> {
    tx.execute("DELETE FROM client_assertions WHERE expires_at < $1", params![now])?;
    tx.execute(
        "UPDATE clients SET former_secret_hash = NULL, former_secret_until = NULL WHERE former_secret_until < $1",
        params![now],
    )?;
    Ok(())
}
