//! Key sets as they were fetched last. Whoever needs one that is not there waits for the one call that fetches it: strangers may
//! name any client and any key, and must not make us call anybody more than now and then, nor fill our threads with waiting.

use super::keys::KeysProblem;
use crate::jose::JwkSet;
use samekey_shared::clock::UnixTime;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Seconds within which a call that failed is not made again, nor one that was made at all for a key that nobody knows.
pub(super) const PAUSE: i64 = 3;
/// Most sets that are remembered.
const MOST: usize = 1000;
/// Most who wait for one call.
const MOST_WAITING: usize = 16;
/// Longest wait for it: longer than the call itself may take.
const PATIENCE: Duration = Duration::from_secs(6);

/// See the module.
#[derive(Debug, Default)]
pub struct FetchedKeys {
    all: Mutex<BTreeMap<String, Entry>>,
    done: Condvar,
}

#[derive(Debug, Default)]
struct Entry {
    keys: Option<(UnixTime, JwkSet)>,
    failed_at: Option<UnixTime>,
    fetching: bool,
    waiting: usize,
}

/// The turn to fetch; given back whatever happens.
struct Turn<'a> {
    fetched: &'a FetchedKeys,
    address: &'a str,
    now: UnixTime,
    keys: Option<JwkSet>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut all = self.fetched.all();
        let entry = all.entry(self.address.to_owned()).or_default();
        entry.fetching = false;
        match self.keys.take() {
            Some(keys) => (entry.keys, entry.failed_at) = (Some((self.now, keys)), None),
            None => entry.failed_at = Some(self.now),
        }
        drop(all);
        self.fetched.done.notify_all();
    }
}

impl FetchedKeys {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The set of this address that is no older than `good` seconds: remembered, or made by `fetch`.
    pub(super) fn get(
        &self,
        address: &str,
        now: UnixTime,
        good: i64,
        fetch: impl FnOnce() -> Result<JwkSet, KeysProblem>,
    ) -> Result<JwkSet, KeysProblem> {
        if let Some(keys) = self.known_or_turn(address, now, good)? {
            return Ok(keys);
        }
        let mut turn = Turn {
            fetched: self,
            address,
            now,
            keys: None,
        };
        let keys = fetch()?;
        turn.keys = Some(keys.clone());
        Ok(keys)
    }

    /// A set that is there, or `None`: it is this caller's turn to fetch.
    fn known_or_turn(&self, address: &str, now: UnixTime, good: i64) -> Result<Option<JwkSet>, KeysProblem> {
        let mut all = self.all();
        if all.len() >= MOST && !all.contains_key(address) {
            all.retain(|_, entry| entry.fetching);
        }
        let mut patient = true;
        loop {
            let entry = all.entry(address.to_owned()).or_default();
            match &entry.keys {
                Some((at, keys)) if *at > now - good => return Ok(Some(keys.clone())),
                _ => {}
            }
            if entry.failed_at.is_some_and(|at| at > now - PAUSE) {
                return Err(KeysProblem::JustNow);
            }
            if !entry.fetching {
                entry.fetching = true;
                return Ok(None);
            }
            if !patient || entry.waiting >= MOST_WAITING {
                return Err(KeysProblem::JustNow);
            }
            entry.waiting += 1;
            let (again, late) = self
                .done
                .wait_timeout(all, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            all = again;
            patient = !late.timed_out();
            if let Some(entry) = all.get_mut(address) {
                entry.waiting -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::OutboundError;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier};

    #[test]
    fn many_who_need_one_set_make_one_call() {
        let (fetched, calls) = (Arc::new(FetchedKeys::default()), Arc::new(AtomicUsize::new(0)));
        let together = Arc::new(Barrier::new(8));
        let each: Vec<_> = (0..8)
            .map(|_| {
                let (fetched, calls, together) = (fetched.clone(), calls.clone(), together.clone());
                std::thread::spawn(move || {
                    together.wait();
                    let got = fetched.get("https://a.example", 100, 600, || {
                        calls.fetch_add(1, Ordering::SeqCst);
                        Ok(JwkSet::default())
                    });
                    got.is_ok()
                })
            })
            .collect();
        assert!(each.into_iter().all(|one| one.join().unwrap()));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_call_that_failed_is_not_made_again_at_once() {
        let fetched = FetchedKeys::default();
        let failing = |now| fetched.get("a", now, 600, || Err(OutboundError::TooSlow.into()));
        assert_eq!(failing(100), Err(KeysProblem::Fetch(OutboundError::TooSlow)));
        assert_eq!(failing(102), Err(KeysProblem::JustNow));
        assert_eq!(failing(103), Err(KeysProblem::Fetch(OutboundError::TooSlow)));
        let good = |now, good| fetched.get("a", now, good, || Ok(JwkSet::default()));
        assert!(good(110, 600).is_ok());
        assert_eq!(failing(111), Ok(JwkSet::default()), "remembered");
        assert_eq!(failing(800), Err(KeysProblem::Fetch(OutboundError::TooSlow)), "too old");
    }
}
