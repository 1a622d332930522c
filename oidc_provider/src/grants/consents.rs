//! What each person agreed to tell each application.

use crate::clients::ClientId;
use crate::oidc::scope::Scopes;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::AccountId;
use samekey_shared::params;
use samekey_shared::store::{StoreError, Tx};

/// Whether the person agreed to all of these scopes.
pub fn covers(tx: &mut Tx<'_>, account: AccountId, client: &ClientId, scopes: &Scopes) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT scope FROM consents WHERE account = $1 AND client = $2",
        params![account, client.as_str()],
    )?;
    Ok(match row {
        Some(row) => Scopes::read(row.text(0)?).covers(scopes),
        None => false,
    })
}

/// Writes down that the person agreed; earlier agreement to further scopes stays.
pub fn give(
    tx: &mut Tx<'_>,
    account: AccountId,
    client: &ClientId,
    scopes: &Scopes,
    now: UnixTime,
) -> Result<(), StoreError> {
    let before = tx.query_opt(
        "SELECT scope FROM consents WHERE account = $1 AND client = $2",
        params![account, client.as_str()],
    )?;
    let before = before.map_or(Ok(String::new()), |row| row.text(0).map(str::to_owned))?;
    let together = Scopes::read(&format!("{before} {scopes}"));
    tx.execute(
        "INSERT INTO consents (account, client, scope, given_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account, client) DO UPDATE SET scope = excluded.scope, given_at = excluded.given_at",
        params![account, client.as_str(), together.to_string(), now],
    )?;
    Ok(())
}
