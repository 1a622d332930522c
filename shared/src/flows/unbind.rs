//! State machine: unbind a device with the typed YES (R78, Q6); an administrator may unbind any (R82).

use super::bind::Also;
use super::ordinary::{Ordinary, lasting};
use super::{Authority, FlowError};
use crate::accounts::{Account, rows};
use crate::audit::{self, EventKind};
use crate::devices::{self, Bound, Device, DeviceError, Unbinding};
use crate::ids::{AccountId, DeviceId};
use crate::methods::Method;
use crate::outbox::{self, LetterKind, Thing};
use crate::policy::EmailUse;
use crate::realm::Realm;
use crate::source::Source;
use crate::store::{StoreError, Tx};

/// What has to be typed, in any letter case, never translated.
pub const CONFIRMATION: &str = "YES";

/// Whether the last usable device may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastDevice {
    /// It stays where a rule asks for a second factor (R85): one's own hand must not lock oneself out.
    Keep,
    /// It may go: an administrator said so after a warning.
    MayGo,
}

/// Why a device stays bound.
#[derive(Debug, thiserror::Error)]
pub enum UnbindError {
    /// No such account or device, or it is unbound already.
    #[error("no such device is bound")]
    NotFound,
    /// The word was not YES.
    #[error("type YES to unbind; nothing was changed")]
    NotConfirmed,
    /// It is the last usable one (M09).
    #[error("this is the last usable device; bind another one first, or let an administrator unbind it")]
    LastDevice,
    /// The device's own rules.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Could not be decided.
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl UnbindError {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotConfirmed => "confirmation_required",
            Self::LastDevice => "last_device",
            Self::Device(error) => error.code(),
            Self::Flow(_) => "store_unavailable",
        }
    }
}

impl From<StoreError> for UnbindError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// An unbinding that waits for its YES.
#[derive(Debug)]
pub struct Unbind {
    account: AccountId,
    device: Device,
    last: LastDevice,
}

impl Unbind {
    /// Finds the device and tells what has to be confirmed.
    pub fn start(realm: &Realm, account: AccountId, device: DeviceId, last: LastDevice) -> Result<Self, UnbindError> {
        let device = realm.store.read(|tx| {
            let bound = devices::rows::bound(tx, account)?.devices;
            bound
                .into_iter()
                .find(|one| one.id == device)
                .ok_or(UnbindError::NotFound)
        })?;
        Ok(Self { account, device, last })
    }

    /// The device in question.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Whether a door that asks for a second factor would be closed to its person without this device. Devices that the
    /// policy does not accept open nothing, and recovery codes are no device to live on: they run out.
    pub fn is_last(&self, realm: &Realm, tx: &mut Tx<'_>) -> Result<bool, FlowError> {
        match rows::by_id(tx, self.account)? {
            Some(account) => self.is_last_of(realm, tx, &account),
            None => Ok(false),
        }
    }

    fn is_last_of(&self, realm: &Realm, tx: &mut Tx<'_>, account: &Account) -> Result<bool, FlowError> {
        if !self.device.kind.is_lasting() {
            return Ok(false);
        }
        let mut bound = devices::rows::bound(tx, self.account)?;
        // For an emergency an address serves beside another device, not alone.
        let alone = realm.policy(tx)?.settings().email == EmailUse::SecondFactor;
        let to_live_on = |bound: &Bound| {
            let mut methods = lasting(bound);
            methods.retain(|method| alone || *method != Method::Email);
            methods
        };
        let before = to_live_on(&bound);
        bound.devices.retain(|one| one.id != self.device.id);
        let ordinary = Ordinary::of(realm, tx, account, &Source::Unknown)?;
        Ok(ordinary.locks_out(&before, &to_live_on(&bound)))
    }

    /// Takes what was typed.
    pub fn answer(self, realm: &Realm, authority: &Authority, typed: &str) -> Result<(), UnbindError> {
        self.answer_and(realm, authority, typed, &mut |_| Ok(()))
    }

    /// The same, with work that must be true exactly when the unbinding is, such as ending the sessions that rest on the
    /// device: it runs in the same unit of work.
    pub fn answer_and(
        self,
        realm: &Realm,
        authority: &Authority,
        typed: &str,
        also: Also<'_>,
    ) -> Result<(), UnbindError> {
        if !typed.trim().eq_ignore_ascii_case(CONFIRMATION) {
            return Err(UnbindError::NotConfirmed);
        }
        let now = realm.clock.now();
        realm.store.write(|tx| {
            let account = rows::by_id(tx, self.account)?.ok_or(UnbindError::NotFound)?;
            // Whoever unbinds another one at the same moment waits here, so that of the last two one stays.
            if !rows::hold(tx, self.account)? {
                return Err(UnbindError::NotFound);
            }
            if self.last == LastDevice::Keep && self.is_last_of(realm, tx, &account)? {
                return Err(UnbindError::LastDevice);
            }
            // Before it goes: an address that is unbound is told of it too.
            let gone = LetterKind::DeviceUnbound {
                device: Thing::from(&self.device),
            };
            outbox::write(tx, realm, &authority.letter(self.account, gone), now)?;
            let end = Unbinding {
                at: now,
                by: authority.actor.to_string(),
                why: authority.why(),
            };
            devices::rows::unbind(tx, self.account, self.device.id, &end).map_err(|error| match error {
                DeviceError::NotFound => UnbindError::NotFound,
                other => other.into(),
            })?;
            let event = authority
                .event(EventKind::DeviceUnbound)
                .about(&account.name)
                .method(self.device.kind)
                .detail("device", self.device.id)
                .detail("name", &self.device.name);
            audit::append(tx, &event, now)?;
            also(tx)?;
            Ok(())
        })
    }
}
