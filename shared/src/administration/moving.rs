//! Devices that another program knew, taken in; and ours, carried out. Only who may write the store does this: no role reaches
//! so far, for whoever hands in a key chooses who can sign in with it.
//!
//! A device is taken in as a whole or not at all, in one unit of work with its line in the trail and its letter. What is there
//! already is told and left as it is, so that a file can be taken in again after a look at what was refused.

use super::{AdministrationError, Desk, NewPerson};
use crate::accounts::{Account, LoginName, rows as account_rows};
use crate::audit::EventKind;
use crate::devices::fido::{self, NewCredential};
use crate::devices::totp::Pending;
use crate::devices::{self, Device, DeviceError, DeviceKind, DeviceName, NameRule};
use crate::flows::FlowError;
use crate::flows::bind::limits;
use crate::moving::parcel::{Person, Thing};
use crate::moving::{Brought, CarriedApp, CarriedKey, Format};
use crate::outbox::AdministratorAct;
use crate::secrets::Keyring;
use crate::store::{StoreError, Tx};

/// Accounts looked at in one page while carrying out.
const PAGE: u32 = 200;
/// The longest part of a name that is kept, so that a number fits behind it.
const LONGEST_NAME: usize = 60;

/// One device on its way in.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Whose.
    pub whose: &'a LoginName,
    /// The device.
    pub brought: &'a Brought,
    /// What it was called, where that is known.
    pub called: Option<&'a str>,
    /// Where it comes from.
    pub origin: Format,
    /// What becomes of somebody who has no account.
    pub newcomers: Newcomers,
    /// What the realm asks of keys.
    pub attestation: Attestation,
}

/// What becomes of somebody who has no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newcomers {
    /// Their devices are refused.
    Refused,
    /// They get one.
    Added,
}

/// Whether the realm takes keys whose model nobody has proven (`[attestation] required`): of a key in a file nobody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attestation {
    /// It does.
    Optional,
    /// It does not.
    Required,
}

/// A device that is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenIn {
    /// Now.
    Bound(Device),
    /// Since before, under this name.
    There(Device),
}

/// Why a device was not taken in. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Nobody of that name.
    #[error("there is no account {0}")]
    NoAccount(LoginName),
    /// Keys are made for a domain.
    #[error(
        "this realm has no relying party ([relying-party] or [provider] in the configuration): no key can be asked"
    )]
    NoRelyingParty,
    /// For another one than ours.
    #[error("it was made for another domain than this realm's: bind the key anew")]
    OtherParty,
    /// The realm wants proven models.
    #[error("this realm takes only keys of a proven model ([attestation] required): bind the key anew")]
    Unattested,
    /// Whatever stands against any binding.
    #[error(transparent)]
    Desk(#[from] AdministrationError),
}

impl NotTaken {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAccount(_) => "not_found",
            Self::NoRelyingParty => "no_relying_party",
            Self::OtherParty => "other_domain",
            Self::Unattested => "not_accepted",
            Self::Desk(error) => error.code(),
        }
    }

    /// The failure that is ours and not the row's, if it is.
    pub fn ours(self) -> Result<Self, FlowError> {
        match self {
            Self::Desk(error) => error.ours().map(Self::Desk),
            told => Ok(told),
        }
    }
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        Self::Desk(error.into())
    }
}

impl From<DeviceError> for NotTaken {
    fn from(error: DeviceError) -> Self {
        Self::Desk(error.into())
    }
}

impl From<FlowError> for NotTaken {
    fn from(error: FlowError) -> Self {
        Self::Desk(error.into())
    }
}

/// The end of a unit of work that was only tried.
enum Tried {
    Over(Vec<Result<TakenIn, NotTaken>>),
    Failed(StoreError),
}

impl From<StoreError> for Tried {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Desk<'_> {
    /// Takes one device in.
    pub fn take_in(&self, incoming: &Incoming<'_>) -> Result<TakenIn, NotTaken> {
        let keyring = self.realm.keyring()?;
        self.realm.store.write(|tx| self.take_in_within(tx, &keyring, incoming))
    }

    /// What would become of all of these, one after the other: done in one unit of work, and undone.
    pub fn try_in(&self, all: &[Incoming<'_>]) -> Result<Vec<Result<TakenIn, NotTaken>>, FlowError> {
        let keyring = self.realm.keyring()?;
        let tried = self.realm.store.write(|tx| {
            let all = all.iter().map(|one| self.take_in_within(tx, &keyring, one));
            Err::<(), _>(Tried::Over(all.collect()))
        });
        match tried {
            Err(Tried::Over(all)) => Ok(all),
            Err(Tried::Failed(error)) => Err(error.into()),
            Ok(()) => Ok(Vec::new()),
        }
    }

    /// Everything is looked at before the first row is written, so that a refusal leaves nothing behind in a larger unit either.
    fn take_in_within(&self, tx: &mut Tx<'_>, keyring: &Keyring, incoming: &Incoming<'_>) -> Result<TakenIn, NotTaken> {
        if self.role(tx)?.is_some() {
            return Err(AdministrationError::NotAllowed.into());
        }
        let account = match account_rows::find(tx, incoming.whose)? {
            Some(account) => account,
            None if incoming.newcomers == Newcomers::Added => self.welcome(tx, incoming.whose)?,
            None => return Err(NotTaken::NoAccount(incoming.whose.clone())),
        };
        let bound = devices::rows::bound(tx, account.id)?.devices;
        let taken = match incoming.brought {
            Brought::App(app) => self.take_app(tx, keyring, &account, &bound, (incoming, app))?,
            Brought::Key(key) => self.take_key(tx, &account, &bound, (incoming, key))?,
        };
        if let TakenIn::Bound(device) = &taken {
            let event = self
                .administrator
                .event(EventKind::DeviceBound)
                .about(&account.name)
                .method(device.kind);
            let event = event.detail("device", device.id).detail("name", &device.name);
            self.record(tx, &event.detail("imported_from", incoming.origin.as_str()))?;
            self.tell(
                tx,
                &account,
                AdministratorAct::DeviceBound,
                Some(device.name.to_string()),
            )?;
        }
        Ok(taken)
    }

    fn welcome(&self, tx: &mut Tx<'_>, name: &LoginName) -> Result<Account, NotTaken> {
        self.add_within(tx, name, &NewPerson::default())?;
        account_rows::find(tx, name)?.ok_or_else(|| NotTaken::NoAccount(name.clone()))
    }

    fn take_app(
        &self,
        tx: &mut Tx<'_>,
        keyring: &Keyring,
        account: &Account,
        bound: &[Device],
        (incoming, app): (&Incoming<'_>, &CarriedApp),
    ) -> Result<TakenIn, NotTaken> {
        if let Some(there) = devices::rows::same_app(tx, keyring, account.id, &app.secret)? {
            return there_already(bound, there);
        }
        let (now, limits) = (self.realm.clock.now(), limits(self.realm, tx)?);
        room(bound, limits.totp, DeviceKind::Totp)?;
        let name = free_name(bound, incoming.called, "app")?;
        let pending = Pending::carried(name, app.shape, app.secret.clone())?;
        let proven = pending.vouched(app.drift, app.last_step, now);
        let entropy = self.realm.entropy.as_ref();
        let device = devices::rows::insert_totp(tx, keyring, entropy, account.id, &proven, limits, now)?;
        Ok(TakenIn::Bound(device))
    }

    fn take_key(
        &self,
        tx: &mut Tx<'_>,
        account: &Account,
        bound: &[Device],
        (incoming, key): (&Incoming<'_>, &CarriedKey),
    ) -> Result<TakenIn, NotTaken> {
        if let Some(known) = fido::by_credential_id(tx, &key.credential_id)? {
            return if known.account == account.id {
                there_already(bound, known.device)
            } else {
                Err(DeviceError::CredentialTaken.into())
            };
        }
        let new = self.credential(key, incoming.attestation)?;
        let (now, limits) = (self.realm.clock.now(), limits(self.realm, tx)?);
        room(bound, limits.fido, new.kind())?;
        let name = free_name(bound, incoming.called, "key")?;
        let entropy = self.realm.entropy.as_ref();
        let device = fido::insert(tx, entropy, account.id, &name, &new, limits, None, now)?;
        Ok(TakenIn::Bound(device))
    }

    /// A credential as this realm asks for it. One of another name than the realm's domain stands beside that domain as U2F's
    /// `AppID` does: who is asked for it, is asked by that name.
    fn credential(&self, key: &CarriedKey, attestation: Attestation) -> Result<NewCredential, NotTaken> {
        let party = self.realm.relying_party.as_ref().ok_or(NotTaken::NoRelyingParty)?;
        if key.rp_id.as_ref().is_some_and(|id| *id != party.id) {
            return Err(NotTaken::OtherParty);
        }
        if attestation == Attestation::Required {
            return Err(NotTaken::Unattested);
        }
        Ok(NewCredential {
            credential_id: key.credential_id.clone(),
            rp_id: party.id.clone(),
            public_key: key.public_key.clone(),
            sign_count: key.sign_count,
            aaguid: key.aaguid,
            transports: key.transports.clone(),
            discoverable: key.discoverable,
            user_verified: key.user_verified,
            backup_eligible: key.backup_eligible,
            backed_up: key.backed_up,
            attested: false,
            app_id: key.app_id.clone().filter(|name| *name != party.id),
        })
    }

    /// What the accounts of these names have, or all of them: for an export. Recovery codes and addresses stay: the first are
    /// known only as hashes that this realm alone can check, the second must be confirmed by their person.
    pub fn carry_out(&self, whose: &[LoginName]) -> Result<Vec<Person>, NotTaken> {
        let keyring = self.realm.keyring()?;
        self.realm.store.write(|tx| {
            if self.role(tx)?.is_some() {
                return Err(AdministrationError::NotAllowed.into());
            }
            let accounts = if whose.is_empty() {
                everybody(tx)?
            } else {
                named(tx, whose)?
            };
            let mut people = Vec::new();
            for account in accounts {
                let devices = belongings(tx, &keyring, &account)?;
                if !devices.is_empty() {
                    let name = account.name.to_string();
                    people.push(Person { name, devices });
                }
            }
            let event = self.administrator.event(EventKind::DevicesExported);
            let count: usize = people.iter().map(|person| person.devices.len()).sum();
            self.record(tx, &event.detail("people", people.len()).detail("devices", count))?;
            Ok(people)
        })
    }
}

fn everybody(tx: &mut Tx<'_>) -> Result<Vec<Account>, StoreError> {
    let mut all: Vec<Account> = Vec::new();
    loop {
        let after = all.last().map(|account| account.name.to_string());
        let page = account_rows::list(tx, after.as_deref(), PAGE)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn named(tx: &mut Tx<'_>, whose: &[LoginName]) -> Result<Vec<Account>, NotTaken> {
    let found = whose
        .iter()
        .map(|name| account_rows::find(tx, name)?.ok_or_else(|| NotTaken::NoAccount(name.clone())));
    found.collect()
}

fn belongings(tx: &mut Tx<'_>, keyring: &Keyring, account: &Account) -> Result<Vec<Thing>, NotTaken> {
    let bound = devices::rows::bound(tx, account.id)?.devices;
    let name_of = |device| {
        bound
            .iter()
            .find(|one| one.id == device)
            .map_or("", |one| one.name.as_str())
    };
    let mut things = Vec::new();
    for (device, app) in devices::rows::carried_apps(tx, keyring, account.id)? {
        things.push(Thing::of(name_of(device), &Brought::App(app)));
    }
    for key in fido::of_account(tx, account.id)? {
        let carried = CarriedKey {
            credential_id: key.credential_id.clone(),
            rp_id: Some(key.rp_id.clone()),
            app_id: key.app_id.clone(),
            public_key: key.public_key.clone(),
            sign_count: key.sign_count,
            aaguid: key.aaguid,
            transports: key.transports.clone(),
            discoverable: key.discoverable,
            user_verified: key.user_verified,
            backup_eligible: key.backup_eligible,
            backed_up: key.backed_up,
        };
        things.push(Thing::of(key.name.as_str(), &Brought::Key(Box::new(carried))));
    }
    Ok(things)
}

fn there_already(bound: &[Device], device: crate::ids::DeviceId) -> Result<TakenIn, NotTaken> {
    let found = bound.iter().find(|one| one.id == device).cloned();
    found.map(TakenIn::There).ok_or_else(|| DeviceError::NotFound.into())
}

/// Looked at before the first row is written; the binding looks again.
fn room(bound: &[Device], most: u32, kind: DeviceKind) -> Result<(), DeviceError> {
    let same = |one: &&Device| one.kind == kind || (one.kind.is_fido() && kind.is_fido());
    if bound.iter().filter(same).count() < most as usize {
        Ok(())
    } else {
        Err(DeviceError::LimitReached { kind, most })
    }
}

/// What it was called, as far as that is a name here, with a number where it is taken.
fn free_name(bound: &[Device], called: Option<&str>, otherwise: &str) -> Result<DeviceName, DeviceError> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let wanted: String = called
        .unwrap_or_default()
        .chars()
        .map(plain)
        .take(LONGEST_NAME)
        .collect();
    let wanted = Some(wanted.trim_matches('-'))
        .filter(|name| !name.is_empty())
        .unwrap_or(otherwise);
    let names = std::iter::once(wanted.to_owned()).chain((2..100).map(|number| format!("{wanted}-{number}")));
    let mut names = names.filter_map(|name| DeviceName::parse(&name, NameRule::Ascii).ok());
    let free = |name: &DeviceName| bound.iter().all(|one| one.name.key() != name.key());
    names
        .find(free)
        .ok_or(DeviceError::Import("it has no name that is free"))
}
