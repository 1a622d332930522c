//! The sessions of an account: shown to their person and to administrators, and ended one by one or all at once.

use super::{applications, rows};
use crate::grants;
use samekey_shared::clock::UnixTime;
use samekey_shared::devices::{self, Device, DeviceState, UnboundWhy};
use samekey_shared::flows::FlowError;
use samekey_shared::ids::{AccountId, DeviceId, SessionId};
use samekey_shared::methods::Evidence;
use samekey_shared::params;
use samekey_shared::realm::Realm;
use samekey_shared::store::{Row, StoreError, Tx};

/// More sessions than this are not read: nobody looks through them, and each still ends with all.
const MOST: i64 = 200;

/// A live session as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: SessionId,
    /// What its browser calls itself; empty where it said nothing.
    pub browser: String,
    /// Where it was signed in, as a person reads it; empty for sessions of before this was noted.
    pub source: String,
    /// When its person signed in: when the first factor was right.
    pub signed_in_at: UnixTime,
    /// When it was last used to sign in somewhere or to prove something.
    pub seen_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// The live sessions of an account, the one used last first.
pub fn of_account(realm: &Realm, tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Listed>, FlowError> {
    let now = realm.clock.now();
    let idle = realm.policy(tx)?.idle();
    let found = tx.query(
        "SELECT id, browser, source, first_at, seen_at, expires_at FROM web_sessions \
         WHERE account = $1 AND expires_at > $2 AND seen_at > $2 - COALESCE(CASE WHEN idle < $3 THEN idle END, $3) \
         ORDER BY seen_at DESC, id LIMIT $4",
        params![account, now, idle, MOST],
    )?;
    Ok(found.iter().map(listed).collect::<Result<_, _>>()?)
}

fn listed(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed {
        id: row.parsed(0)?,
        browser: row.text(1)?.to_owned(),
        source: row.text(2)?.to_owned(),
        signed_in_at: row.int(3)?,
        seen_at: row.int(4)?,
        expires_at: row.int(5)?,
    })
}

/// Signs out everywhere: ends every session of the account but one, with every code and token that was given to it, also
/// under sessions of before, and leaves a notice for each application; how many ended.
pub fn end_all(tx: &mut Tx<'_>, account: AccountId, except: Option<SessionId>) -> Result<u64, StoreError> {
    grants::end_of_account(tx, account, except)?;
    let kept = except.map_or_else(String::new, |id| id.to_string());
    applications::leave_all_notices(tx, account, &kept)?;
    tx.execute(
        "DELETE FROM web_sessions WHERE account = $1 AND id <> $2",
        params![account, kept.as_str()],
    )
}

/// Ends one session of this account; false where it has none of this id, or it ended before.
pub fn end_own(tx: &mut Tx<'_>, account: AccountId, id: SessionId) -> Result<bool, StoreError> {
    let own = tx.query_opt(
        "SELECT id FROM web_sessions WHERE id = $1 AND account = $2",
        params![id, account],
    )?;
    Ok(own.is_some() && rows::end(tx, id)?)
}

/// Ends the sessions that rest on a key in whose place another has come by itself (R75), but for the one that begins.
pub fn end_born_of_replaced(tx: &mut Tx<'_>, account: AccountId, except: Option<SessionId>) -> Result<u64, StoreError> {
    let replaced = |device: &Device| match &device.state {
        DeviceState::Unbound(end) => end.why == UnboundWhy::Replaced && device.kind.is_fido(),
        DeviceState::Bound => false,
    };
    let gone = devices::rows::list(tx, account)?.into_iter().filter(replaced);
    let mut ended = 0;
    for device in gone {
        ended += end_born_of(tx, account, device.id, except)?;
    }
    Ok(ended)
}

/// Ends the sessions that rest on this device, which is bound no longer (ASVS 7.5.2), but for the one that acts; how
/// many ended.
pub fn end_born_of(
    tx: &mut Tx<'_>,
    account: AccountId,
    device: DeviceId,
    except: Option<SessionId>,
) -> Result<u64, StoreError> {
    let rows = tx.query(
        "SELECT id, evidence FROM web_sessions WHERE account = $1",
        params![account],
    )?;
    let mut ended = 0;
    for row in &rows {
        let id: SessionId = row.parsed(0)?;
        let born = rows::evidence(row.text(1)?)?;
        let rests = born.iter().map(Evidence::device).any(|one| one == Some(device));
        if rests && Some(id) != except && rows::end(tx, id)? {
            ended += 1;
        }
    }
    Ok(ended)
}
