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

/// The applications that this person agreed to and that are still registered, by name.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Agreed>, StoreError> {
    let rows = tx.query(
        "SELECT clients.id, clients.name, consents.given_at FROM consents JOIN clients ON clients.id = consents.client \
         WHERE consents.account = $1 ORDER BY clients.name, clients.id LIMIT 200",
        params![account],
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

/// Takes the agreement back, with every code, grant and token that rests on it; false if there was none.
pub fn withdraw(tx: &mut Tx<'_>, account: AccountId, client: &str) -> Result<bool, StoreError> {
    let gone = tx.execute(
        "DELETE FROM consents WHERE account = $1 AND client = $2",
        params![account, client],
    )?;
    if gone == 0 {
        return Ok(false);
    }
    super::end_of_consent(tx, account, client)?;
    Ok(true)
}
