//! SSH keys: one account's each, served while that account is active, and no device to live on.

use super::realm::{NOW, Realm};
use samekey_shared::accounts::{self, AccountState, LoginName};
use samekey_shared::devices::ssh_key::{self, NewKey, Verification};
use samekey_shared::devices::{self, Device, DeviceError, DeviceKind, Limits, Unbinding, UnboundWhy};
use samekey_shared::flows::ordinary;
use samekey_shared::ids::AccountId;
use samekey_shared::ssh::PublicKey;

const SK: &str = "sk-ssh-ed25519@openssh.com \
    AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAABHNzaDo=";
const PLAIN: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

fn enrol(realm: &Realm, account: AccountId, name: &str, line: &str, limits: Limits) -> Result<Device, DeviceError> {
    let new = NewKey::new(PublicKey::from_file(line).unwrap(), Verification::Demanded);
    let name = name.parse().unwrap();
    realm
        .store
        .write(|tx| ssh_key::insert(tx, &realm.entropy, account, &name, &new, limits, NOW))
}

fn served(realm: &Realm, name: &str) -> Vec<String> {
    let name: LoginName = name.parse().unwrap();
    realm.store.read(|tx| ssh_key::served(tx, &name)).unwrap()
}

#[test]
fn a_key_belongs_to_one_account_and_has_a_name_and_a_place() {
    let realm = Realm::new();
    let (alice, bob) = (realm.id("alice"), realm.id("bob"));
    let all = Limits::default();
    enrol(&realm, alice, "laptop", SK, all).unwrap();
    for (account, name, line, limits, code) in [
        (alice, "again", SK, all, "device_exists"),
        (bob, "mine", SK, all, "device_exists"),
        (alice, "LAPTOP", PLAIN, all, "name_taken"),
        (alice, "second", PLAIN, Limits { ssh: 1, ..all }, "limit_reached"),
    ] {
        let error = enrol(&realm, account, name, line, limits).unwrap_err();
        assert_eq!(error.code(), code, "{name}");
    }
    assert_eq!(realm.count("SELECT COUNT(*) FROM ssh_keys"), 1);
    assert_eq!(realm.count("SELECT COUNT(*) FROM devices"), 1, "nothing half done");
    // A key that is a file checks nobody, whatever was wished.
    enrol(&realm, bob, "file", PLAIN, all).unwrap();
    assert_eq!(served(&realm, "bob"), [format!("{PLAIN} samekey:file")]);
    assert_eq!(
        served(&realm, "alice"),
        [format!("verify-required {SK} samekey:laptop")]
    );
}

#[test]
fn it_is_served_while_its_account_is_active_and_it_is_bound() {
    let realm = Realm::new();
    let alice = realm.id("alice");
    let device = enrol(&realm, alice, "laptop", SK, Limits::default()).unwrap();
    let verifying = || realm.store.read(|tx| ssh_key::verifying(tx, 10)).unwrap();
    assert_eq!(
        (served(&realm, "alice").len(), verifying()),
        (1, vec!["alice".to_owned()])
    );
    assert_eq!(served(&realm, "eve"), [""; 0]);
    for state in [AccountState::Locked, AccountState::Disabled] {
        realm
            .store
            .write(|tx| accounts::rows::set_state(tx, alice, state))
            .unwrap();
        assert_eq!(served(&realm, "alice"), [""; 0], "{state}");
    }
    realm
        .store
        .write(|tx| accounts::rows::set_state(tx, alice, AccountState::Active))
        .unwrap();
    let end = Unbinding {
        at: NOW,
        by: "root".into(),
        why: UnboundWhy::Administrator,
    };
    realm
        .store
        .write(|tx| devices::rows::unbind(tx, alice, device.id, &end))
        .unwrap();
    assert_eq!((served(&realm, "alice"), verifying()), (vec![], vec![]));
    let print = PublicKey::from_file(SK).unwrap().fingerprint();
    assert_eq!(realm.store.read(|tx| ssh_key::find(tx, alice, &print)).unwrap(), None);
    let all = realm.store.read(|tx| devices::rows::list(tx, alice)).unwrap();
    assert_eq!((all.len(), all[0].kind), (1, DeviceKind::SshKey), "a tombstone stays");
    enrol(&realm, alice, "laptop", SK, Limits::default()).unwrap();
}

#[test]
fn who_has_nothing_else_has_no_device_to_live_on() {
    let realm = Realm::new();
    let alice = realm.id("alice");
    enrol(&realm, alice, "laptop", SK, Limits::default()).unwrap();
    let bound = realm.store.read(|tx| devices::rows::bound(tx, alice)).unwrap();
    assert!(bound.methods().is_empty() && ordinary::lasting(&bound).is_empty());
    assert_eq!(bound.kinds(), 0);
    assert!(!bound.checkup_due(1, NOW + 100));
    assert!(!realm.store.read(|tx| devices::rows::ever_bound(tx, alice)).unwrap());
    assert_eq!(realm.store.read(devices::rows::count_enrolled).unwrap(), 0);
}
