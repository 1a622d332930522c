//! One throttle per login name: failed tries, counted in the store so that every shell, every page and every machine
//! shares them.
//!
//! A name is counted alike whether an account has it or not, and by its canonical form, so that neither another spelling
//! nor another door gives more tries (oidc.md 27). Sources fall into buckets, each with a count and a lock of its own:
//!
//! ```text
//! net:192.0.2.0/24   a network from which this account signed in before
//! console            the machine's own console
//! local:ann          a user who is on the machine already (sudo, su)
//! strangers          everybody else together, however many addresses they have
//! ```
//!
//! So a stranger's failures never lock the owner's known networks or the console (S10), and a botnet gets as many tries
//! as one machine. After `hard_stop` failures since the account's last success, strangers stay out until the owner
//! signs in from elsewhere or an administrator unlocks (NIST SP 800-63B, 3.2.2).
//!
//! **How to use it.** In the unit of work that checks an answer: [`gate`] first, then the check, then [`failed`] or
//! [`succeeded`]. Only so can parallel guesses not slip past the count. Nothing here ever sleeps.

mod rows;
mod throttle;

pub use rows::SCHEMA;

use crate::accounts::LoginName;
use crate::clock::UnixTime;
use crate::source::Source;
use crate::store::{StoreError, Tx};
use throttle::Bucket;

/// How many tries, and what happens after them (policy `[settings] lockout`; W21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lockout {
    /// Failures that lock; at least 1.
    pub attempts: u32,
    /// Seconds without a failure after which the count starts anew.
    pub window: i64,
    /// Seconds that a lock lasts.
    #[serde(rename = "for")]
    pub lock_for: i64,
    /// Failures of strangers since the account's last success, after which only somebody else's act lets them try again.
    pub hard_stop: u32,
}

impl Default for Lockout {
    fn default() -> Self {
        Self {
            attempts: 5,
            window: 900,
            lock_for: 900,
            hard_stop: 100,
        }
    }
}

/// Whether somebody may try.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// They may.
    Open {
        /// So many failures lead to a lock; at least 1.
        left: u32,
    },
    /// They may not.
    Locked {
        /// The first second in which they may again; [`Gate::NEVER`] if only an unlock or a success from a known place
        /// helps.
        until: UnixTime,
    },
}

impl Gate {
    /// The end of a lock that no time lifts.
    pub const NEVER: UnixTime = UnixTime::MAX;

    /// Whether it is closed.
    pub fn is_locked(self) -> bool {
        matches!(self, Self::Locked { .. })
    }
}

const STRANGERS: &str = "strangers";
const DAY: i64 = 86_400;
/// Buckets say nothing after this long without a failure, whatever the settings.
const QUIET: i64 = 7 * DAY;
/// The strangers' count since the last success is kept for so long.
const SILENT: i64 = 90 * DAY;
/// A network is known for so long after the last success from it.
const KNOWN: i64 = 180 * DAY;

/// The bucket that this source falls into for this name.
fn bucket_of(tx: &mut Tx<'_>, login: &LoginName, source: &Source) -> Result<String, StoreError> {
    match source {
        Source::Local { by: Some(user) } => Ok(format!("local:{user}")),
        Source::Local { by: None } => Ok("console".to_owned()),
        Source::Unknown => Ok(STRANGERS.to_owned()),
        Source::Address(_) => {
            let network = source.network().map(|network| network.to_string()).unwrap_or_default();
            if rows::is_known(tx, login.as_str(), &network)? {
                Ok(format!("net:{network}"))
            } else {
                Ok(STRANGERS.to_owned())
            }
        }
    }
}

/// Tells whether this source may try for this name. Counts nothing.
///
/// In a unit that may write it also re-dates a lock that a clock set back has left in the future, so that it ends one
/// `lock_for` from the moment we first see it; in a read it reports such a lock as if it began now.
pub fn gate(
    tx: &mut Tx<'_>,
    lockout: &Lockout,
    login: &LoginName,
    source: &Source,
    now: UnixTime,
) -> Result<Gate, StoreError> {
    let name = bucket_of(tx, login, source)?;
    let Some(found) = rows::find(tx, login.as_str(), &name)? else {
        return Ok(Bucket::default().gate(lockout, UnixTime::MAX, false));
    };
    let dated = found.dated(lockout, now);
    if dated != found && tx.may_write() {
        rows::put(tx, login.as_str(), &name, &dated)?;
    }
    Ok(dated.gate(lockout, now, name == STRANGERS))
}

/// Counts a failure in the caller's unit of work, and tells what it led to.
pub fn failed(
    tx: &mut Tx<'_>,
    lockout: &Lockout,
    login: &LoginName,
    source: &Source,
    now: UnixTime,
) -> Result<Gate, StoreError> {
    let name = bucket_of(tx, login, source)?;
    let held = rows::hold(tx, login.as_str(), &name, now)?;
    let next = held.dated(lockout, now).after_failure(lockout, now);
    rows::put(tx, login.as_str(), &name, &next)?;
    Ok(next.gate(lockout, now, name == STRANGERS))
}

/// Clears the source's bucket after a complete success, and remembers its network as known.
///
/// Only for a sign-in that the policy granted after a proof: a network that becomes known gets tries of its own.
pub fn succeeded(tx: &mut Tx<'_>, login: &LoginName, source: &Source, now: UnixTime) -> Result<(), StoreError> {
    // Nobody's failures are the usual case.
    if rows::has_any(tx, login.as_str())? {
        let name = bucket_of(tx, login, source)?;
        rows::clear(tx, login.as_str(), &name)?;
        rows::restart_count(tx, login.as_str())?;
    }
    if let Some(network) = source.network() {
        rows::know(tx, login.as_str(), &network.to_string(), now)?;
    }
    Ok(())
}

/// Lifts every lock of this name and forgets its failures; true if there was anything to lift.
pub fn unlock(tx: &mut Tx<'_>, login: &LoginName) -> Result<bool, StoreError> {
    Ok(rows::clear_all(tx, login.as_str())? > 0)
}

/// Whether this account has signed in from this network before; the machine itself is always known (W3).
pub fn is_known_source(tx: &mut Tx<'_>, login: &LoginName, source: &Source) -> Result<bool, StoreError> {
    match source.network() {
        Some(network) => rows::is_known(tx, login.as_str(), &network.to_string()),
        None => Ok(matches!(source, Source::Local { .. })),
    }
}

/// Forgets a name altogether, as when its account is removed: its failures and its known networks.
pub fn forget(tx: &mut Tx<'_>, login: &LoginName) -> Result<(), StoreError> {
    rows::clear_all(tx, login.as_str())?;
    rows::unknow_all(tx, login.as_str())?;
    Ok(())
}

/// A lock that holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Whom it keeps out: `strangers`, `console`, `local:<user>` or `net:<network>`.
    pub bucket: String,
    /// The first second in which they may try again, or [`Gate::NEVER`].
    pub until: UnixTime,
}

/// The locks of this name that hold now.
pub fn locks(tx: &mut Tx<'_>, lockout: &Lockout, login: &LoginName, now: UnixTime) -> Result<Vec<Lock>, StoreError> {
    let buckets = rows::buckets(tx, login.as_str())?;
    let locks = buckets.into_iter().filter_map(|(name, bucket)| {
        match bucket.dated(lockout, now).gate(lockout, now, name == STRANGERS) {
            Gate::Locked { until } => Some(Lock { bucket: name, until }),
            Gate::Open { .. } => None,
        }
    });
    Ok(locks.collect())
}

/// Whether anybody is kept from trying for this name now.
pub fn is_locked_anywhere(
    tx: &mut Tx<'_>,
    lockout: &Lockout,
    login: &LoginName,
    now: UnixTime,
) -> Result<bool, StoreError> {
    Ok(!locks(tx, lockout, login, now)?.is_empty())
}

/// For how many user names, real or not, somebody is kept off now by a lock that time lifts.
pub fn count_locked(tx: &mut Tx<'_>, lockout: &Lockout, now: UnixTime) -> Result<i64, StoreError> {
    rows::count_locked(tx, now.saturating_sub(lockout.lock_for.max(lockout.window)), now)
}

/// Forgets what no longer says anything: for daemons to call now and then. Returns the number of rows dropped.
pub fn forget_old(tx: &mut Tx<'_>, lockout: &Lockout, now: UnixTime) -> Result<u64, StoreError> {
    let quiet = QUIET.max(lockout.window).max(lockout.lock_for);
    let buckets = rows::forget_buckets(tx, now.saturating_sub(quiet), now.saturating_sub(SILENT.max(quiet)))?;
    let known = rows::forget_known(tx, now.saturating_sub(KNOWN))?;
    Ok(buckets + known)
}

#[cfg(test)]
mod tests;
