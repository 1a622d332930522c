//! The statements of grants, access and refresh tokens, written once for both engines, and the mapping of their rows.

use super::rows::{read, write};
use super::{AccessToken, Grant, RefreshToken};
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::{AccountId, RequestId};
use samekey_shared::params;
use samekey_shared::store::{Row, StoreError, Tx};

/// How an access token looks, which decides what its row is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Random text: its hash.
    Opaque,
    /// A JWT of ours: the hash of its `jti`, which alone opens nothing.
    Jwt,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::Jwt => "jwt",
        }
    }
}

/// Writes a grant.
pub fn insert_grant(tx: &mut Tx<'_>, grant: &Grant) -> Result<(), StoreError> {
    let details = grant.details.as_ref().map(write).transpose()?;
    tx.execute(
        "INSERT INTO grants (id, client, account, session, offline, scope, details, given_at, ends_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            grant.id,
            grant.client.as_str(),
            grant.account,
            grant.session,
            i64::from(grant.offline),
            grant.scope.as_str(),
            details,
            grant.given_at,
            grant.ends_at
        ],
    )?;
    Ok(())
}

/// A query for a whole grant, in the order that `grant` reads, after `$before` columns of something else.
macro_rules! with_grant {
    ($before:literal, $tail:literal) => {
        concat!(
            "SELECT ",
            $before,
            "g.id, g.client, g.account, g.session, g.offline, g.scope, g.details, g.given_at, g.ends_at ",
            $tail
        )
    };
}

fn opt<T: std::str::FromStr>(row: &Row, column: usize) -> Result<Option<T>, StoreError> {
    match row.opt_text(column)? {
        Some(_) => row.parsed(column).map(Some),
        None => Ok(None),
    }
}

fn grant(row: &Row, from: usize) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: row.parsed(from)?,
        client: row.parsed(from + 1)?,
        account: opt(row, from + 2)?,
        session: opt(row, from + 3)?,
        offline: row.flag(from + 4)?,
        scope: row.text(from + 5)?.to_owned(),
        details: row.opt_text(from + 6)?.map(read).transpose()?,
        given_at: row.int(from + 7)?,
        ends_at: row.int(from + 8)?,
    })
}

/// Writes an access token under what it is found by.
pub fn insert_access(tx: &mut Tx<'_>, hash: &[u8; 32], form: Form, token: &AccessToken) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO access_tokens \
         (token_hash, form, grant_id, client, scope, audience, binding, act, issued_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            hash.as_slice(),
            form.name(),
            token.grant,
            token.client.as_str(),
            token.scope.as_str(),
            write(&token.audience)?,
            token.binding.to_string(),
            token.act.as_ref().map(write).transpose()?,
            token.issued_at,
            token.expires_at
        ],
    )?;
    Ok(())
}

/// The access token that is found by this hash, while it lives, with what it rests on.
pub fn by_hash(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    form: Form,
    now: UnixTime,
) -> Result<Option<(AccessToken, Grant)>, StoreError> {
    let row = tx.query_opt(
        with_grant!(
            "t.client, t.scope, t.audience, t.binding, t.act, t.issued_at, t.expires_at, ",
            "FROM access_tokens t JOIN grants g ON g.id = t.grant_id \
             WHERE t.token_hash = $1 AND t.form = $2 AND t.expires_at > $3"
        ),
        params![hash.as_slice(), form.name(), now],
    )?;
    let Some(row) = row else {
        return Ok(None);
    };
    let grant = grant(&row, 7)?;
    let token = AccessToken {
        grant: grant.id,
        client: row.parsed(0)?,
        scope: row.text(1)?.to_owned(),
        audience: read(row.text(2)?)?,
        binding: row.parsed(3)?,
        act: row.opt_text(4)?.map(read).transpose()?,
        issued_at: row.int(5)?,
        expires_at: row.int(6)?,
    };
    Ok(Some((token, grant)))
}

/// Takes one access token back; false when it was not there.
pub fn remove_access(tx: &mut Tx<'_>, hash: &[u8; 32], form: Form) -> Result<bool, StoreError> {
    let gone = tx.execute(
        "DELETE FROM access_tokens WHERE token_hash = $1 AND form = $2",
        params![hash.as_slice(), form.name()],
    )?;
    Ok(gone == 1)
}

/// Writes a refresh token.
pub fn insert_refresh(tx: &mut Tx<'_>, hash: &[u8; 32], token: &RefreshToken, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO refresh_tokens (token_hash, grant_id, binding, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![
            hash.as_slice(),
            token.grant,
            token.binding.to_string(),
            now,
            token.expires_at
        ],
    )?;
    Ok(())
}

/// The refresh token of this hash, spent or not, with its family.
pub fn refresh_token(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<(RefreshToken, Grant)>, StoreError> {
    let row = tx.query_opt(
        with_grant!(
            "t.binding, t.expires_at, t.used_at, ",
            "FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id WHERE t.token_hash = $1"
        ),
        params![hash.as_slice()],
    )?;
    let Some(row) = row else {
        return Ok(None);
    };
    let grant = grant(&row, 3)?;
    let token = RefreshToken {
        grant: grant.id,
        binding: row.parsed(0)?,
        expires_at: row.int(1)?,
        used_at: row.opt_int(2)?,
    };
    Ok(Some((token, grant)))
}

/// What became of a refresh token that was to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Used by this very call.
    Now,
    /// Used before, or gone.
    Before,
}

/// Spends a refresh token. One statement, so that of many at once exactly one succeeds.
pub fn spend_refresh(tx: &mut Tx<'_>, hash: &[u8; 32], now: UnixTime) -> Result<Spent, StoreError> {
    let spent = tx.execute(
        "UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL",
        params![hash.as_slice(), now],
    )?;
    Ok(if spent == 1 { Spent::Now } else { Spent::Before })
}

/// Uses a refresh token that is not rotated: it begins to idle anew.
pub fn renew_refresh(tx: &mut Tx<'_>, hash: &[u8; 32], until: UnixTime) -> Result<Spent, StoreError> {
    let renewed = tx.execute(
        "UPDATE refresh_tokens SET expires_at = $2 WHERE token_hash = $1 AND used_at IS NULL",
        params![hash.as_slice(), until],
    )?;
    Ok(if renewed == 1 { Spent::Now } else { Spent::Before })
}

/// The grant of this id.
pub fn family(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<Grant>, StoreError> {
    let row = tx.query_opt(with_grant!("", "FROM grants g WHERE g.id = $1"), params![id])?;
    row.as_ref().map(|row| grant(row, 0)).transpose()
}

/// The live grants of an account, the newest first, at most 200.
pub fn given(tx: &mut Tx<'_>, account: AccountId, now: UnixTime) -> Result<Vec<Grant>, StoreError> {
    let rows = tx.query(
        with_grant!(
            "",
            "FROM grants g WHERE g.account = $1 AND g.ends_at > $2 ORDER BY g.given_at DESC, g.id LIMIT 200"
        ),
        params![account, now],
    )?;
    rows.iter().map(|row| grant(row, 0)).collect()
}

/// Remembers that a token without a row was taken back.
pub fn remember_revoked(tx: &mut Tx<'_>, hash: &[u8; 32], until: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO revoked_tokens (jti_hash, expires_at) VALUES ($1, $2) ON CONFLICT (jti_hash) DO NOTHING",
        params![hash.as_slice(), until],
    )?;
    Ok(())
}

/// Whether a token without a row was taken back.
pub fn is_revoked(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT jti_hash FROM revoked_tokens WHERE jti_hash = $1",
        params![hash.as_slice()],
    )?;
    Ok(row.is_some())
}
