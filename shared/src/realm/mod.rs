//! The realm: store, keys, policy, clock and entropy of one installation, opened alike by agent, provider and command.

mod active_policy;
mod followed_keyring;
mod schema;
mod sweep;

use crate::accounts::RealmNames;
use crate::accounts::password::PasswordCost;
use crate::clock::Clock;
use crate::config::{Config, RelyingParty};
use crate::entropy::Entropy;
use crate::flows::{FlowError, Turns};
use crate::policy::Policy;
use crate::secrets::Keyring;
use crate::secrets::keyring::KeyringError;
use crate::store::{Component, Store, StoreError, StoreLocation, Tx};
use std::path::Path;
use std::sync::Arc;

/// Why an installation cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RealmError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

/// One installation, open.
#[derive(Debug)]
pub struct Realm {
    /// The realm's name and its aliases.
    pub names: RealmNames,
    /// Whom its passkeys and security keys are made for; `None` switches them off.
    pub relying_party: Option<RelyingParty>,
    /// Where the provider's pages are, if this machine knows: one of them approves logins.
    pub pages: Option<String>,
    /// Whether letters are written: this machine's configuration has `[mail]`.
    pub mail: bool,
    /// Its rows.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Its randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What a password guess costs.
    pub password_cost: PasswordCost,
    pub(crate) turns: Turns,
    keyring: followed_keyring::FollowedKeyring,
    policy: active_policy::Cache,
}

impl Realm {
    /// Opens an installation that `samekey init` has made, and brings its schema up to date.
    pub fn open(config: &Config, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, RealmError> {
        Self::open_with(config, clock, entropy, &[])
    }

    /// As [`Realm::open`], for a program with tables of its own.
    pub fn open_with(
        config: &Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        own: &[Component],
    ) -> Result<Self, RealmError> {
        let store = Store::open(&location(config))?;
        Self::assemble(config, store, clock, entropy, own)
    }

    /// Makes store and keyring where they are missing, then opens them.
    pub fn create(
        config: &Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        own: &[Component],
    ) -> Result<Self, RealmError> {
        if !config.keyring.path.exists() {
            Keyring::create(&config.keyring.path, entropy.as_ref(), clock.now())?;
        }
        let store = Store::create(&location(config))?;
        Self::assemble(config, store, clock, entropy, own)
    }

    fn assemble(
        config: &Config,
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        own: &[Component],
    ) -> Result<Self, RealmError> {
        let keyring = followed_keyring::FollowedKeyring::load(&config.keyring.path)?;
        let components: Vec<Component> = schema::SHARED.iter().chain(own).copied().collect();
        store.migrate(&components)?;
        Ok(Self {
            names: RealmNames {
                realm: config.realm.name.clone(),
                aliases: config.realm.aliases.clone(),
            },
            relying_party: config.relying_party.clone(),
            pages: config.pages.clone(),
            mail: config.writes_letters(),
            store,
            clock,
            entropy,
            password_cost: PasswordCost {
                memory_kib: config.password.memory_kib,
                passes: config.password.passes,
                lanes: config.password.lanes,
            },
            turns: Turns::default(),
            keyring,
            policy: active_policy::Cache::default(),
        })
    }

    /// The master keys as they are in the file now: a rotation is seen without a restart.
    pub fn keyring(&self) -> Result<Arc<Keyring>, FlowError> {
        self.keyring
            .current()
            .map_err(|error| FlowError::Keys(error.to_string()))
    }

    /// Where the keyring is.
    pub fn keyring_path(&self) -> &Path {
        self.keyring.path()
    }

    /// The policy that holds in this unit of work.
    pub fn policy(&self, tx: &mut Tx<'_>) -> Result<Arc<Policy>, FlowError> {
        self.policy.current(tx)
    }
}

fn location(config: &Config) -> StoreLocation {
    match (&config.store.sqlite, &config.store.postgres) {
        (Some(path), _) => StoreLocation::Sqlite(path.clone()),
        (None, postgres) => StoreLocation::Postgres(postgres.clone().unwrap_or_default()),
    }
}

/// Whether this program could open the store that the configuration names: it is there, and no newer release wrote it.
/// Changes nothing.
pub fn fits(config: &Config) -> Result<(), RealmError> {
    Ok(Store::open(&location(config))?.fits(components())?)
}

/// Every table that `shared` owns: for checks, backups and the contract suite.
pub fn components() -> &'static [Component] {
    schema::SHARED
}
