//! Background work of the agent: carries the store's log over, and forgets failures and approvals that no longer say
//! anything, so that neither waits for somebody's login. The provider does the same where it runs; doing it twice does no
//! harm.

use crate::configured::Configured;
use crate::journal;
use samekey_shared::realm::Realm;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(60);

/// Rounds between two sweeps; the first comes one round after the start.
const SWEEP_EVERY: u32 = 60;

/// Runs until dropped.
#[derive(Debug)]
pub struct Upkeep {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// Starts. Without a thread the agent still serves: the store then carries its log over in the middle of a login.
    pub fn start(realm: Arc<Realm>, configured: Arc<Configured>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let rounds = move || {
            for round in 0_u32.. {
                match stopped.recv_timeout(ROUND) {
                    Err(RecvTimeoutError::Timeout) => {
                        once(&realm, round);
                        if let Some(said) = configured.news() {
                            journal::trouble(&format!("the agent's configuration: {said}"));
                        }
                    }
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        let thread = thread::Builder::new()
            .name("upkeep".into())
            .stack_size(256 * 1024)
            .spawn(rounds);
        match thread {
            Ok(thread) => Self {
                stop: Some(stop),
                thread: Some(thread),
            },
            Err(error) => {
                journal::trouble(&format!("no thread for the background work: {error}"));
                Self {
                    stop: None,
                    thread: None,
                }
            }
        }
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One round.
fn once(realm: &Realm, round: u32) {
    samekey_shared::accounts::password::give_back();
    if let Err(error) = realm.store.checkpoint() {
        journal::trouble(&format!(
            "the store's log was not carried over; the next round tries again: {error}"
        ));
    }
    if round.is_multiple_of(SWEEP_EVERY)
        && let Err(error) = realm.store.write(|tx| realm.sweep(tx))
    {
        journal::trouble(&format!(
            "what has ended was not forgotten; the next sweep tries again: {error}"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::attempts;
    use samekey_shared::clock::Clock;
    use samekey_shared::config::Config;
    use samekey_shared::source::Source;
    use samekey_shared::testing::TestRealm;

    #[test]
    fn a_sweep_forgets_what_is_old_and_keeps_what_is_not() {
        let test = TestRealm::new().unwrap();
        let lockout = attempts::Lockout::default();
        let login = "ann".parse().unwrap();
        let console = Source::Local { by: None };
        let left = || {
            let now = test.clock.now();
            test.realm
                .store
                .read(|tx| attempts::gate(tx, &lockout, &login, &console, now))
                .unwrap()
        };
        let now = test.clock.now();
        let _ = test
            .realm
            .store
            .write(|tx| attempts::failed(tx, &lockout, &login, &console, now))
            .unwrap();
        once(&test.realm, 0);
        assert_eq!(left(), attempts::Gate::Open { left: 4 });
        test.clock.advance(30 * 86_400);
        once(&test.realm, 0);
        // Back at the moment of the failure, the throttle would still know it, had it not been forgotten.
        test.clock.set(now);
        assert_eq!(left(), attempts::Gate::Open { left: 5 });
    }

    #[test]
    fn it_stops_at_once() {
        let test = TestRealm::new().unwrap();
        let config = Config::load(&test.folder().join("samekey.toml")).unwrap();
        let configured = Configured::by(&config).unwrap();
        drop(Upkeep::start(test.realm.clone(), Arc::new(configured)));
    }
}
