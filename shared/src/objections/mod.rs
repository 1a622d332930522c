//! "This was not me": a link in every letter about something that somebody else may have done.
//!
//! The link is good once and for seven days. Whoever presses the button behind it ends everything that is signed in, and
//! from then on nothing of the account's devices can be changed by its own person: an intruder would do the same. The
//! hold ends when an administrator lifts it, or when somebody shows a passkey or security key that was bound before what
//! is disputed happened: that one cannot be the intruder's.

mod rows;

pub use rows::{Objection, SCHEMA, hold, is_held, look, offer, offered_since, release, spend, sweep};

use crate::clock::UnixTime;
use crate::devices;
use crate::ids::AccountId;
use crate::methods::{Evidence, Level};
use crate::store::{StoreError, Tx};

/// Seconds that a link is good.
pub const LIVES: i64 = 7 * 86_400;

/// Lifts the hold if this evidence does: a key, shown after the hold began, bound before what is disputed. True if it
/// lifted one.
pub fn release_by(
    tx: &mut Tx<'_>,
    account: AccountId,
    evidence: &[Evidence],
    now: UnixTime,
) -> Result<bool, StoreError> {
    let Some((since, disputed_from)) = rows::held(tx, account)? else {
        return Ok(false);
    };
    let bound = devices::rows::bound(tx, account)?.devices;
    let trusted = |one: &Evidence| {
        let shown = one.level() >= Level::Highest && (since..=now).contains(&one.at());
        let before = bound
            .iter()
            .any(|device| Some(device.id) == one.device() && device.created_at < disputed_from);
        shown && before
    };
    if evidence.iter().any(trusted) {
        rows::release(tx, account)
    } else {
        Ok(false)
    }
}
