//! Sealed secrets: bound to their row, moved by a rotation.

use super::realm::{NOW, Realm, is_accepted};
use samekey_shared::devices;
use samekey_shared::devices::totp::Window;
use samekey_shared::methods::{MethodError, totp};
use samekey_shared::params;
use samekey_shared::secrets::{Keyring, reseal};
use std::path::PathBuf;

#[test]
fn a_secret_copied_into_another_row_is_an_error_and_no_evidence() {
    let realm = Realm::new();
    let (alice, _, _) = realm.alice_with_app();
    let stolen = realm.pending("other");
    realm.bind(realm.id("bob"), &stolen).unwrap();
    realm
        .store
        .write(|tx| {
            tx.execute(
                "UPDATE totp SET secret = (SELECT t.secret FROM totp t WHERE t.account <> $1) WHERE account = $2",
                params![alice, alice],
            )
        })
        .unwrap();
    let found = realm.check(alice, &stolen.code_at(NOW), NOW);
    assert!(matches!(found, Err(MethodError::Seal(_))), "{found:?}");
}

#[test]
fn after_a_rotation_everything_moves_to_the_new_key_and_still_works() {
    let realm = Realm::new();
    let (alice, app, _) = realm.alice_with_app();
    let path: PathBuf = realm.folder.path().join("keyring");
    let old = realm.keyring.active_id();
    let rotated = Keyring::rotate(&path, &realm.entropy, NOW).unwrap();
    let report = reseal::all(&realm.store, &rotated, &realm.entropy, devices::rows::SEALED).unwrap();
    assert_eq!((report.seen, report.moved, report.unreadable.len()), (1, 1, 0));
    assert_eq!(report.in_use, [rotated.active_id()].into());
    Keyring::drop_retired(&path, &[old].into()).unwrap();
    let code = app.code_at(NOW);
    let checked = realm
        .store
        .write(|tx| totp::check(tx, &rotated, alice, &code, Window::default(), NOW));
    assert!(is_accepted(&checked.unwrap()));
    let again = reseal::all(&realm.store, &rotated, &realm.entropy, devices::rows::SEALED).unwrap();
    assert_eq!((again.seen, again.moved), (1, 0));
}

#[test]
fn a_value_that_no_key_opens_is_reported_and_left_alone() {
    let realm = Realm::new();
    realm.alice_with_app();
    let stranger = Keyring::in_memory(&realm.entropy).unwrap();
    let report = reseal::all(&realm.store, &stranger, &realm.entropy, devices::rows::SEALED).unwrap();
    assert_eq!((report.seen, report.moved, report.unreadable.len()), (1, 0, 1));
    assert_eq!(report.in_use, [realm.keyring.active_id()].into());
}
