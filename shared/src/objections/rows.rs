//! The rows of "this was not me" links, and of the accounts that are held.

use super::LIVES;
use crate::clock::UnixTime;
use crate::entropy::Entropy;
use crate::flows::FlowError;
use crate::ids::AccountId;
use crate::params;
use crate::secrets::opaque::{Token, hash};
use crate::store::{Component, Migration, Row, StoreError, Tx};

/// The tables of this domain.
pub const SCHEMA: Component = Component {
    name: "objections",
    migrations: &[
        Migration {
            version: 1,
            sql: include_str!("../../migrations/objections_0001.sql"),
        },
        Migration {
            version: 2,
            sql: include_str!("../../migrations/objections_0002.sql"),
        },
    ],
};

/// Random bytes of a link.
const BYTES: usize = 32;

/// What a link is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Whose account.
    pub account: AccountId,
    /// The kind of the letter that carried the link.
    pub about: String,
    /// When that happened.
    pub happened_at: UnixTime,
}

/// Makes a link for a letter; its secret, for the letter alone.
pub fn offer(
    tx: &mut Tx<'_>,
    entropy: &dyn Entropy,
    account: AccountId,
    about: &str,
    now: UnixTime,
) -> Result<Token, FlowError> {
    let token = Token::draw(entropy, BYTES)?;
    tx.execute(
        "INSERT INTO objections (hash, account, about, happened_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![token.hash().as_slice(), account, about, now, now.saturating_add(LIVES)],
    )?;
    Ok(token)
}

/// What a link is about, without using it; `None` for one that is used, over or nobody's.
pub fn look(tx: &mut Tx<'_>, secret: &str, now: UnixTime) -> Result<Option<Objection>, StoreError> {
    tx.query_opt(
        "SELECT account, about, happened_at FROM objections \
         WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 AND happened_at <= $2",
        params![hash(secret).as_slice(), now],
    )?
    .as_ref()
    .map(objection)
    .transpose()
}

/// Uses a link. One statement: of many presses one gets what it is about.
pub fn spend(tx: &mut Tx<'_>, secret: &str, now: UnixTime) -> Result<Option<Objection>, StoreError> {
    tx.query_opt(
        "UPDATE objections SET used_at = $1 \
         WHERE hash = $2 AND used_at IS NULL AND expires_at > $1 AND happened_at <= $1 \
         RETURNING account, about, happened_at",
        params![now, hash(secret).as_slice()],
    )?
    .as_ref()
    .map(objection)
    .transpose()
}

/// Whether a letter of this kind with a link was written to the account since then.
pub fn offered_since(tx: &mut Tx<'_>, account: AccountId, about: &str, since: UnixTime) -> Result<bool, StoreError> {
    let found = tx.query(
        "SELECT happened_at FROM objections WHERE account = $1 AND about = $2 AND happened_at > $3 LIMIT 1",
        params![account, about, since],
    )?;
    Ok(!found.is_empty())
}

/// Holds the account's own changes; what is disputed may only grow older.
pub fn hold(tx: &mut Tx<'_>, objection: &Objection, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO held_changes (account, since, disputed_from) VALUES ($1, $2, $3) \
         ON CONFLICT (account) DO UPDATE SET since = excluded.since, disputed_from = \
         CASE WHEN held_changes.disputed_from < excluded.disputed_from \
         THEN held_changes.disputed_from ELSE excluded.disputed_from END",
        params![objection.account, now, objection.happened_at],
    )
    .map(drop)
}

/// Since when the account is held, and from when on what was bound is doubtful.
pub(super) fn held(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<(UnixTime, UnixTime)>, StoreError> {
    tx.query_opt(
        "SELECT since, disputed_from FROM held_changes WHERE account = $1",
        params![account],
    )?
    .map(|row| Ok((row.int(0)?, row.int(1)?)))
    .transpose()
}

/// Whether the account's own changes are held.
pub fn is_held(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    Ok(held(tx, account)?.is_some())
}

/// Lifts the hold; false if there was none.
pub fn release(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    let gone = tx.execute("DELETE FROM held_changes WHERE account = $1", params![account])?;
    Ok(gone == 1)
}

/// Forgets links that are over.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<(), StoreError> {
    tx.execute("DELETE FROM objections WHERE expires_at <= $1", params![now])
        .map(drop)
}

fn objection(row: &Row) -> Result<Objection, StoreError> {
    Ok(Objection {
        account: row.parsed(0)?,
        about: row.text(1)?.to_owned(),
        happened_at: row.int(2)?,
    })
}
