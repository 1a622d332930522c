//! The applications that are signed in under a session: noted with each code, and told when the session ends.

use crate::clients::ClientId;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::{AccountId, SessionId};
use samekey_shared::params;
use samekey_shared::store::{StoreError, Tx};

/// Notes that an application gets an ID token under this session; noting it twice changes nothing.
pub fn note_client(tx: &mut Tx<'_>, session: SessionId, client: &ClientId) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO session_clients (session, client) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        params![session, client.as_str()],
    )
    .map(drop)
}

/// The applications that are signed in under this session; it is their `sid`.
pub fn clients_of(tx: &mut Tx<'_>, session: SessionId) -> Result<Vec<ClientId>, StoreError> {
    let rows = tx.query(
        "SELECT client FROM session_clients WHERE session = $1 ORDER BY client",
        params![session],
    )?;
    rows.iter().map(|row| row.parsed(0)).collect()
}

/// Forgets an application that is removed: nobody is told any more.
pub fn forget_client(tx: &mut Tx<'_>, client: &ClientId) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM session_clients WHERE client = $1",
        params![client.as_str()],
    )?;
    tx.execute("DELETE FROM logout_notices WHERE client = $1", params![client.as_str()])
        .map(drop)
}

/// Leaves a notice for each application of a session that is about to end.
pub(super) fn leave_notices(tx: &mut Tx<'_>, session: SessionId) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO logout_notices (session, client, account, due_at, tries) \
         SELECT c.session, c.client, s.account, 0, 0 FROM session_clients c JOIN web_sessions s ON s.id = c.session \
         WHERE c.session = $1 ON CONFLICT DO NOTHING",
        params![session],
    )?;
    tx.execute("DELETE FROM session_clients WHERE session = $1", params![session])
        .map(drop)
}

/// The same for every session of an account but one; `kept` is empty where none is kept.
pub(super) fn leave_all_notices(tx: &mut Tx<'_>, account: AccountId, kept: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO logout_notices (session, client, account, due_at, tries) \
         SELECT c.session, c.client, s.account, 0, 0 FROM web_sessions s JOIN session_clients c ON c.session = s.id \
         WHERE s.account = $1 AND s.id <> $2 ON CONFLICT DO NOTHING",
        params![account, kept],
    )?;
    tx.execute(
        "DELETE FROM session_clients WHERE session IN (SELECT id FROM web_sessions WHERE account = $1 AND id <> $2)",
        params![account, kept],
    )
    .map(drop)
}

/// Forgets who was signed in under sessions that grew old.
pub(super) fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM session_clients WHERE session IN (SELECT id FROM web_sessions WHERE expires_at < $1)",
        params![now],
    )
}
