//! The throttle on a real store, its clock moved by hand.

use super::*;
use crate::accounts::RealmNames;
use crate::clock::{Clock, HandClock};
use crate::store::Store;
use std::sync::atomic::{AtomicU32, Ordering};

mod properties;

const LOCKOUT: Lockout = Lockout {
    attempts: 5,
    window: 900,
    lock_for: 600,
    hard_stop: 100,
};
const START: UnixTime = 1_800_000_000;

struct Bench {
    store: Store,
    clock: HandClock,
    _folder: tempfile::TempDir,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_sqlite(&folder.path().join("store.db")).unwrap();
    store.migrate(&[SCHEMA]).unwrap();
    Bench {
        store,
        clock: HandClock::at(START),
        _folder: folder,
    }
}

/// The name that this spelling of it means.
fn name(spelling: &str) -> LoginName {
    let names = RealmNames {
        realm: "example.org".into(),
        aliases: vec!["corp".into()],
    };
    LoginName::parse(spelling, &names).unwrap()
}

fn ann() -> LoginName {
    name("ann")
}

fn from(address: &str) -> Source {
    Source::parse_address(address).unwrap()
}

const CONSOLE: Source = Source::Local { by: None };

impl Bench {
    fn gate(&self, source: &Source) -> Gate {
        let now = self.clock.now();
        self.store.write(|tx| gate(tx, &LOCKOUT, &ann(), source, now)).unwrap()
    }

    fn fail(&self, source: &Source) -> Gate {
        let now = self.clock.now();
        self.store
            .write(|tx| failed(tx, &LOCKOUT, &ann(), source, now))
            .unwrap()
    }

    fn succeed(&self, source: &Source) {
        let now = self.clock.now();
        self.store.write(|tx| succeeded(tx, &ann(), source, now)).unwrap();
    }

    fn lock(&self, source: &Source) {
        while !self.fail(source).is_locked() {}
    }
}

#[test]
fn the_fifth_failure_locks_and_the_lock_ends() {
    let bench = bench();
    let source = from("192.0.2.1");
    assert_eq!(bench.gate(&source), Gate::Open { left: 5 });
    for left in [4, 3, 2, 1] {
        assert_eq!(bench.fail(&source), Gate::Open { left });
        assert_eq!(bench.gate(&source), Gate::Open { left });
    }
    let until = START + LOCKOUT.lock_for;
    assert_eq!(bench.fail(&source), Gate::Locked { until });
    bench.clock.set(until - 1);
    assert_eq!(bench.gate(&source), Gate::Locked { until });
    assert_eq!(bench.fail(&source), Gate::Locked { until }, "a lock is not prolonged");
    bench.clock.set(until);
    assert_eq!(bench.gate(&source), Gate::Open { left: 5 });
    assert_eq!(bench.fail(&source), Gate::Open { left: 4 });
}

#[test]
fn failures_a_whole_window_apart_do_not_count_together() {
    let bench = bench();
    for _ in 0..40 {
        assert_eq!(bench.fail(&CONSOLE), Gate::Open { left: 4 });
        bench.clock.advance(LOCKOUT.window);
        assert_eq!(bench.gate(&CONSOLE), Gate::Open { left: 5 });
    }
}

#[test]
fn a_success_clears_its_own_bucket_only() {
    let bench = bench();
    let (home, stranger) = (from("192.0.2.1"), from("203.0.113.1"));
    bench.succeed(&home);
    let _ = bench.fail(&home);
    let _ = bench.fail(&stranger);
    bench.succeed(&from("192.0.2.200"));
    assert_eq!(bench.gate(&home), Gate::Open { left: 5 });
    assert_eq!(bench.gate(&stranger), Gate::Open { left: 4 });
}

#[test]
fn a_local_user_locks_neither_the_console_nor_another_local_user() {
    let bench = bench();
    let by = |name: &str| Source::Local { by: Some(name.into()) };
    bench.lock(&by("mallory"));
    assert!(bench.gate(&by("mallory")).is_locked());
    for free in [CONSOLE, by("ann"), from("192.0.2.1"), Source::Unknown] {
        assert_eq!(bench.gate(&free), Gate::Open { left: 5 }, "{free}");
    }
}

#[test]
fn a_mapped_address_is_no_second_source() {
    let bench = bench();
    bench.succeed(&from("192.0.2.1"));
    bench.lock(&from("192.0.2.9"));
    assert!(bench.gate(&from("::ffff:192.0.2.1")).is_locked());
}

#[test]
fn strangers_stop_for_good_after_a_hundred_until_the_owner_or_an_administrator_acts() {
    let bench = bench();
    let (home, stranger) = (from("192.0.2.1"), from("203.0.113.1"));
    let exhaust = || {
        for _ in 0..100 {
            if let Gate::Locked { until } = bench.fail(&stranger)
                && until != Gate::NEVER
            {
                bench.clock.set(until);
            }
        }
        bench.clock.advance(365 * DAY);
        assert_eq!(bench.gate(&stranger), Gate::Locked { until: Gate::NEVER });
        assert!(!bench.gate(&home).is_locked());
        assert!(!bench.gate(&CONSOLE).is_locked());
    };
    bench.succeed(&home);
    exhaust();
    bench.succeed(&home);
    assert!(!bench.gate(&stranger).is_locked());
    exhaust();
    assert!(bench.store.write(|tx| unlock(tx, &ann())).unwrap());
    assert_eq!(bench.gate(&stranger), Gate::Open { left: 5 });
    assert!(!bench.store.write(|tx| unlock(tx, &ann())).unwrap());
}

#[test]
fn every_spelling_of_a_name_shares_one_throttle_and_other_names_have_their_own() {
    let bench = bench();
    for spelling in ["ann", "ann@example.org", "ann@corp", "ann@EXAMPLE.org", "ann"] {
        let counted = bench
            .store
            .write(|tx| failed(tx, &LOCKOUT, &name(spelling), &Source::Unknown, START));
        let _ = counted.unwrap();
    }
    assert!(bench.gate(&Source::Unknown).is_locked());
    let other = bench
        .store
        .read(|tx| gate(tx, &LOCKOUT, &name("nobody-has-this"), &Source::Unknown, START));
    assert_eq!(other.unwrap(), Gate::Open { left: 5 });
}

#[test]
fn locks_are_listed_while_they_hold() {
    let bench = bench();
    let listed = || {
        let now = bench.clock.now();
        let locks = bench.store.read(|tx| locks(tx, &LOCKOUT, &ann(), now)).unwrap();
        locks.into_iter().map(|lock| lock.bucket).collect::<Vec<_>>()
    };
    let _ = bench.fail(&CONSOLE);
    assert_eq!(listed(), [""; 0]);
    bench.lock(&CONSOLE);
    bench.lock(&Source::Unknown);
    assert_eq!(listed(), ["console", "strangers"]);
    let now = bench.clock.now();
    assert!(
        bench
            .store
            .read(|tx| is_locked_anywhere(tx, &LOCKOUT, &ann(), now))
            .unwrap()
    );
    bench.clock.advance(LOCKOUT.lock_for);
    assert_eq!(listed(), [""; 0]);
}

#[test]
fn what_says_nothing_is_forgotten_and_the_rest_is_not() {
    let bench = bench();
    let (home, stranger) = (from("192.0.2.1"), from("203.0.113.1"));
    let forget = || {
        let now = bench.clock.now();
        bench.store.write(|tx| forget_old(tx, &LOCKOUT, now)).unwrap()
    };
    bench.succeed(&home);
    bench.lock(&CONSOLE);
    bench.lock(&stranger);
    assert_eq!(forget(), 0);
    bench.clock.set(START - DAY);
    assert_eq!(forget(), 0, "a clock set back forgets nothing");
    bench.clock.set(START + 30 * DAY);
    assert_eq!(forget(), 1, "the console's bucket; not the strangers' long count");
    bench.clock.set(START + 100 * DAY);
    assert_eq!(forget(), 1, "the strangers' bucket");
    bench.clock.set(START + 200 * DAY);
    assert_eq!(forget(), 1, "the known network");
}

#[test]
fn a_read_refuses_nothing_and_changes_nothing_when_the_clock_went_back() {
    let bench = bench();
    bench.lock(&CONSOLE);
    bench.clock.set(START - DAY);
    let now = bench.clock.now();
    let seen = bench
        .store
        .read(|tx| gate(tx, &LOCKOUT, &ann(), &CONSOLE, now))
        .unwrap();
    assert_eq!(
        seen,
        Gate::Locked {
            until: now + LOCKOUT.lock_for
        }
    );
}

#[test]
fn parallel_guesses_do_not_slip_past_the_count() {
    let bench = bench();
    let guesses = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for n in 0..32u8 {
            let (store, guesses) = (bench.store.clone(), &guesses);
            scope.spawn(move || {
                let source = from(&format!("203.0.{n}.7"));
                let tried = store.write(|tx| {
                    if gate(tx, &LOCKOUT, &ann(), &source, START)?.is_locked() {
                        return Ok(false);
                    }
                    let _ = failed(tx, &LOCKOUT, &ann(), &source, START)?;
                    Ok::<_, StoreError>(true)
                });
                guesses.fetch_add(u32::from(tried.unwrap()), Ordering::SeqCst);
            });
        }
    });
    assert_eq!(guesses.into_inner(), LOCKOUT.attempts);
}
