//! What holds of the throttle whatever happens and however the clock jumps.

use super::*;
use proptest::prelude::*;

/// Runs a case in a unit of its own that is then undone, so that thousands of cases share one store.
fn undone(
    store: &Store,
    mut case: impl FnMut(&mut Tx<'_>) -> Result<(), TestCaseError> + Send,
) -> Result<(), TestCaseError> {
    let mut verdict = Ok(());
    let _: Result<(), StoreError> = store.write(|tx| {
        verdict = case(tx);
        Err(StoreError::Conflict("undo".into()))
    });
    verdict
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
