//! The installation that the configuration names, opened for one command, and who runs that command.

use crate::exit::{Exit, Failure};
use crate::identity;
use samekey_provider::config::{ProviderConfig, ProviderSection};
use samekey_provider::sessions;
use samekey_shared::accounts::{self, Account, LoginName};
use samekey_shared::administration::{AdministrationError, Administrator, By, Desk, Last};
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::clock::{SystemClock, UnixTime};
use samekey_shared::config::safe_file::UnsafeFile;
use samekey_shared::config::{Config, ConfigError, Owner};
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::flows::FlowError;
use samekey_shared::realm::{Realm, RealmError};
use samekey_shared::source::Door;
use samekey_shared::store::{StoreError, Tx};
use std::path::Path;
use std::sync::Arc;

/// An open installation.
#[derive(Debug)]
pub struct Installation {
    /// The configuration it came from.
    pub config: Config,
    /// Store, keys, clock, entropy.
    pub realm: Realm,
}

impl Installation {
    /// Opens what the configuration at `path` names.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let config = load(path)?;
        let realm = Realm::open_with(
            &config,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy::default()),
            &[samekey_provider::SCHEMA],
        )?;
        Ok(Self { config, realm })
    }

    /// Makes what is missing of it, then opens it.
    pub fn create(config: Config) -> Result<Self, Failure> {
        let realm = Realm::create(
            &config,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy::default()),
            &[samekey_provider::SCHEMA],
        )?;
        Ok(Self { config, realm })
    }

    /// The present moment.
    pub fn now(&self) -> UnixTime {
        self.realm.clock.now()
    }

    /// The provider's section of the configuration, checked.
    pub fn provider(&self) -> Result<ProviderConfig, Failure> {
        let unusable = |error: String| Failure::new(Exit::Unavailable, "config_unusable", error);
        let section: ProviderSection = self
            .config
            .section(Owner::Provider)
            .map_err(|error| unusable(error.to_string()))?;
        section.check().map_err(|error| unusable(error.to_string()))
    }

    /// The canonical form of a name typed by the administrator.
    pub fn login_name(&self, text: &str) -> Result<LoginName, Failure> {
        LoginName::parse(text, &self.realm.names).map_err(|error| {
            Failure::new(
                Exit::Usage,
                "name_invalid",
                format!("{text:?} is no login name: {error}"),
            )
        })
    }

    /// The account of this name, within the caller's unit of work.
    pub fn account(tx: &mut Tx<'_>, name: &LoginName) -> Result<Account, Failure> {
        accounts::rows::find(tx, name)?.ok_or_else(|| {
            Failure::not_found(format!("there is no account {name}"))
                .hint("`samekey account list` shows those there are.")
        })
    }

    /// Does something at the desk through which pages and API administer too, as root, who is above roles. With
    /// [`Last::MayGo`] nobody need be left who may administer.
    pub fn at_desk<T>(
        &self,
        last: Last,
        work: impl FnOnce(&Desk<'_>) -> Result<T, AdministrationError>,
    ) -> Result<T, Failure> {
        let operator = identity::operator();
        let root = Administrator {
            by: By::Root {
                uid: operator.uid,
                name: operator.name,
            },
            door: Door::Command,
            service: "samekey",
            source: None,
            request: None,
        };
        let desk = Desk {
            realm: &self.realm,
            administrator: &root,
            end_sessions: |tx, account| sessions::end_all(tx, account, None),
            last,
        };
        Ok(work(&desk)?)
    }

    /// Appends an event of this command to the audit trail, within the caller's unit of work.
    pub fn record(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), StoreError> {
        audit::append(tx, event, self.now()).map(|_| ())
    }
}

/// The actor of everything that a command writes.
pub fn actor() -> Actor {
    Actor::Operator {
        uid: identity::operator().uid,
    }
}

/// An event of this command, by whoever typed it.
pub fn event(kind: EventKind) -> Event {
    let operator = identity::operator();
    Event::new(kind, Actor::Operator { uid: operator.uid })
        .at(Door::Command, "samekey")
        .detail("operator", format!("cli:{}", operator.name))
}

/// Reads the configuration.
pub fn load(path: &Path) -> Result<Config, Failure> {
    Config::load(path).map_err(|error| {
        let unreadable = matches!(error, ConfigError::File(UnsafeFile::Unreadable { .. }));
        let failure = Failure::new(Exit::Unavailable, "config_unusable", error.to_string());
        if unreadable {
            failure.hint("`samekey init` makes one; --config names another.")
        } else {
            failure
        }
    })
}

impl From<RealmError> for Failure {
    fn from(error: RealmError) -> Self {
        match error {
            RealmError::Store(error) => error.into(),
            RealmError::Keyring(error) => error.into(),
        }
    }
}

/// Whether the last account that may administer stays, unless somebody means just that.
pub fn unless_forced(force: bool) -> Last {
    if force { Last::MayGo } else { Last::Stays }
}

impl From<AdministrationError> for Failure {
    fn from(error: AdministrationError) -> Self {
        use AdministrationError as E;
        let (code, told) = (error.code(), error.to_string());
        match error {
            E::Flow(error) => error.into(),
            E::Account(error) => error.into(),
            E::Device(error) => error.into(),
            E::Email(error) => error.into(),
            E::NotFound => Self::new(Exit::NotFound, code, told),
            E::LastAdministrator => Self::new(Exit::LocksOut, "last_administrator", told)
                .hint("Make another owner first, or use --force: root can always make one with this command."),
            E::NotConfirmed | E::Reason | E::Span | E::Value { .. } | E::Setting(_) => {
                Self::new(Exit::Usage, code, told)
            }
            E::NotAllowed | E::OnOneself | E::HardRule | E::Document | E::ChangedMeanwhile | E::Refused(_) => {
                Self::new(Exit::Refused, code, told)
            }
        }
    }
}

impl From<FlowError> for Failure {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Store(error) => error.into(),
            FlowError::Entropy(error) => error.into(),
            FlowError::Keys(_) => Self::new(Exit::Unavailable, "keyring_unusable", error.to_string()),
            FlowError::Policy(_) => Self::new(Exit::Unavailable, "policy_unusable", error.to_string()),
            FlowError::Method(_) => Self::failed(error.to_string()),
        }
    }
}
