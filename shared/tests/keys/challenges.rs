//! Challenges: good once, for what they were given out for, for a few minutes.

use samekey_shared::challenges::{self, Challenge, LIVES, NewChallenge, Purpose, Spent};
use samekey_shared::clock::Clock;
use samekey_shared::ids::AccountId;
use samekey_shared::testing::TestRealm;
use std::collections::BTreeSet;

fn issue(test: &TestRealm, purpose: Purpose, account: Option<AccountId>, binding: &str) -> Challenge {
    let new = || NewChallenge {
        purpose,
        account,
        binding,
        state: Some("half-way".into()),
        lives: LIVES,
    };
    let (entropy, now) = (test.realm.entropy.as_ref(), test.clock.now());
    test.realm
        .store
        .write(|tx| challenges::issue(tx, entropy, &new(), now))
        .unwrap()
}

fn spend(test: &TestRealm, challenge: &Challenge, purpose: Purpose, binding: &str) -> Option<Spent> {
    let now = test.clock.now();
    test.realm
        .store
        .write(|tx| challenges::spend(tx, challenge.id, purpose, binding, now))
        .unwrap()
}

fn rows(test: &TestRealm) -> i64 {
    let count = |tx: &mut samekey_shared::store::Tx<'_>| tx.query_opt("SELECT COUNT(*) FROM challenges", &[]);
    test.realm.store.read(count).unwrap().unwrap().int(0).unwrap()
}

#[test]
fn a_challenge_is_good_once_and_brings_back_what_was_kept_with_it() {
    let test = TestRealm::new().unwrap();
    let ann = test.account("ann", "").unwrap();
    let challenge = issue(&test, Purpose::Bind, Some(ann), "session");
    let now = test.clock.now();
    let peek =
        |tx: &mut samekey_shared::store::Tx<'_>| challenges::peek(tx, challenge.id, Purpose::Bind, "session", now);
    let seen = test.realm.store.read(peek).unwrap();
    let spent = spend(&test, &challenge, Purpose::Bind, "session");
    assert_eq!(seen, spent);
    let spent = spent.unwrap();
    assert_eq!((&*spent.bytes, spent.account), (&challenge.bytes[..], Some(ann)));
    assert_eq!(spent.state.as_deref(), Some("half-way"));
    assert_eq!(spend(&test, &challenge, Purpose::Bind, "session"), None);
    assert_eq!(test.realm.store.read(peek).unwrap(), None);
}

#[test]
fn it_is_good_for_nothing_else_and_survives_being_offered_elsewhere() {
    let test = TestRealm::new().unwrap();
    let challenge = issue(&test, Purpose::SignIn, None, "one");
    for purpose in Purpose::ALL {
        assert_eq!(spend(&test, &challenge, purpose, "two"), None);
        if purpose != Purpose::SignIn {
            assert_eq!(spend(&test, &challenge, purpose, "one"), None);
        }
        assert_eq!(purpose.as_str().parse(), Ok(purpose));
    }
    assert!(spend(&test, &challenge, Purpose::SignIn, "one").is_some());
}

#[test]
fn it_dies_with_its_time_and_when_it_is_taken_back() {
    let test = TestRealm::new().unwrap();
    let (early, late) = (
        issue(&test, Purpose::Local, None, "a"),
        issue(&test, Purpose::Local, None, "b"),
    );
    test.clock.advance(LIVES - 1);
    assert!(spend(&test, &early, Purpose::Local, "a").is_some());
    test.clock.advance(1);
    assert_eq!(spend(&test, &late, Purpose::Local, "b"), None);
    let withdrawn = issue(&test, Purpose::Local, None, "c");
    test.realm
        .store
        .write(|tx| challenges::withdraw(tx, withdrawn.id))
        .unwrap();
    assert_eq!(spend(&test, &withdrawn, Purpose::Local, "c"), None);
}

#[test]
fn under_a_clock_set_back_it_is_void_and_does_not_come_to_life_again() {
    let test = TestRealm::new().unwrap();
    let (offered, left) = (
        issue(&test, Purpose::SignIn, None, "a"),
        issue(&test, Purpose::SignIn, None, "b"),
    );
    let then = test.clock.now();
    test.clock.set(then - 60);
    assert_eq!(spend(&test, &offered, Purpose::SignIn, "a"), None);
    // Whoever comes next carries it away.
    let next = issue(&test, Purpose::SignIn, None, "c");
    assert_eq!(rows(&test), 1);
    test.clock.set(then);
    assert_eq!(spend(&test, &left, Purpose::SignIn, "b"), None);
    assert!(spend(&test, &next, Purpose::SignIn, "c").is_some());
}

#[test]
fn of_many_at_once_one_spends_it() {
    let test = TestRealm::new().unwrap();
    let challenge = issue(&test, Purpose::SignIn, None, "one");
    let won = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| spend(&test, &challenge, Purpose::SignIn, "one").is_some()))
            .collect();
        tries
            .into_iter()
            .map(|one| one.join().unwrap())
            .filter(|won| *won)
            .count()
    });
    assert_eq!(won, 1);
}

#[test]
fn the_dead_do_not_pile_up_and_no_two_are_alike() {
    let test = TestRealm::new().unwrap();
    let drawn: Vec<_> = (0..40)
        .map(|_| issue(&test, Purpose::SignIn, None, "x").bytes)
        .collect();
    assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 40);
    assert_eq!(rows(&test), 40);
    test.clock.advance(LIVES);
    for _ in 0..5 {
        issue(&test, Purpose::SignIn, None, "x");
    }
    assert_eq!(rows(&test), 5);
}
