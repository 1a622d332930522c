//! What spares a person the next question, and what makes a sign-in unusual.
//!
//! ```text
//!   remembered browser   a cookie `id.secret`, for so long as the policy's `remember` says, counted from the proof (R27-R29, Q12)
//!   recheck              no token: the same account, host, service, address and public key, for `recheck` (Q12)
//!   usual                a browser and a network from which this account has signed in before (W3)
//! ```
//!
//! **Nothing here lets anybody in.** It gives facts to [`crate::policy`], which decides: never for a fresh proof, never
//! above `high`, never where the sign-in is unusual or an application asked for more (Q13). What was spared is not
//! claimed: `acr` and `amr` tell only what was proven now.
//!
//! **It dies easily.** Any change of a device or password, a lock, another policy (for shells; for browsers one that no
//! longer remembers anybody) and an unusual sign-in (W9) void it, in the unit of work that makes the change; a clock set
//! back behind the proof makes it worth nothing (S9).

mod browser;
pub mod last;
mod recheck;
mod remembered;
mod usual;

pub use browser::{Browser, Mark, Shown};
pub use recheck::Binding;
pub(crate) use recheck::{note as note_recheck, proven_at as rechecked_at, used as use_recheck};
pub use remembered::{Remembered, TrustError, TrustToken, of_account, remember, revoke};
pub(crate) use remembered::{used as use_remembered, verified_at as remembered_at};
pub(crate) use usual::{Sight, abnormal};
pub use usual::{know_browser, mark_of};

use crate::clock::UnixTime;
use crate::ids::AccountId;
use crate::params;
use crate::policy::Policy;
use crate::store::{Component, Migration, StoreError, Tx};

/// The tables of this domain.
pub const SCHEMA: Component = Component {
    name: "trust",
    migrations: &[Migration {
        version: 1,
        sql: include_str!("../../migrations/trust_0001.sql"),
    }],
};

/// A browser is known for so many seconds after its last sign-in, as a network is.
const KNOWN: i64 = 180 * 86_400;

/// Voids everything that would spare this account a question, at both doors. Returns how much there was.
pub fn revoke_all(tx: &mut Tx<'_>, account: AccountId) -> Result<u64, StoreError> {
    let browsers = tx.execute("DELETE FROM remembered_browsers WHERE account = $1", params![account])?;
    let shells = tx.execute("DELETE FROM rechecks WHERE account = $1", params![account])?;
    Ok(browsers + shells)
}

/// Another policy holds: shells are asked again, browsers too if it remembers none at all. One that still remembers some
/// is asked at each sign-in whether it remembers this one.
pub(crate) fn follow_policy(tx: &mut Tx<'_>, policy: &Policy) -> Result<(), StoreError> {
    tx.execute("DELETE FROM rechecks", &[])?;
    if !policy.remembers_anybody() {
        tx.execute("DELETE FROM remembered_browsers", &[])?;
    }
    Ok(())
}

/// Forgets what has ended, and what a clock that stood wrong has left in the future: for daemons to call now and then.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<u64, StoreError> {
    let browsers = tx.execute(
        "DELETE FROM remembered_browsers WHERE expires_at <= $1 OR verified_at > $1",
        params![now],
    )?;
    let shells = tx.execute(
        "DELETE FROM rechecks WHERE expires_at <= $1 OR verified_at > $1",
        params![now],
    )?;
    let known = tx.execute(
        "DELETE FROM known_browsers WHERE last_at < $1",
        params![now.saturating_sub(KNOWN)],
    )?;
    Ok(browsers + shells + known)
}
