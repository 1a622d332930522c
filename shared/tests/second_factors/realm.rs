//! A realm of one test, and short ways to bind and to answer.

use samekey_shared::accounts::{self, LoginName, NewAccount, PasswordCost};
use samekey_shared::devices::recovery::Drawn;
use samekey_shared::devices::totp::Pending;
use samekey_shared::devices::totp::Window;
use samekey_shared::devices::{self, Device, DeviceError, Limits};
use samekey_shared::entropy::SeededEntropy;
use samekey_shared::ids::AccountId;
use samekey_shared::methods::{Checked, MethodError, recovery_code, totp};
use samekey_shared::roles::Role;
use samekey_shared::secrets::{Keyring, SecretText};
use samekey_shared::store::Store;
use samekey_shared::trust;

pub const NOW: i64 = 1_700_000_015;
pub const CHEAP: PasswordCost = PasswordCost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

/// A realm of one test: a store on disk, a keyring, accounts `alice` and `bob`.
pub struct Realm {
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub keyring: Keyring,
    pub entropy: SeededEntropy,
}

impl Realm {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let entropy = SeededEntropy::new(42);
        let store = Store::create_sqlite(&folder.path().join("store.db")).unwrap();
        store
            .migrate(&[accounts::rows::SCHEMA, devices::rows::SCHEMA, trust::SCHEMA])
            .unwrap();
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
                role: Role::User,
                created_at: NOW,
            };
            realm.store.write(|tx| accounts::rows::insert(tx, &new)).unwrap();
        }
        realm
    }

    pub fn id(&self, name: &str) -> AccountId {
        let name: LoginName = name.parse().unwrap();
        let found = self.store.read(|tx| accounts::rows::find(tx, &name));
        found.unwrap().unwrap().id
    }

    pub fn pending(&self, name: &str) -> Pending {
        Pending::new(&self.entropy, name.parse().unwrap()).unwrap()
    }

    /// Binds an app ten minutes before NOW, so that the codes around NOW are fresh.
    pub fn bind(&self, account: AccountId, app: &Pending) -> Result<Device, DeviceError> {
        let then = NOW - 600;
        let proven = app.clone().prove(&app.code_at(then), then).unwrap();
        self.store.write(|tx| {
            let limits = Limits::default();
            devices::rows::insert_totp(tx, &self.keyring, &self.entropy, account, &proven, limits, then)
        })
    }

    pub fn alice_with_app(&self) -> (AccountId, Pending, Device) {
        let (alice, app) = (self.id("alice"), self.pending("phone"));
        let device = self.bind(alice, &app).unwrap();
        (alice, app, device)
    }

    pub fn check(&self, account: AccountId, code: &str, now: i64) -> Result<Checked, MethodError> {
        self.store
            .write(|tx| totp::check(tx, &self.keyring, account, code, Window::default(), now))
    }

    pub fn codes(&self, account: AccountId) -> Vec<SecretText> {
        let drawn = Drawn::new(&self.entropy, &self.keyring, account, 10).unwrap();
        let set = drawn.hash(&CHEAP, &self.entropy, &self.keyring, account).unwrap();
        let name = "recovery-codes".parse().unwrap();
        self.store
            .write(|tx| devices::rows::insert_recovery(tx, &self.entropy, account, &name, &set, Limits::default(), NOW))
            .unwrap();
        drawn.shown()
    }

    pub fn recover(&self, account: AccountId, code: &str) -> Checked {
        let prepared = recovery_code::prepare(&self.store, &self.keyring, &CHEAP, account, code).unwrap();
        self.store.write(|tx| recovery_code::spend(tx, &prepared, NOW)).unwrap()
    }

    pub fn count(&self, sql: &'static str) -> i64 {
        let row = self.store.read(|tx| tx.query_opt(sql, &[]));
        row.unwrap().unwrap().int(0).unwrap()
    }
}

pub fn is_accepted(checked: &Checked) -> bool {
    matches!(checked, Checked::Accepted(_))
}
