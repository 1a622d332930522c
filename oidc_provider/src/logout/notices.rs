//! The notices that wait: claimed for a while, then gone, or put off.

use crate::clients::ClientId;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::FlowError;
use samekey_shared::ids::{AccountId, RequestId, SessionId};
use samekey_shared::params;
use samekey_shared::realm::Realm;
use samekey_shared::source::Door;
use samekey_shared::store::{StoreError, Tx};

/// Seconds that a claim lasts: longer than any posting may take.
const LEASE: i64 = 120;
/// Seconds before a try after the first, the second, …; after the last it is given up. An application that was down for half a day
/// is told when it is back.
const PAUSES: [i64; 8] = [2, 10, 30, 120, 600, 3600, 4 * 3600, 8 * 3600];
/// A due time further ahead was written by a clock that has since been set back: such a notice is due.
const FURTHEST: i64 = 9 * 3600;
/// Longest reason that is kept.
const MOST_TROUBLE: usize = 200;

/// A notice in this sender's hands.
#[derive(Debug)]
pub(super) struct Notice {
    pub session: SessionId,
    pub client: ClientId,
    pub account: AccountId,
    pub tries: i64,
    claim: String,
}

/// How the notices stand that applications still wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Untold {
    /// How many.
    pub notices: i64,
    /// How many of them were tried in vain already: their application does not answer.
    pub tried: i64,
}

/// Looks.
pub fn untold(tx: &mut Tx<'_>) -> Result<Untold, StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(*), COALESCE(CAST(SUM(CASE WHEN tries > 0 THEN 1 ELSE 0 END) AS BIGINT), 0) FROM logout_notices",
        &[],
    )?;
    let Some(row) = row else {
        return Ok(Untold::default());
    };
    Ok(Untold {
        notices: row.int(0)?,
        tried: row.int(1)?,
    })
}

/// Whether any is due: a look that costs no commit.
pub(super) fn is_due(realm: &Realm) -> Result<bool, StoreError> {
    let now = realm.clock.now();
    let found = realm.store.read(|tx| {
        tx.query(
            "SELECT client FROM logout_notices WHERE due_at <= $1 OR due_at > $2 LIMIT 1",
            params![now, now + FURTHEST],
        )
    })?;
    Ok(!found.is_empty())
}

/// Takes the one that is due the longest; `None` if none is.
pub(super) fn claim(realm: &Realm) -> Result<Option<Notice>, FlowError> {
    let claim = RequestId::draw(realm.entropy.as_ref())?.to_string();
    let now = realm.clock.now();
    let taken = realm.store.write(|tx| {
        tx.query_opt(
            "UPDATE logout_notices SET claim = $1, due_at = $2, tries = tries + 1 WHERE (session, client) IN \
             (SELECT session, client FROM logout_notices WHERE due_at <= $3 OR due_at > $4 \
             ORDER BY due_at, session, client LIMIT 1) RETURNING session, client, account, tries",
            params![claim.as_str(), now + LEASE, now, now + FURTHEST],
        )
    })?;
    let Some(row) = taken else { return Ok(None) };
    Ok(Some(Notice {
        session: row.parsed(0)?,
        client: row.parsed(1)?,
        account: row.parsed(2)?,
        tries: row.int(3)?,
        claim,
    }))
}

/// The application knows, or need not know.
pub(super) fn done(realm: &Realm, notice: &Notice) -> Result<(), StoreError> {
    realm.store.write(|tx| gone(tx, notice)).map(drop)
}

fn gone(tx: &mut Tx<'_>, notice: &Notice) -> Result<bool, StoreError> {
    let gone = tx.execute(
        "DELETE FROM logout_notices WHERE session = $1 AND client = $2 AND claim = $3",
        params![notice.session, notice.client.as_str(), notice.claim.as_str()],
    )?;
    Ok(gone == 1)
}

/// It could not be told now: later, and each time later than before.
pub(super) fn put_off(realm: &Realm, notice: &Notice, why: &str) -> Result<(), StoreError> {
    let now = realm.clock.now();
    let step = usize::try_from(notice.tries - 1).unwrap_or(0);
    let Some(pause) = PAUSES.get(step) else {
        return given_up(realm, notice, why);
    };
    realm.store.write(|tx| {
        tx.execute(
            "UPDATE logout_notices SET claim = NULL, due_at = $1, trouble = $2 \
             WHERE session = $3 AND client = $4 AND claim = $5",
            params![
                now + pause,
                bounded(why),
                notice.session,
                notice.client.as_str(),
                notice.claim.as_str()
            ],
        )
        .map(drop)
    })
}

/// It will never be told: gone, with a line in the trail.
pub(super) fn given_up(realm: &Realm, notice: &Notice, why: &str) -> Result<(), StoreError> {
    let event = Event::new(EventKind::LogoutUntold, Actor::Samekey)
        .at(Door::Web, format!("oidc:{}", notice.client))
        .result("not_told")
        .detail("session", notice.session)
        .detail("tries", notice.tries)
        .detail("why", bounded(why));
    let now: UnixTime = realm.clock.now();
    realm.store.write(|tx| {
        if gone(tx, notice)? {
            audit::append(tx, &event, now)?;
        }
        Ok(())
    })
}

/// An application's answer is a stranger's text: short, and in one line.
fn bounded(why: &str) -> String {
    let plain = why.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(MOST_TROUBLE).collect()
}
