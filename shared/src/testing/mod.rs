//! A whole realm in a folder of its own, for the tests of every crate.

pub mod soft_authenticator;

pub use soft_authenticator::SoftAuthenticator;

use crate::accounts::{LoginName, NewAccount, password, rows};
use crate::administration::{AdministrationError, Administrator, By, Desk, Last};
use crate::audit::Actor;
use crate::clock::{HandClock, UnixTime};
use crate::config::Config;
use crate::devices::fido::NewCredential;
use crate::devices::totp::Pending;
use crate::devices::{Device, DeviceName, NameRule, recovery};
use crate::entropy::SeededEntropy;
use crate::flows::bind::{Answered, Authority, Bind};
use crate::flows::bind_key;
use crate::ids::AccountId;
use crate::policy;
use crate::realm::Realm;
use crate::roles::Role;
use crate::secrets::SecretText;
use crate::source::Door;
use data_encoding::BASE32_NOPAD;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// 2026-05-01T00:00:00Z, when tests begin.
pub const BEGINNING: UnixTime = 1_777_593_600;

/// The relying party of a [`TestRealm`].
pub const RP_ID: &str = "example.org";

/// The origin of its pages.
pub const ORIGIN: &str = "https://id.example.org";

/// An error of any kind: a test that meets one has failed.
pub type Any = Box<dyn std::error::Error + Send + Sync>;

/// A realm that disappears with this value.
#[derive(Debug)]
pub struct TestRealm {
    /// The realm.
    pub realm: Arc<Realm>,
    /// Its clock, moved by hand.
    pub clock: Arc<HandClock>,
    /// Its configuration.
    pub config: Config,
    folder: tempfile::TempDir,
}

/// An authenticator app in somebody's hand.
#[derive(Debug, Clone)]
pub struct Phone {
    key: Vec<u8>,
}

impl Phone {
    /// An app with this key in base32, spaces allowed.
    pub fn with_key(key: &str) -> Result<Self, Any> {
        let plain: String = key.chars().filter(|c| !c.is_whitespace()).collect();
        Ok(Self {
            key: BASE32_NOPAD.decode(plain.as_bytes())?,
        })
    }

    /// What it shows at this moment.
    pub fn code_at(&self, time: UnixTime) -> SecretText {
        let seconds = u64::try_from(time).unwrap_or(0);
        totp_rs::Builder::new()
            .with_secret(self.key.clone())
            .build_noncompliant()
            .generate(seconds)
            .to_string()
            .into()
    }
}

impl TestRealm {
    /// A new realm with the shipped policy. It sends no letters.
    pub fn new() -> Result<Self, Any> {
        Self::configured("sqlite = \"{0}/store.db\"", "")
    }

    /// The same over the empty database that this connection string leads to.
    pub fn on_postgres(database: &str) -> Result<Self, Any> {
        Self::configured(&format!("postgres = \"{database}\""), "")
    }

    /// The same, with letters into the folder `letters` of its own folder, if somebody sends them.
    pub fn with_letters() -> Result<Self, Any> {
        Self::configured(
            "sqlite = \"{0}/store.db\"",
            "[mail]\ntransport = \"folder\"\nfrom = \"Samekey <no-reply@example.org>\"\nfolder = \"{0}/letters\"\n",
        )
    }

    /// With this store, and further sections in its configuration; `{0}` stands for its folder.
    fn configured(store: &str, sections: &str) -> Result<Self, Any> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("samekey.toml");
        let text = format!(
            "[realm]\nname = \"example.org\"\naliases = [\"corp\"]\n[relying-party]\n\
             origins = [\"{ORIGIN}\"]\nid = \"{RP_ID}\"\n[keyring]\npath = \"{{0}}/keyring\"\n\
             [password]\nmemory-kib = 7168\npasses = 5\n[store]\n{store}\n{sections}"
        );
        let text = text.replace("{0}", &folder.path().display().to_string());
        std::fs::create_dir(folder.path().join("letters"))?;
        std::fs::write(&path, &text)?;
        let config = Config::load(&path)?;
        let clock = Arc::new(HandClock::at(BEGINNING));
        let realm = Realm::create(&config, clock.clone(), Arc::new(SeededEntropy::new(1)), &[])?;
        Ok(Self {
            realm: Arc::new(realm),
            clock,
            config,
            folder,
        })
    }

    /// Where it lives.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Applies a policy.
    pub fn policy(&self, text: &str) -> Result<(), Any> {
        let now = self.realm.clock.now();
        self.realm
            .store
            .write(|tx| policy::rows::apply(tx, text, "test", now, &[]))?;
        Ok(())
    }

    /// Makes an account; with a password, unless it is empty.
    pub fn account(&self, name: &str, typed: &str) -> Result<AccountId, Any> {
        let realm = &self.realm;
        let new = NewAccount {
            id: AccountId::draw(realm.entropy.as_ref())?,
            name: LoginName::parse(name, &realm.names)?,
            display_name: None,
            email: None,
            flags: BTreeSet::new(),
            role: Role::User,
            created_at: realm.clock.now(),
        };
        realm.store.write(|tx| rows::insert(tx, &new))?;
        if !typed.is_empty() {
            let hash = password::hash(&realm.password_cost, realm.entropy.as_ref(), &typed.into())?;
            realm.store.write(|tx| rows::set_password(tx, new.id, &hash))?;
        }
        Ok(new.id)
    }

    /// Administers as root does, at the command.
    pub fn as_root<T>(&self, work: impl FnOnce(&Desk<'_>) -> Result<T, AdministrationError>) -> Result<T, Any> {
        let root = Administrator {
            by: By::Root {
                uid: 0,
                name: "root".to_owned(),
            },
            door: Door::Command,
            service: "samekey",
            source: None,
            request: None,
        };
        let desk = Desk {
            realm: &self.realm,
            administrator: &root,
            end_sessions: |_, _| Ok(0),
            last: Last::Stays,
        };
        Ok(work(&desk)?)
    }

    /// Makes a credential on this authenticator and binds it under this name.
    pub fn bind_key(&self, account: AccountId, key: &mut SoftAuthenticator, name: &str) -> Result<Device, Any> {
        let made = key.make(RP_ID, &account.to_bytes())?;
        self.bind_made(account, &made, name)
    }

    /// Binds a credential that is made already.
    pub fn bind_made(&self, account: AccountId, made: &NewCredential, name: &str) -> Result<Device, Any> {
        let name = DeviceName::parse(name, NameRule::Ascii)?;
        let authority = Authority::new(Actor::Operator { uid: 0 }, Door::Command);
        Ok(bind_key::finish(&self.realm, &authority, account, &name, made, None)?.device)
    }

    /// Binds an app the way people do: scan, prove one code. The step of that code is spent.
    pub fn bind_phone(&self, account: AccountId) -> Result<(Phone, Option<recovery::Drawn>), Any> {
        let name = DeviceName::parse("phone", NameRule::Ascii)?;
        let pending = Pending::new(self.realm.entropy.as_ref(), name)?;
        let (bind, shown) = Bind::start(&self.realm, account, pending)?;
        let phone = Phone::with_key(shown.key.expose())?;
        let authority = Authority::new(Actor::Operator { uid: 0 }, Door::Command);
        let code = phone.code_at(self.realm.clock.now());
        match bind.answer(&self.realm, &authority, code.expose())? {
            Answered::Bound { recovery, .. } => Ok((phone, recovery)),
            Answered::Again { .. } | Answered::Ended => Err("the code was not right".into()),
        }
    }
}
