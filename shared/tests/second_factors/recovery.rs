//! Recovery codes: each lets its owner in once.

use super::realm::{CHEAP, NOW, Realm, is_accepted};
use samekey_shared::devices::{self, Unbinding, UnboundWhy};
use samekey_shared::methods::{Checked, Method, recovery_code};

#[test]
fn a_recovery_code_lets_in_once_and_only_its_owner() {
    let realm = Realm::new();
    let (alice, bob) = (realm.id("alice"), realm.id("bob"));
    let codes = realm.codes(alice);
    realm.codes(bob);
    let first = codes[0].expose();
    assert_eq!(realm.recover(bob, first), Checked::Wrong);
    assert!(is_accepted(&realm.recover(alice, &first.to_lowercase())));
    assert_eq!(realm.recover(alice, first), Checked::Replayed);
    assert_eq!(realm.recover(alice, "0000-0000-0000-0000"), Checked::Wrong);
    assert_eq!(realm.recover(alice, "not a code"), Checked::Wrong);
    let bound = realm.store.read(|tx| devices::rows::bound(tx, alice)).unwrap();
    assert_eq!(bound.recovery_left, 9);
    assert_eq!(bound.methods(), [Method::RecoveryCode].into());
}

#[test]
fn a_used_up_set_answers_nothing() {
    let realm = Realm::new();
    let alice = realm.id("alice");
    for code in realm.codes(alice) {
        assert!(is_accepted(&realm.recover(alice, code.expose())));
    }
    let bound = realm.store.read(|tx| devices::rows::bound(tx, alice)).unwrap();
    assert!(bound.methods().is_empty());
}

#[test]
fn of_many_at_once_with_one_recovery_code_exactly_one_is_accepted() {
    let realm = Realm::new();
    let alice = realm.id("alice");
    for code in realm.codes(alice) {
        let found: Vec<Checked> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| realm.recover(alice, code.expose())))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(found.iter().filter(|one| is_accepted(one)).count(), 1);
    }
}

#[test]
fn a_code_prepared_before_the_set_was_renewed_is_worth_nothing() {
    let realm = Realm::new();
    let alice = realm.id("alice");
    let codes = realm.codes(alice);
    let prepared = recovery_code::prepare(&realm.store, &realm.keyring, &CHEAP, alice, codes[0].expose()).unwrap();
    let set = realm.store.read(|tx| devices::rows::bound(tx, alice)).unwrap().devices;
    let end = Unbinding {
        at: NOW,
        by: "alice".into(),
        why: UnboundWhy::Replaced,
    };
    realm
        .store
        .write(|tx| devices::rows::unbind(tx, alice, set[0].id, &end))
        .unwrap();
    let spent = realm
        .store
        .write(|tx| recovery_code::spend(tx, &prepared, NOW))
        .unwrap();
    assert!(!is_accepted(&spent));
}
