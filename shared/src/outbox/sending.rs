//! A sender's side: claim a letter, then say what became of it. A claim that has run out says nothing any more.

use super::{Body, rows};
use crate::audit::{self, Actor, Event, EventKind};
use crate::clock::UnixTime;
use crate::flows::FlowError;
use crate::ids::{LetterId, RequestId};
use crate::params;
use crate::realm::Realm;
use crate::store::{StoreError, Tx};

/// Seconds that a claim lasts: longer than any try may take, so that nobody else tries meanwhile.
pub const LEASE: i64 = 300;

/// Seconds before a try after the first, the second, …; then always the last.
const PAUSES: [i64; 8] = [5, 15, 30, 60, 300, 900, 1800, 3600];

/// A due time further ahead was written by a clock that has since been set back: such a letter is due.
const FURTHEST: i64 = 2 * 3600;

/// Longest reason that is kept.
const MOST_TROUBLE: usize = 300;

/// A letter in this sender's hands.
#[derive(Debug)]
pub struct Claimed {
    /// Its id: the left side of its `Message-ID`.
    pub id: LetterId,
    /// What it says.
    pub body: Body,
    /// Which try this is, from 1.
    pub tries: i64,
    void_at: UnixTime,
    claim: String,
}

/// Whether a letter is due: a look that costs no commit.
pub fn is_due(realm: &Realm) -> Result<bool, FlowError> {
    let now = realm.clock.now();
    let found = realm.store.read(|tx| {
        tx.query(
            "SELECT id FROM outbox WHERE due_at <= $1 OR due_at > $2 LIMIT 1",
            params![now, now + FURTHEST],
        )
    })?;
    Ok(!found.is_empty())
}

/// Takes the letter that is due the longest; `None` if none is. One that is void, or that no key opens any more, is given
/// up on the way.
pub fn claim(realm: &Realm) -> Result<Option<Claimed>, FlowError> {
    let keyring = realm.keyring()?;
    let claim = RequestId::draw(realm.entropy.as_ref())?.to_string();
    loop {
        let now = realm.clock.now();
        let taken = realm.store.write(|tx| take(tx, &claim, now))?;
        let Some(taken) = taken else { return Ok(None) };
        let Taken {
            id,
            sealed,
            tries,
            void_at,
        } = taken;
        let held = |body| Claimed {
            id,
            body,
            tries,
            void_at,
            claim: claim.clone(),
        };
        let opened = keyring.open(&rows::place(id), &sealed);
        let read = opened
            .ok()
            .and_then(|plain| serde_json::from_slice::<Body>(plain.expose()).ok());
        match read {
            Some(body) if now < void_at => return Ok(Some(held(body))),
            Some(body) => given_up(realm, &held(body), "it came to no server in time")?,
            None => forget(realm, id, &claim)?,
        }
    }
}

struct Taken {
    id: LetterId,
    sealed: Vec<u8>,
    tries: i64,
    void_at: UnixTime,
}

fn take(tx: &mut Tx<'_>, claim: &str, now: UnixTime) -> Result<Option<Taken>, StoreError> {
    let row = tx.query_opt(
        "UPDATE outbox SET claim = $1, due_at = $2, tries = tries + 1 WHERE id = \
         (SELECT id FROM outbox WHERE due_at <= $3 OR due_at > $4 ORDER BY due_at, id LIMIT 1) \
         RETURNING id, body, tries, void_at",
        params![claim, now + LEASE, now, now + FURTHEST],
    )?;
    row.map(|row| {
        Ok(Taken {
            id: row.parsed(0)?,
            sealed: row.bytes(1)?.to_vec(),
            tries: row.int(2)?,
            void_at: row.int(3)?,
        })
    })
    .transpose()
}

/// A server has taken it: it is gone from here, codes and all. False where the claim had run out.
pub fn sent(realm: &Realm, letter: &Claimed) -> Result<bool, FlowError> {
    let gone = realm.store.write(|tx| gone(tx, letter.id, &letter.claim))?;
    Ok(gone)
}

fn gone(tx: &mut Tx<'_>, id: LetterId, claim: &str) -> Result<bool, StoreError> {
    let gone = tx.execute("DELETE FROM outbox WHERE id = $1 AND claim = $2", params![id, claim])?;
    Ok(gone == 1)
}

/// It could not be sent now: later, and each time later than before; given up when the next try would come too late.
pub fn put_off(realm: &Realm, letter: &Claimed, why: &str) -> Result<(), FlowError> {
    let now = realm.clock.now();
    let step = usize::try_from(letter.tries - 1).unwrap_or(0).min(PAUSES.len() - 1);
    let due_at = now.saturating_add(PAUSES[step]);
    if due_at >= letter.void_at {
        return given_up(realm, letter, why);
    }
    realm.store.write(|tx| {
        tx.execute(
            "UPDATE outbox SET claim = NULL, due_at = $1, trouble = $2 WHERE id = $3 AND claim = $4",
            params![due_at, bounded(why), letter.id, letter.claim.as_str()],
        )
        .map(drop)
    })?;
    Ok(())
}

/// It will never be sent: gone, with a line in the trail.
pub fn given_up(realm: &Realm, letter: &Claimed, why: &str) -> Result<(), FlowError> {
    let event = Event::new(EventKind::LetterGivenUp, Actor::Samekey)
        .about(&letter.body.login)
        .result("not_sent")
        .detail("letter", letter.body.kind.word())
        .detail("tries", letter.tries)
        .detail("why", bounded(why));
    realm.store.write(|tx| {
        if gone(tx, letter.id, &letter.claim)? {
            audit::append(tx, &event, realm.clock.now())?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

/// A letter that no key opens is nobody's any more.
fn forget(realm: &Realm, id: LetterId, claim: &str) -> Result<(), FlowError> {
    let event = Event::new(EventKind::LetterGivenUp, Actor::Samekey)
        .result("not_sent")
        .detail("why", "the keyring does not open it");
    realm.store.write(|tx| {
        if gone(tx, id, claim)? {
            audit::append(tx, &event, realm.clock.now())?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

/// A server's answer is a stranger's text: short, and in one line.
fn bounded(why: &str) -> String {
    let plain = why.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(MOST_TROUBLE).collect()
}
