//! What each person agreed to tell each application.

use crate::clients::ClientId;
use crate::oidc::scope::Scopes;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::AccountId;
use samekey_shared::params;
use samekey_shared::store::{Row, StoreError, Tx};

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

/// An application that a person agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When the person agreed last.
    pub given_at: UnixTime,
}

/// The applications that this person agreed to, or that go on for them while they are away, and that are still registered, by
/// name.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId, now: UnixTime) -> Result<Vec<Agreed>, StoreError> {
    let rows = tx.query(
        "SELECT c.id, c.name, MAX(u.given_at) FROM clients c JOIN (\
         SELECT client, given_at FROM consents WHERE account = $1 UNION ALL \
         SELECT client, given_at FROM grants WHERE account = $1 AND offline = 1 AND ends_at > $2) u ON u.client = c.id \
         GROUP BY c.id, c.name ORDER BY c.name, c.id LIMIT 200",
        params![account, now],
    )?;
    let agreed = |row: &Row| {
        Ok(Agreed {
            id: row.text(0)?.to_owned(),
            name: row.text(1)?.to_owned(),
            given_at: row.int(2)?,
        })
    };
    rows.iter().map(agreed).collect()
}

/// Takes the agreement back, with every code, grant and token of it; false if there was nothing to take back.
pub fn withdraw(tx: &mut Tx<'_>, account: AccountId, client: &str) -> Result<bool, StoreError> {
    let agreed = tx.execute(
        "DELETE FROM consents WHERE account = $1 AND client = $2",
        params![account, client],
    )?;
    let granted = super::end_of_consent(tx, account, client)?;
    Ok(agreed + granted > 0)
}
