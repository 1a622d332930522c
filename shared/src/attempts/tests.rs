//! The throttle on a real store, its clock moved by hand.

use super::*;
use crate::accounts::RealmNames;
use crate::clock::{Clock, HandClock};
use crate::store::Store;
use proptest::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

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

/// Runs a case in a unit of its own that is then undone, so that thousands of cases share one store.
fn undone(store: &Store, mut case: impl FnMut(&mut Tx<'_>) -> Result<(), TestCaseError>) -> Result<(), TestCaseError> {
    let mut verdict = Ok(());
    let _: Result<(), StoreError> = store.write(|tx| {
        verdict = case(tx);
        Err(StoreError::Conflict("undo".into()))
    });
    verdict
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

/// What happens in a made-up history: somebody fails at a gate that lets them, or time moves.
#[derive(Debug, Clone)]
enum Event {
    Try(Source),
    Clock(i64),
}

fn strangers() -> impl Strategy<Value = Source> {
    prop_oneof![
        any::<u128>().prop_map(|bits| Source::address(std::net::Ipv6Addr::from_bits(bits | 1 << 127).into())),
        any::<u32>().prop_map(|bits| Source::address(std::net::Ipv4Addr::from_bits(bits | 0x8000_0000).into())),
        Just(Source::Unknown),
    ]
}

fn history(clock: std::ops::Range<i64>) -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => strangers().prop_map(Event::Try),
        1 => clock.prop_map(Event::Clock),
    ];
    prop::collection::vec(event, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// S10: whatever strangers do, the owner's known networks and the console keep all their tries.
    #[test]
    fn strangers_never_lock_the_owner_out(history in history(-2000..2000)) {
        let bench = shared_bench();
        undone(&bench.store, |tx| {
            let home = from("10.1.2.3");
            let mut now = START;
            succeeded(tx, &ann(), &home, now).unwrap();
            for event in &history {
                match event {
                    Event::Clock(by) => now += by,
                    Event::Try(source) => { let _ = failed(tx, &LOCKOUT, &ann(), source, now).unwrap(); }
                }
                for own in [&home, &from("10.1.2.99"), &CONSOLE, &Source::Local { by: Some("ann".into()) }] {
                    prop_assert_eq!(gate(tx, &LOCKOUT, &ann(), own, now).unwrap(), Gate::Open { left: 5 });
                }
            }
            Ok(())
        })?;
    }

    /// However many addresses they have, strangers get `attempts` tries a window, and so no more than a single one.
    #[test]
    fn many_strangers_get_no_more_tries_than_one(history in history(0..1200)) {
        let bench = shared_bench();
        undone(&bench.store, |tx| {
            let (mut now, mut tries) = (START, Vec::new());
            for event in &history {
                match event {
                    Event::Clock(by) => now += by,
                    Event::Try(source) => {
                        if !gate(tx, &LOCKOUT, &ann(), source, now).unwrap().is_locked() {
                            let _ = failed(tx, &LOCKOUT, &ann(), source, now).unwrap();
                            tries.push(now);
                        }
                    }
                }
            }
            let limit = LOCKOUT.attempts as usize;
            // Among one more tries than a lock allows there is always the pause of a lock (a window's is longer).
            for run in tries.windows(limit + 1) {
                prop_assert!(run.windows(2).any(|pair| pair[1] - pair[0] >= LOCKOUT.lock_for));
            }
            Ok(())
        })?;
    }

    /// A clock set back never shortens the wait and never makes it longer than a whole lock.
    #[test]
    fn a_clock_set_back_keeps_the_lock_and_does_not_stretch_it(passed in 0..600_i64, back in 1..10_000_000_i64) {
        let bench = shared_bench();
        undone(&bench.store, |tx| {
            for _ in 0..LOCKOUT.attempts {
                let _ = failed(tx, &LOCKOUT, &ann(), &CONSOLE, START).unwrap();
            }
            let Gate::Locked { until } = gate(tx, &LOCKOUT, &ann(), &CONSOLE, START + passed).unwrap() else {
                return Err(TestCaseError::fail("open before its end"));
            };
            let remaining = until - START - passed;
            let now = START + passed - back;
            let Gate::Locked { until } = gate(tx, &LOCKOUT, &ann(), &CONSOLE, now).unwrap() else {
                return Err(TestCaseError::fail("opened by setting the clock back"));
            };
            prop_assert!((remaining..=LOCKOUT.lock_for).contains(&(until - now)));
            // The new end stands: it does not move on as time goes by.
            let later = gate(tx, &LOCKOUT, &ann(), &CONSOLE, until - 1).unwrap();
            prop_assert_eq!(later, Gate::Locked { until });
            prop_assert!(!gate(tx, &LOCKOUT, &ann(), &CONSOLE, until).unwrap().is_locked());
            Ok(())
        })?;
    }

    /// Whatever happened, and however the clock jumped, a lock ends one `lock_for` after it is looked at (strangers'
    /// hard stop excepted).
    #[test]
    fn every_lock_ends(history in history(-100_000..100_000)) {
        let bench = shared_bench();
        undone(&bench.store, |tx| {
            let mut now = START;
            for event in &history {
                match event {
                    Event::Clock(by) => now += by,
                    Event::Try(_) => { let _ = failed(tx, &LOCKOUT, &ann(), &CONSOLE, now).unwrap(); }
                }
            }
            if let Gate::Locked { until } = gate(tx, &LOCKOUT, &ann(), &CONSOLE, now).unwrap() {
                prop_assert!(until - now <= LOCKOUT.lock_for);
                prop_assert_eq!(gate(tx, &LOCKOUT, &ann(), &CONSOLE, until).unwrap(), Gate::Open { left: 5 });
            }
            Ok(())
        })?;
    }
}

/// One store for all cases of the properties above: each undoes its unit.
fn shared_bench() -> &'static Bench {
    static BENCH: std::sync::OnceLock<Bench> = std::sync::OnceLock::new();
    BENCH.get_or_init(bench)
}
