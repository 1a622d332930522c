//! Browsers that are not asked for the second factor for a while (R27-R29, Q12): their tokens, and the list for their
//! owners.

use super::browser::{Mark, Shown};
use crate::clock::UnixTime;
use crate::entropy::{Entropy, EntropyError};
use crate::ids::{AccountId, TrustId};
use crate::params;
use crate::secrets::opaque::Token;
use crate::source::Source;
use crate::store::{Row, StoreError, Tx};

/// Random bytes of a token's secret.
const SECRET_BYTES: usize = 32;

/// Longest words about a browser that are kept, in characters.
const LONGEST_WORDS: usize = 100;

/// Browsers of one account that are remembered at a time; the oldest give way.
const MOST: i64 = 20;

/// Why a browser was not remembered.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// A remember token, drawn. Its text goes to the browser, once; the store keeps its hash.
#[derive(Debug, Clone)]
pub struct TrustToken {
    id: TrustId,
    secret: Token,
}

impl TrustToken {
    /// Draws one, for where a unit of work may run more than once.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self {
            id: TrustId::draw(entropy)?,
            secret: Token::draw(entropy, SECRET_BYTES)?,
        })
    }

    /// The cookie's value: `id.secret`.
    pub fn text(&self) -> String {
        format!("{}.{}", self.id, self.secret.text())
    }
}

/// A remembered browser, for its owner's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Its id.
    pub id: TrustId,
    /// What it is, in words.
    pub browser: String,
    /// Where it was when the second factor was proven.
    pub source: String,
    /// When that was.
    pub made_at: UnixTime,
    /// The first moment at which it is asked again.
    pub expires_at: UnixTime,
    /// When it last spared a question.
    pub last_used_at: Option<UnixTime>,
}

/// Remembers a browser in which this account's second factor was proven just now, for `lives` seconds. What this browser
/// showed before is void: it keeps one token.
pub fn remember(
    tx: &mut Tx<'_>,
    token: &TrustToken,
    account: AccountId,
    (words, source): (&str, &Source),
    before: Option<&Shown>,
    lives: i64,
    now: UnixTime,
) -> Result<(), StoreError> {
    if let Some(before) = before {
        tx.execute(
            "DELETE FROM remembered_browsers WHERE id = $1 AND secret_hash = $2",
            params![before.id, before.mark.as_slice()],
        )?;
    }
    let words: String = words.chars().take(LONGEST_WORDS).collect();
    tx.execute(
        "INSERT INTO remembered_browsers (id, secret_hash, account, browser, source, verified_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            token.id,
            Mark::of(token.secret.text()).as_slice(),
            account,
            words,
            source.to_string(),
            now,
            now.saturating_add(lives)
        ],
    )?;
    tx.execute(
        "DELETE FROM remembered_browsers WHERE account = $1 AND id NOT IN \
         (SELECT id FROM remembered_browsers WHERE account = $1 ORDER BY verified_at DESC, id LIMIT $2)",
        params![account, MOST],
    )?;
    Ok(())
}

/// The browsers of this account that are remembered now, newest first.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId, now: UnixTime) -> Result<Vec<Remembered>, StoreError> {
    tx.query(
        "SELECT id, browser, source, verified_at, expires_at, last_used_at FROM remembered_browsers \
         WHERE account = $1 AND expires_at > $2 AND verified_at <= $2 ORDER BY verified_at DESC, id",
        params![account, now],
    )?
    .iter()
    .map(remembered)
    .collect()
}

/// Forgets one browser of this account; false if it has no such one.
pub fn revoke(tx: &mut Tx<'_>, account: AccountId, id: TrustId) -> Result<bool, StoreError> {
    let gone = tx.execute(
        "DELETE FROM remembered_browsers WHERE id = $1 AND account = $2",
        params![id, account],
    )?;
    Ok(gone == 1)
}

/// When the second factor was proven in the browser that shows this token, if the token is this account's own and lives.
/// One from the future was made by a clock that has since been set back: it is dead, and gone where the unit may write.
pub(crate) fn verified_at(
    tx: &mut Tx<'_>,
    account: AccountId,
    shown: &Shown,
    now: UnixTime,
) -> Result<Option<UnixTime>, StoreError> {
    let row = tx.query_opt(
        "SELECT verified_at FROM remembered_browsers \
         WHERE id = $1 AND secret_hash = $2 AND account = $3 AND expires_at > $4",
        params![shown.id, shown.mark.as_slice(), account, now],
    )?;
    let Some(at) = row.map(|row| row.int(0)).transpose()? else {
        return Ok(None);
    };
    if at > now && tx.may_write() {
        revoke(tx, account, shown.id)?;
    }
    Ok(Some(at).filter(|at| *at <= now))
}

/// Notes that the token spares a question now; false if it died since it was looked at.
pub(crate) fn used(tx: &mut Tx<'_>, account: AccountId, shown: &Shown, now: UnixTime) -> Result<bool, StoreError> {
    let used = tx.execute(
        "UPDATE remembered_browsers SET last_used_at = $1 \
         WHERE id = $2 AND secret_hash = $3 AND account = $4 AND expires_at > $1 AND verified_at <= $1",
        params![now, shown.id, shown.mark.as_slice(), account],
    )?;
    Ok(used == 1)
}

fn remembered(row: &Row) -> Result<Remembered, StoreError> {
    Ok(Remembered {
        id: row.parsed(0)?,
        browser: row.text(1)?.to_owned(),
        source: row.text(2)?.to_owned(),
        made_at: row.int(3)?,
        expires_at: row.int(4)?,
        last_used_at: row.opt_int(5)?,
    })
}
