//! Binding and unbinding: slots, names, tombstones, indexes.

use super::realm::{NOW, Realm};
use samekey_shared::accounts::{self, AccountError};
use samekey_shared::devices::totp::Pending;
use samekey_shared::devices::{self, DeviceError, DeviceState, LastUse, Limits, Unbinding, UnboundWhy};
use samekey_shared::methods::Checked;
use samekey_shared::params;
use samekey_shared::source::Door;

#[test]
fn an_unbound_device_answers_nothing_and_leaves_a_tombstone_without_secrets() {
    let realm = Realm::new();
    let (alice, app, device) = realm.alice_with_app();
    realm.codes(alice);
    let end = Unbinding {
        at: NOW,
        by: "alice".into(),
        why: UnboundWhy::Own,
    };
    let unbind = |account, id| realm.store.write(|tx| devices::rows::unbind(tx, account, id, &end));
    assert!(matches!(unbind(realm.id("bob"), device.id), Err(DeviceError::NotFound)));
    for bound in realm.store.read(|tx| devices::rows::bound(tx, alice)).unwrap().devices {
        unbind(alice, bound.id).unwrap();
    }
    assert!(matches!(unbind(alice, device.id), Err(DeviceError::NotFound)));
    assert_eq!(realm.check(alice, &app.code_at(NOW), NOW).unwrap(), Checked::Wrong);
    assert_eq!(realm.count("SELECT COUNT(*) FROM totp"), 0);
    assert_eq!(realm.count("SELECT COUNT(*) FROM recovery_codes"), 0);
    let all = realm.store.read(|tx| devices::rows::list(tx, alice)).unwrap();
    assert_eq!(all.len(), 2);
    assert!(
        all.iter()
            .all(|device| device.state == DeviceState::Unbound(end.clone()))
    );
    assert!(realm.store.read(|tx| devices::rows::ever_bound(tx, alice)).unwrap());
    let bob = realm.id("bob");
    assert!(!realm.store.read(|tx| devices::rows::ever_bound(tx, bob)).unwrap());
}

#[test]
fn a_full_slot_refuses_with_the_seeds_sentence_and_names_are_unique() {
    let realm = Realm::new();
    let (alice, _, device) = realm.alice_with_app();
    let full = realm.bind(alice, &realm.pending("tablet")).unwrap_err();
    assert_eq!(full.code(), "limit_reached");
    assert!(
        full.to_string()
            .starts_with("Unbind the existing device before binding a new one")
    );
    let two = Limits {
        totp: 2,
        ..Limits::default()
    };
    let then = NOW - 600;
    let bind = |name: &str, limits| {
        let app = realm.pending(name);
        let proven = app.clone().prove(&app.code_at(then), then).unwrap();
        realm
            .store
            .write(|tx| devices::rows::insert_totp(tx, &realm.keyring, &realm.entropy, alice, &proven, limits, then))
    };
    assert_eq!(bind("PHONE", two).unwrap_err().code(), "name_taken");
    bind("tablet", two).unwrap();
    let end = Unbinding {
        at: NOW,
        by: "root".into(),
        why: UnboundWhy::Administrator,
    };
    realm
        .store
        .write(|tx| devices::rows::unbind(tx, alice, device.id, &end))
        .unwrap();
    bind("phone", two).unwrap();
}

#[test]
fn two_bindings_at_once_fill_one_slot_once() {
    let realm = Realm::new();
    let alice = realm.id("alice");
    let apps: Vec<Pending> = (0..8).map(|n| realm.pending(&format!("app-{n}"))).collect();
    let bound: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = apps
            .iter()
            .map(|app| scope.spawn(|| realm.bind(alice, app).is_ok()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(bound.iter().filter(|one| **one).count(), 1);
}

#[test]
fn a_removed_account_binds_nothing() {
    let realm = Realm::new();
    let bob = realm.id("bob");
    realm
        .store
        .write(|tx| accounts::rows::remove(tx, bob, NOW))
        .map_err(|error: AccountError| error.to_string())
        .unwrap();
    let refused = realm.bind(bob, &realm.pending("phone"));
    assert!(matches!(refused, Err(DeviceError::NotFound)));
}

#[test]
fn the_last_use_is_shown_in_the_list() {
    let realm = Realm::new();
    let (alice, _, device) = realm.alice_with_app();
    let last = LastUse {
        at: NOW,
        door: Door::Web,
        service: Some("oidc:wiki".to_owned()),
        source: "192.0.2.7".to_owned(),
    };
    realm
        .store
        .write(|tx| devices::rows::touch_last_used(tx, device.id, &last))
        .unwrap();
    let bound = realm.store.read(|tx| devices::rows::bound(tx, alice)).unwrap();
    assert_eq!(bound.devices[0].last_used, Some(last));
}

#[test]
fn every_lookup_of_a_sign_in_uses_an_index() {
    let realm = Realm::new();
    for sql in [
        "EXPLAIN QUERY PLAN SELECT device FROM totp WHERE account = $1 ORDER BY device",
        "EXPLAIN QUERY PLAN SELECT id FROM devices WHERE account = $1 AND unbound_at IS NULL ORDER BY created_at, id",
        "EXPLAIN QUERY PLAN SELECT hash FROM recovery_codes WHERE account = $1 AND tag = 1",
        "EXPLAIN QUERY PLAN UPDATE totp SET last_step = 1 WHERE device = $1 AND last_step < 1",
        "EXPLAIN QUERY PLAN SELECT name FROM account_groups WHERE account = $1 ORDER BY name",
    ] {
        // Where it may write: the plan of an update counts as one.
        let plan = realm.store.write(|tx| tx.query(sql, params!["x"])).unwrap();
        let told: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
        assert!(told.iter().all(|line| !line.starts_with("SCAN")), "{sql}: {told:?}");
    }
}
