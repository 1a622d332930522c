//! How many approvals may wait, how many be asked for, and who wins when many decide at once.

use super::*;
use std::sync::Barrier;

#[test]
fn one_waits_per_account_and_source_and_the_newest_it_is() {
    let bench = Bench::new();
    let (first, elsewhere) = (bench.open("192.0.2.7"), bench.open("192.0.2.8"));
    let second = bench.open("192.0.2.7");
    assert_eq!(bench.collect(&first), Collected::Cancelled);
    assert_eq!(bench.collect(&second), Collected::Pending);
    assert_eq!(
        bench.collect(&elsewhere),
        Collected::Pending,
        "nobody elsewhere can end it"
    );
    assert!(bench.trail().contains(&"approval-cancelled superseded".to_owned()));
}

#[test]
fn strangers_all_together_have_five_in_ten_minutes() {
    let bench = Bench::new();
    for n in 0..5 {
        let _ = bench.open(&format!("192.0.{n}.7"));
        bench.clock.advance(1);
    }
    let busy = bench.try_open("203.0.113.9");
    assert!(
        matches!(busy, Err(OpenError::Busy(Busy { until })) if until == START + 600),
        "{busy:?}"
    );
    // A network that ann signed in from before has a count of its own.
    let home = from("10.0.0.1");
    let now = bench.clock.now();
    bench
        .store
        .write(|tx| crate::attempts::succeeded(tx, &name("ann"), &home, now))
        .unwrap();
    let _ = bench.open("10.0.0.99");
    bench.clock.set(START + 600);
    let _ = bench.open("203.0.113.9");
}

#[test]
fn a_reported_source_is_silent_for_an_hour() {
    let bench = Bench::new();
    let waiting = bench.open("192.0.2.7");
    assert_eq!(bench.deny(&waiting, bench.ann, Denying::Report), Decision::Taken);
    assert!(matches!(bench.try_open("192.0.2.7"), Err(OpenError::Busy(_))));
    let _ = bench.open("192.0.2.8");
    bench.clock.advance(3600);
    let _ = bench.open("192.0.2.7");
}

#[test]
fn of_many_deciders_one_decides_and_of_many_collectors_one_collects() {
    const CROWD: usize = 16;
    let bench = Bench::new();
    let waiting = bench.open("192.0.2.7");
    let start = Barrier::new(CROWD);
    let taken = std::thread::scope(|scope| {
        let crowd: Vec<_> = (0..CROWD)
            .map(|n| {
                let (bench, waiting, start) = (&bench, &waiting, &start);
                scope.spawn(move || {
                    start.wait();
                    match n % 3 {
                        0 => bench.deny(waiting, bench.ann, Denying::Deny),
                        1 => bench.approve(waiting, bench.ann, &waiting.number()),
                        _ => bench.approve(waiting, bench.ann, &waiting.wrong_number()),
                    }
                })
            })
            .collect();
        let taken = crowd.into_iter().map(|one| one.join().unwrap());
        taken.filter(|decision| *decision != Decision::Gone).count()
    });
    assert_eq!(taken, 1, "{:?}", bench.trail());

    let waiting = bench.open("192.0.2.9");
    assert_eq!(bench.approve(&waiting, bench.ann, &waiting.number()), Decision::Taken);
    let start = Barrier::new(CROWD);
    let collected = std::thread::scope(|scope| {
        let crowd: Vec<_> = (0..CROWD)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    bench.collect(&waiting)
                })
            })
            .collect();
        let found = crowd.into_iter().map(|one| one.join().unwrap());
        found.filter(|found| matches!(found, Collected::Approved(_))).count()
    });
    assert_eq!(collected, 1);
}

#[test]
fn a_sweep_ends_what_is_over_and_forgets_what_is_old() {
    let bench = Bench::new();
    let waiting = bench.open("192.0.2.7");
    bench.clock.advance(LIVES);
    let swept = |bench: &Bench| bench.store.write(|tx| sweep(tx, bench.clock.now())).unwrap();
    assert_eq!(swept(&bench), 0);
    assert_eq!(bench.found(&waiting, bench.ann).unwrap().state, State::Expired);
    bench.clock.advance(86_400);
    assert_eq!(swept(&bench), 1);
    assert_eq!(bench.trail(), ["approval-opened ok", "approval-expired expired"]);
}
