//! The clients' statements, written once for both engines, and the mapping of their rows.

use super::{Client, ClientId};
use crate::oidc::device;
use crate::{grants, sessions};
use samekey_shared::clock::UnixTime;
use samekey_shared::params;
use samekey_shared::store::{Row, StoreError, Tx};

fn client(row: &Row) -> Result<Client, StoreError> {
    let id: ClientId = row.parsed(0)?;
    let settings = serde_json::from_str(row.text(3)?)
        .map_err(|why| StoreError::Inconsistent(format!("the settings of client {id} cannot be read: {why}")))?;
    Ok(Client {
        id,
        name: row.text(1)?.to_owned(),
        kind: row.parsed(2)?,
        settings,
        created_at: row.int(4)?,
    })
}

/// The client of this id.
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<Client>, StoreError> {
    let row = tx.query_opt(
        "SELECT id, name, kind, settings, created_at FROM clients WHERE id = $1",
        params![id],
    )?;
    row.as_ref().map(client).transpose()
}

/// Every client, by id.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Client>, StoreError> {
    let rows = tx.query(
        "SELECT id, name, kind, settings, created_at FROM clients ORDER BY id",
        &[],
    )?;
    rows.iter().map(client).collect()
}

/// The hash of a client's secret; `None` for a public client and for one that is not there.
pub fn secret_hash(tx: &mut Tx<'_>, id: &ClientId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.query_opt("SELECT secret_hash FROM clients WHERE id = $1", params![id.as_str()])?;
    Ok(match row {
        Some(row) => row.opt_bytes(0)?.map(<[u8]>::to_vec),
        None => None,
    })
}

/// The hashes of a client's secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Of the one it has.
    pub current: Option<Vec<u8>>,
    former: Option<(Vec<u8>, UnixTime)>,
}

impl Secrets {
    /// Of the one before it, while both are good.
    pub fn previous(&self, now: UnixTime) -> Option<&Vec<u8>> {
        let (hash, until) = self.former.as_ref()?;
        (*until > now).then_some(hash)
    }
}

/// The client of this id with the hashes of its secrets, in one look.
pub fn with_secrets(tx: &mut Tx<'_>, id: &str) -> Result<Option<(Client, Secrets)>, StoreError> {
    let row = tx.query_opt(
        "SELECT id, name, kind, settings, created_at, secret_hash, former_secret_hash, former_secret_until \
         FROM clients WHERE id = $1",
        params![id],
    )?;
    let Some(row) = row else {
        return Ok(None);
    };
    let former = match (row.opt_bytes(6)?, row.opt_int(7)?) {
        (Some(hash), Some(until)) => Some((hash.to_vec(), until)),
        _ => None,
    };
    let secrets = Secrets {
        current: row.opt_bytes(5)?.map(<[u8]>::to_vec),
        former,
    };
    Ok(Some((client(&row)?, secrets)))
}

fn settings(client: &Client) -> Result<String, StoreError> {
    serde_json::to_string(&client.settings).map_err(|why| StoreError::Inconsistent(why.to_string()))
}

pub(super) fn insert(tx: &mut Tx<'_>, client: &Client, secret: Option<[u8; 32]>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO clients (id, name, kind, secret_hash, settings, created_at, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        params![
            client.id.as_str(),
            client.name.as_str(),
            client.kind.name(),
            secret.map(|hash| hash.to_vec()),
            settings(client)?,
            client.created_at
        ],
    )?;
    Ok(())
}

pub(super) fn update(tx: &mut Tx<'_>, client: &Client, now: UnixTime) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE clients SET name = $2, settings = $3, changed_at = $4 WHERE id = $1",
        params![client.id.as_str(), client.name.as_str(), settings(client)?, now],
    )
}

/// Sets a new secret; the one before it is good until `until`, and one before that never again.
pub(super) fn set_secret(
    tx: &mut Tx<'_>,
    id: &ClientId,
    hash: [u8; 32],
    until: Option<UnixTime>,
    now: UnixTime,
) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE clients SET former_secret_hash = secret_hash, former_secret_until = $3, secret_hash = $2, changed_at = $4 \
         WHERE id = $1 AND kind = 'confidential'",
        params![id.as_str(), hash.as_slice(), until.unwrap_or(0), now],
    )
}

/// Takes a client's secrets away: it proves itself by a key from now on.
pub fn drop_secret(tx: &mut Tx<'_>, id: &ClientId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE clients SET secret_hash = NULL, former_secret_hash = NULL, former_secret_until = NULL WHERE id = $1",
        params![id.as_str()],
    )?;
    Ok(())
}

/// That a client registered itself.
#[derive(Debug, Clone, Copy)]
pub struct SelfRegistered<'a> {
    /// Hash of its registration access token.
    pub hash: [u8; 32],
    /// With whose leave: an initial access token's id, or `anybody`.
    pub by: &'a str,
}

/// Writes down that a client registered itself.
pub fn set_registered(tx: &mut Tx<'_>, id: &ClientId, how: &SelfRegistered<'_>) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE clients SET registration_hash = $2, registered_by = $3 WHERE id = $1",
        params![id.as_str(), how.hash.as_slice(), how.by],
    )?;
    Ok(())
}

/// The hash of a client's registration access token; `None` for one that the operator registered.
pub fn registration_hash(tx: &mut Tx<'_>, id: &ClientId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.query_opt(
        "SELECT registration_hash FROM clients WHERE id = $1",
        params![id.as_str()],
    )?;
    Ok(match row {
        Some(row) => row.opt_bytes(0)?.map(<[u8]>::to_vec),
        None => None,
    })
}

/// How many clients registered without anybody's leave.
pub fn strangers(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let row = tx.query_opt("SELECT COUNT(*) FROM clients WHERE registered_by = 'anybody'", &[])?;
    row.map_or(Ok(0), |row| row.int(0))
}

pub(super) fn delete(tx: &mut Tx<'_>, id: &ClientId) -> Result<u64, StoreError> {
    grants::end_of_client(tx, id)?;
    sessions::forget_client(tx, id)?;
    device::forget_client(tx, id)?;
    for sql in [
        "DELETE FROM consents WHERE client = $1",
        "DELETE FROM client_assertions WHERE client = $1",
        "DELETE FROM pushed_requests WHERE client = $1",
    ] {
        tx.execute(sql, params![id.as_str()])?;
    }
    tx.execute("DELETE FROM clients WHERE id = $1", params![id.as_str()])
}
