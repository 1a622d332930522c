//! The rows of challenges.

use super::{Challenge, NewChallenge, Purpose, Spent};
use crate::clock::UnixTime;
use crate::entropy::{Entropy, EntropyError};
use crate::ids::ChallengeId;
use crate::params;
use crate::store::{Component, Migration, Row, StoreError, Tx};

/// The tables of this domain.
pub(crate) const SCHEMA: Component = Component {
    name: "challenges",
    migrations: &[
        Migration {
            version: 1,
            sql: include_str!("../../migrations/challenges_0001.sql"),
        },
        Migration {
            version: 2,
            sql: include_str!("../../migrations/challenges_0002.sql"),
        },
    ],
};

/// How many dead rows one new challenge carries away: more than it makes, so that they never pile up.
const SWEPT_AT_ONCE: i64 = 16;

/// Why no challenge was given out.
#[derive(Debug, thiserror::Error)]
pub enum ChallengeError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Gives out a challenge; some that have expired go with it.
pub fn issue(
    tx: &mut Tx<'_>,
    entropy: &dyn Entropy,
    new: &NewChallenge<'_>,
    now: UnixTime,
) -> Result<Challenge, ChallengeError> {
    sweep(tx, now)?;
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes)?;
    let challenge = Challenge {
        id: ChallengeId::draw(entropy)?,
        bytes,
        expires_at: now.saturating_add(new.lives),
    };
    tx.execute(
        "INSERT INTO challenges (id, purpose, binding, account, bytes, state, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            challenge.id,
            new.purpose.as_str(),
            new.binding,
            new.account,
            challenge.bytes.as_slice(),
            new.state.clone(),
            now,
            challenge.expires_at
        ],
    )?;
    Ok(challenge)
}

/// Spends a challenge: `None` where it was spent, has expired, was given out for something else, or later than now (the
/// clock was set back: nobody knows how long ago that was, S9). One statement, so that of any number of answers to it one
/// gets its bytes.
pub fn spend(
    tx: &mut Tx<'_>,
    id: ChallengeId,
    purpose: Purpose,
    binding: &str,
    now: UnixTime,
) -> Result<Option<Spent>, StoreError> {
    tx.query_opt(
        "UPDATE challenges SET spent_at = $1 \
         WHERE id = $2 AND purpose = $3 AND binding = $4 AND expires_at > $5 AND created_at <= $5 \
         AND spent_at IS NULL \
         RETURNING bytes, account, state",
        params![now, id, purpose.as_str(), binding, now],
    )?
    .as_ref()
    .map(spent)
    .transpose()
}

/// Takes a challenge back that nobody shall answer any more.
pub fn withdraw(tx: &mut Tx<'_>, id: ChallengeId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM challenges WHERE id = $1", params![id])
        .map(drop)
}

/// What a challenge holds that is still good, without spending it: for showing the same page again.
pub fn peek(
    tx: &mut Tx<'_>,
    id: ChallengeId,
    purpose: Purpose,
    binding: &str,
    now: UnixTime,
) -> Result<Option<Spent>, StoreError> {
    tx.query_opt(
        "SELECT bytes, account, state FROM challenges \
         WHERE id = $1 AND purpose = $2 AND binding = $3 AND expires_at > $4 AND created_at <= $4 \
         AND spent_at IS NULL",
        params![id, purpose.as_str(), binding, now],
    )?
    .as_ref()
    .map(spent)
    .transpose()
}

/// Carries away challenges that have expired, and those from the future: time must not make them good again.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM challenges WHERE id IN \
         (SELECT id FROM challenges WHERE expires_at <= $1 OR created_at > $1 LIMIT $2)",
        params![now, SWEPT_AT_ONCE],
    )
    .map(drop)
}

fn spent(row: &Row) -> Result<Spent, StoreError> {
    let wrong = |_| StoreError::Inconsistent("a challenge belongs to no account".into());
    Ok(Spent {
        bytes: row.bytes(0)?.to_vec(),
        account: row.opt_text(1)?.map(str::parse).transpose().map_err(wrong)?,
        state: row.opt_text(2)?.map(str::to_owned),
    })
}
