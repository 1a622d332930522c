//! Codes of an authenticator app: one step, one acceptance, only forwards.

use super::realm::{NOW, Realm, is_accepted};
use samekey_shared::devices::totp::PERIOD;
use samekey_shared::devices::totp::Window;
use samekey_shared::ids::AccountId;
use samekey_shared::methods::{Checked, Method, MethodError, totp};
use samekey_shared::store::{Store, StoreError};

fn wrong_code(right: &str) -> &'static str {
    if right == "000000" { "000001" } else { "000000" }
}

#[test]
fn a_right_code_gives_evidence_of_this_device_and_moment() {
    let realm = Realm::new();
    let (alice, app, device) = realm.alice_with_app();
    let Checked::Accepted(evidence) = realm.check(alice, &app.code_at(NOW), NOW).unwrap() else {
        panic!("a right code is accepted");
    };
    assert_eq!(evidence.method(), Method::Totp);
    assert_eq!((evidence.device(), evidence.at()), (Some(device.id), NOW));
    let code = app.code_at(NOW);
    assert_eq!(realm.check(alice, &code, NOW).unwrap(), Checked::Replayed);
    assert_eq!(realm.check(alice, wrong_code(&code), NOW).unwrap(), Checked::Wrong);
}

#[test]
fn of_many_at_once_with_one_code_exactly_one_is_accepted() {
    let realm = Realm::new();
    let (alice, app, _) = realm.alice_with_app();
    // A second handle on the same file stands for the other door's process.
    let other_door = Store::open_sqlite(&realm.folder.path().join("store.db")).unwrap();
    for round in 0..20 {
        let now = NOW + round * PERIOD;
        let code = app.code_at(now);
        let found: Vec<Checked> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|n| {
                    let store = if n % 2 == 0 { &realm.store } else { &other_door };
                    let (keyring, code) = (&realm.keyring, &code);
                    scope.spawn(move || {
                        store
                            .write(|tx| totp::check(tx, keyring, alice, code, Window::default(), now))
                            .unwrap()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(found.iter().filter(|one| is_accepted(one)).count(), 1, "round {round}");
        let replayed = found.iter().filter(|one| **one == Checked::Replayed).count();
        assert_eq!(replayed, 15, "round {round}");
    }
}

#[test]
fn after_a_newer_code_the_neighbouring_older_one_is_refused() {
    let realm = Realm::new();
    let (alice, app, _) = realm.alice_with_app();
    assert!(is_accepted(
        &realm.check(alice, &app.code_at(NOW + PERIOD), NOW).unwrap()
    ));
    for older in [NOW, NOW - PERIOD] {
        assert_eq!(realm.check(alice, &app.code_at(older), NOW).unwrap(), Checked::Replayed);
    }
}

#[test]
fn a_clock_set_back_gives_no_code_a_second_life() {
    let realm = Realm::new();
    let (alice, app, _) = realm.alice_with_app();
    assert!(is_accepted(&realm.check(alice, &app.code_at(NOW), NOW).unwrap()));
    let back = NOW - 300;
    assert_eq!(realm.check(alice, &app.code_at(back), back).unwrap(), Checked::Replayed);
    assert_eq!(realm.check(alice, &app.code_at(NOW), NOW).unwrap(), Checked::Replayed);
    let later = NOW + PERIOD;
    assert!(is_accepted(&realm.check(alice, &app.code_at(later), later).unwrap()));
}

/// S8: three codes of ten hours ago taught libpam-google-authenticator a skew, and were accepted.
#[test]
fn old_codes_in_a_row_teach_no_skew() {
    let realm = Realm::new();
    let (alice, app, _) = realm.alice_with_app();
    let old = NOW - 36_000;
    for round in 0..3 {
        for step in 0..3 {
            let code = app.code_at(old + step * PERIOD);
            let now = NOW + (3 * round + step) * PERIOD;
            assert!(!is_accepted(&realm.check(alice, &code, now).unwrap()));
        }
    }
}

#[test]
fn the_code_that_binds_is_spent_by_binding() {
    let realm = Realm::new();
    let (alice, app, _) = realm.alice_with_app();
    let then = NOW - 600;
    assert_eq!(realm.check(alice, &app.code_at(then), then).unwrap(), Checked::Replayed);
}

#[test]
fn a_unit_that_fails_spends_nothing() {
    let realm = Realm::new();
    let (alice, app, _) = realm.alice_with_app();
    let code = app.code_at(NOW);
    let failed = realm.store.write(|tx| {
        assert!(is_accepted(&totp::check(
            tx,
            &realm.keyring,
            alice,
            &code,
            Window::default(),
            NOW
        )?));
        Err::<(), MethodError>(StoreError::Unavailable("the audit trail cannot be written".into()).into())
    });
    assert!(failed.is_err());
    assert!(is_accepted(&realm.check(alice, &code, NOW).unwrap()));
}

#[test]
fn another_account_and_no_account_find_nothing() {
    let realm = Realm::new();
    let (_, app, _) = realm.alice_with_app();
    let nobody = AccountId::draw(&realm.entropy).unwrap();
    for account in [realm.id("bob"), nobody] {
        assert_eq!(realm.check(account, &app.code_at(NOW), NOW).unwrap(), Checked::Wrong);
    }
}

/// W29, S8: two codes in a row set the clock right, spend themselves, and let no used code in again.
#[test]
fn a_resync_takes_two_fresh_codes_in_a_row_and_brings_no_used_one_back() {
    let realm = Realm::new();
    let (alice, app, device) = realm.alice_with_app();
    let code = |steps: i64| app.code_at(NOW + steps * PERIOD);
    let resync = |first: &str, second: &str, now: i64| {
        let codes = [first, second];
        realm
            .store
            .write(|tx| totp::resync(tx, &realm.keyring, device.id, codes, now))
            .unwrap()
    };
    assert_eq!(
        realm.check(alice, &code(9), NOW).unwrap(),
        Checked::Wrong,
        "five minutes ahead"
    );
    for (first, second) in [
        (code(10), code(9)),
        (code(9), code(9)),
        (code(9), code(11)),
        (code(9), wrong_code(&code(10)).into()),
    ] {
        assert_eq!(resync(&first, &second, NOW), totp::Resynced::Wrong, "{first} {second}");
    }
    assert_eq!(
        resync(&code(30), &code(31), NOW),
        totp::Resynced::Wrong,
        "fifteen minutes ahead"
    );
    assert_eq!(resync(&code(9), &code(10), NOW), totp::Resynced::Ahead(10 * PERIOD));
    assert_eq!(resync(&code(9), &code(10), NOW), totp::Resynced::Replayed);
    for used in [9, 10] {
        assert_eq!(
            realm.check(alice, &code(used), NOW).unwrap(),
            Checked::Replayed,
            "{used}"
        );
    }
    assert!(is_accepted(&realm.check(alice, &code(11), NOW + PERIOD).unwrap()));
    // Set back: what was shown since then stays used.
    assert_eq!(resync(&code(1), &code(2), NOW + PERIOD), totp::Resynced::Replayed);
    assert_eq!(realm.check(alice, &code(1), NOW + PERIOD).unwrap(), Checked::Wrong);
}
