//! Initial access tokens (RFC 7591 section 3): the operator's leave to register an application, for so many and so long.

use super::{ClientSettings, Consent, Pkce};
use samekey_shared::clock::UnixTime;
use samekey_shared::entropy::{Entropy, EntropyError};
use samekey_shared::params;
use samekey_shared::secrets::opaque::{self, Token};
use samekey_shared::store::{Row, StoreError, Tx};
use serde::{Deserialize, Serialize};

/// Random bytes of a token.
const SECRET_BYTES: usize = 32;
/// Random bytes of the id that lists show.
const ID_BYTES: usize = 6;
/// Longest note.
const LONGEST_NOTE: usize = 100;
/// Most applications that may register with one token.
pub const MOST_USES: i64 = 10_000;
/// Most seconds that one lives.
pub const MOST_SECONDS: i64 = 366 * 86_400;

/// What the operator decides for whoever registers with a token, beyond what they may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Terms {
    /// Whether people are asked before such an application learns who they are.
    pub consent: Consent,
    /// Whether it may leave out PKCE.
    pub pkce: Pkce,
}

impl Default for Terms {
    /// Strangers': everybody is asked, and codes are bound.
    fn default() -> Self {
        Self {
            consent: Consent::Asked,
            pkce: Pkce::Required,
        }
    }
}

impl Terms {
    /// The settings that such an application starts from.
    pub fn settings(self) -> ClientSettings {
        ClientSettings {
            consent: self.consent,
            pkce: self.pkce,
            ..ClientSettings::default()
        }
    }
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInitialToken {
    /// What it is for, in the operator's words.
    pub note: String,
    /// What holds for who registers with it.
    pub terms: Terms,
    /// How many may.
    pub uses: i64,
    /// Seconds that it lives.
    pub lives: i64,
    /// Who gives it out, as the trail writes actors.
    pub by: String,
}

/// A token as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InitialToken {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub note: String,
    /// What holds for who registers with it.
    pub terms: Terms,
    /// Who gave it out.
    pub issued_by: String,
    /// When.
    pub issued_at: UnixTime,
    /// The first second in which it is void.
    pub expires_at: UnixTime,
    /// How many may still register.
    pub uses_left: i64,
    /// How many did.
    pub uses: i64,
    /// When it was taken back.
    pub revoked_at: Option<UnixTime>,
}

/// Why none was made.
#[derive(Debug, thiserror::Error)]
pub enum InitialTokenError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Out of bounds.
    #[error(
        "a token is good for 1 to {MOST_USES} applications and at most 366 days; its note has at most {LONGEST_NOTE} characters"
    )]
    Bounds,
}

/// Makes a token; its id and its text, shown this once.
pub fn issue(
    tx: &mut Tx<'_>,
    new: &NewInitialToken,
    entropy: &dyn Entropy,
    now: UnixTime,
) -> Result<(String, Token), InitialTokenError> {
    let plain = new.note.chars().count() <= LONGEST_NOTE && !new.note.chars().any(char::is_control);
    if !(1..=MOST_USES).contains(&new.uses) || !(60..=MOST_SECONDS).contains(&new.lives) || !plain {
        return Err(InitialTokenError::Bounds);
    }
    let token = Token::draw(entropy, SECRET_BYTES)?;
    let mut id = [0; ID_BYTES];
    entropy.fill(&mut id)?;
    let id = data_encoding::HEXLOWER.encode(&id);
    let terms = serde_json::to_string(&new.terms).map_err(|why| StoreError::Inconsistent(why.to_string()))?;
    tx.execute(
        "INSERT INTO initial_access_tokens \
         (id, token_hash, note, terms, issued_by, issued_at, expires_at, uses_left) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            id.as_str(),
            token.hash().as_slice(),
            new.note.as_str(),
            terms,
            new.by.as_str(),
            now,
            now + new.lives,
            new.uses
        ],
    )?;
    Ok((id, token))
}

/// Spends one use of a token; its id and terms, or `None` where it is none, or none any more. One statement.
pub fn spend(tx: &mut Tx<'_>, text: &str, now: UnixTime) -> Result<Option<(String, Terms)>, StoreError> {
    let hash = opaque::hash(text);
    let row = tx.query_opt(
        "UPDATE initial_access_tokens SET uses_left = uses_left - 1, uses = uses + 1 \
         WHERE token_hash = $1 AND uses_left > 0 AND expires_at > $2 AND revoked_at IS NULL RETURNING id, terms",
        params![hash.as_slice(), now],
    )?;
    row.map(|row| Ok((row.text(0)?.to_owned(), terms(row.text(1)?)?)))
        .transpose()
}

fn terms(text: &str) -> Result<Terms, StoreError> {
    serde_json::from_str(text).map_err(|why| StoreError::Inconsistent(format!("a token's terms: {why}")))
}

/// Those that were given out last, newest first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<InitialToken>, StoreError> {
    let rows = tx.query(
        "SELECT id, note, terms, issued_by, issued_at, expires_at, uses_left, uses, revoked_at \
         FROM initial_access_tokens ORDER BY issued_at DESC, id LIMIT 1000",
        &[],
    )?;
    let listed = |row: &Row| {
        Ok(InitialToken {
            id: row.text(0)?.to_owned(),
            note: row.text(1)?.to_owned(),
            terms: terms(row.text(2)?)?,
            issued_by: row.text(3)?.to_owned(),
            issued_at: row.int(4)?,
            expires_at: row.int(5)?,
            uses_left: row.int(6)?,
            uses: row.int(7)?,
            revoked_at: row.opt_int(8)?,
        })
    };
    rows.iter().map(listed).collect()
}

/// Takes one back; false where there is none, or it was taken back before.
pub fn revoke(tx: &mut Tx<'_>, id: &str, now: UnixTime) -> Result<bool, StoreError> {
    let done = tx.execute(
        "UPDATE initial_access_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        params![id, now],
    )?;
    Ok(done == 1)
}
