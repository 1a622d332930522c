//! Second factors over a real store: bound once, spent once, whoever tries and in whatever order.

use samekey_shared::accounts::{self, AccountError, LoginName, NewAccount, PasswordCost};
use samekey_shared::devices::recovery::Drawn;
use samekey_shared::devices::totp::{PERIOD, Pending};
use samekey_shared::devices::{self, Device, DeviceError, DeviceState, Limits, Unbinding, UnboundWhy};
use samekey_shared::entropy::SeededEntropy;
use samekey_shared::ids::AccountId;
use samekey_shared::methods::{Checked, Method, MethodError, recovery_code, totp};
use samekey_shared::params;
use samekey_shared::secrets::{Keyring, SecretText, reseal};
use samekey_shared::source::{Door, Source};
use samekey_shared::store::{Store, StoreError};
use std::path::PathBuf;

const NOW: i64 = 1_700_000_015;
const CHEAP: PasswordCost = PasswordCost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

/// A realm of one test: a store on disk, a keyring, accounts `alice` and `bob`.
struct Realm {
    folder: tempfile::TempDir,
    store: Store,
    keyring: Keyring,
    entropy: SeededEntropy,
}

impl Realm {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let entropy = SeededEntropy::new(42);
        let store = Store::create_sqlite(&folder.path().join("store.db")).unwrap();
        store.migrate(&[accounts::rows::SCHEMA, devices::rows::SCHEMA]).unwrap();
        let keyring = Keyring::create(&folder.path().join("keyring"), &entropy, NOW).unwrap();
        let realm = Self {
            folder,
            store,
            keyring,
            entropy,
        };
        for name in ["alice", "bob"] {
            let new = NewAccount {
                id: AccountId::draw(&realm.entropy).unwrap(),
                name: name.parse().unwrap(),
                display_name: None,
                email: None,
                flags: std::collections::BTreeSet::new(),
                administrator: false,
                created_at: NOW,
            };
            realm.store.write(|tx| accounts::rows::insert(tx, &new)).unwrap();
        }
        realm
    }

    fn id(&self, name: &str) -> AccountId {
        let name: LoginName = name.parse().unwrap();
        let found = self.store.read(|tx| accounts::rows::find(tx, &name));
        found.unwrap().unwrap().id
    }

    fn pending(&self, name: &str) -> Pending {
        Pending::new(&self.entropy, name.parse().unwrap()).unwrap()
    }

    /// Binds an app ten minutes before NOW, so that the codes around NOW are fresh.
    fn bind(&self, account: AccountId, app: &Pending) -> Result<Device, DeviceError> {
        let then = NOW - 600;
        let proven = app.clone().prove(&app.code_at(then), then).unwrap();
        self.store.write(|tx| {
            let limits = Limits::default();
            devices::rows::insert_totp(tx, &self.keyring, &self.entropy, account, &proven, limits, then)
        })
    }

    fn alice_with_app(&self) -> (AccountId, Pending, Device) {
        let (alice, app) = (self.id("alice"), self.pending("phone"));
        let device = self.bind(alice, &app).unwrap();
        (alice, app, device)
    }

    fn check(&self, account: AccountId, code: &str, now: i64) -> Result<Checked, MethodError> {
        self.store
            .write(|tx| totp::check(tx, &self.keyring, account, code, now))
    }

    fn codes(&self, account: AccountId) -> Vec<SecretText> {
        let drawn = Drawn::new(&self.entropy, &self.keyring, account, 10).unwrap();
        let set = drawn.hash(&CHEAP, &self.entropy, &self.keyring, account).unwrap();
        let name = "recovery-codes".parse().unwrap();
        self.store
            .write(|tx| devices::rows::insert_recovery(tx, &self.entropy, account, &name, &set, Limits::default(), NOW))
            .unwrap();
        drawn.shown()
    }

    fn recover(&self, account: AccountId, code: &str) -> Checked {
        let prepared = recovery_code::prepare(&self.store, &self.keyring, &CHEAP, account, code).unwrap();
        self.store.write(|tx| recovery_code::spend(tx, &prepared, NOW)).unwrap()
    }

    fn count(&self, sql: &'static str) -> i64 {
        let row = self.store.read(|tx| tx.query_opt(sql, &[]));
        row.unwrap().unwrap().int(0).unwrap()
    }
}

fn wrong_code(right: &str) -> &'static str {
    if right == "000000" { "000001" } else { "000000" }
}

fn is_accepted(checked: &Checked) -> bool {
    matches!(checked, Checked::Accepted(_))
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
                    scope.spawn(move || store.write(|tx| totp::check(tx, keyring, alice, code, now)).unwrap())
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
        assert!(is_accepted(&totp::check(tx, &realm.keyring, alice, &code, NOW)?));
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
    let source = Source::parse_address("192.0.2.7").unwrap();
    realm
        .store
        .write(|tx| devices::rows::touch_last_used(tx, device.id, NOW, Door::Web, &source))
        .unwrap();
    let bound = realm.store.read(|tx| devices::rows::bound(tx, alice)).unwrap();
    let used = bound.devices[0].last_used.clone().unwrap();
    assert_eq!(
        (used.at, used.door, used.source.as_str()),
        (NOW, Door::Web, "192.0.2.7")
    );
}

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
    // The program that runs since before the rotation follows by itself.
    assert!(is_accepted(&realm.check(alice, &app.code_at(NOW), NOW).unwrap()));
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
        let plan = realm.store.read(|tx| tx.query(sql, params!["x"])).unwrap();
        let told: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
        assert!(told.iter().all(|line| !line.starts_with("SCAN")), "{sql}: {told:?}");
    }
}
