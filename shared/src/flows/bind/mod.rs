//! State machine: bind an authenticator app, from Security Information, from the administrator's command, or at the
//! first sign-in. A key counts as bound only after one of its codes was right (R55).

mod codes;

pub use super::Authority;
pub use codes::renew_recovery_codes;
pub(super) use codes::with_recovery;

use super::FlowError;
use crate::accounts::{LoginName, rows};
use crate::audit::{self, Event, EventKind};
use crate::clock::UnixTime;
use crate::devices::totp::{Pending, Proven};
use crate::devices::{self, Device, DeviceError, DeviceKind, DeviceName, Limits, Unbinding, UnboundWhy, recovery};
use crate::ids::{AccountId, DeviceId};
use crate::outbox::{self, LetterKind, Thing};
use crate::realm::Realm;
use crate::secrets::{SecretBytes, SecretText};
use crate::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};

/// Wrong codes that one machine takes: who types five wrong ones scanned something else.
const MOST_TRIES: u8 = 5;

/// Seconds from showing the key to proving it.
const LIFETIME: i64 = 30 * 60;

/// A binding in progress.
#[derive(Debug)]
pub struct Bind {
    started_at: UnixTime,
    account: AccountId,
    login: LoginName,
    pending: Pending,
    tries: u8,
    replaces: Option<DeviceId>,
}

/// [`Bind`] at rest, in a container that only this realm can seal.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    started_at: UnixTime,
    account: AccountId,
    login: String,
    pending: String,
    tries: u8,
    replaces: Option<DeviceId>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.pending);
    }
}

/// What the person scans or types into the app.
#[derive(Debug)]
pub struct Shown {
    /// `otpauth://totp/...`, as short as the app allows, for the QR code.
    pub uri: SecretText,
    /// The key in groups of four letters (R54).
    pub key: SecretText,
}

/// Where a binding stands after a code.
#[derive(Debug)]
pub enum Answered {
    /// The code was right: the device is bound.
    Bound {
        /// The device.
        device: Device,
        /// Codes for the day the phone is lost, shown now and never again; `None` where the account has some left.
        recovery: Option<recovery::Drawn>,
    },
    /// The code was wrong: check the phone's clock and try the next one (M12).
    Again {
        /// The same binding.
        bind: Box<Bind>,
        /// Further tries.
        tries_left: u8,
    },
    /// Too many wrong codes, or too late: nothing is bound; begin again.
    Ended,
}

/// Why nothing can be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// No such account.
    #[error("there is no such account")]
    NoAccount,
    /// A name or a limit stands against it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// What protects a first binding is missing (Q8).
    #[error("a device can be bound only with a ticket from an administrator")]
    Unprotected,
    /// Could not be decided.
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl BindError {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAccount => "not_found",
            Self::Device(error) => error.code(),
            Self::Unprotected => "enrollment_ticket_required",
            Self::Flow(_) => "store_unavailable",
        }
    }
}

impl From<StoreError> for BindError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

impl Bind {
    /// Begins with a key, drawn or brought along. Tells at once if no further app may be bound.
    pub fn start(realm: &Realm, account: AccountId, pending: Pending) -> Result<(Self, Shown), BindError> {
        let login = realm.store.read(|tx| {
            let found = rows::by_id(tx, account)?.ok_or(BindError::NoAccount)?;
            let limits = limits(realm, tx)?;
            let bound = devices::rows::bound(tx, account)?;
            let apps = bound.devices.iter().filter(|one| one.kind == DeviceKind::Totp).count();
            if apps >= limits.totp as usize {
                let full = DeviceError::LimitReached {
                    kind: DeviceKind::Totp,
                    most: limits.totp,
                };
                return Err(BindError::Device(full));
            }
            Ok(found.name)
        })?;
        Ok(Self::begun(realm, account, login, pending, None))
    }

    /// Begins with a key that is to take the place of this app: the old one goes in the unit that binds the new one, so
    /// that there is no moment without either (Q7).
    pub fn replacing(
        realm: &Realm,
        account: AccountId,
        pending: Pending,
        old: DeviceId,
    ) -> Result<(Self, Shown), BindError> {
        let login = realm.store.read(|tx| {
            let found = rows::by_id(tx, account)?.ok_or(BindError::NoAccount)?;
            let bound = devices::rows::bound(tx, account)?;
            let is_app = |one: &Device| one.id == old && one.kind == DeviceKind::Totp;
            if bound.devices.iter().any(is_app) {
                Ok(found.name)
            } else {
                Err(BindError::Device(DeviceError::NotFound))
            }
        })?;
        Ok(Self::begun(realm, account, login, pending, Some(old)))
    }

    fn begun(
        realm: &Realm,
        account: AccountId,
        login: LoginName,
        pending: Pending,
        replaces: Option<DeviceId>,
    ) -> (Self, Shown) {
        let bind = Self {
            started_at: realm.clock.now(),
            account,
            login,
            pending,
            tries: 0,
            replaces,
        };
        let shown = bind.shown(realm);
        (bind, shown)
    }

    /// What the person scans, once more.
    pub fn shown(&self, realm: &Realm) -> Shown {
        Shown {
            uri: self.pending.uri(&realm.names.realm, self.login.as_str()),
            key: self.pending.key_text(),
        }
    }

    /// Whether the last code was right at another time than ours: the next one is to be typed too (Q19).
    pub fn clock_is_off(&self) -> bool {
        self.pending.clock_is_off()
    }

    /// Whose it is to be.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The app whose place it takes.
    pub fn replaces(&self) -> Option<DeviceId> {
        self.replaces
    }

    /// The same binding under another name for the device.
    #[must_use]
    pub fn named(mut self, name: DeviceName) -> Self {
        self.pending = self.pending.named(name);
        self
    }

    /// For whoever keeps it in a sealed container between two questions: a page.
    pub fn to_sealable(&self) -> SecretText {
        let pending = self.pending.to_sealable();
        let kept = Kept {
            started_at: self.started_at,
            account: self.account,
            login: self.login.to_string(),
            pending: String::from_utf8_lossy(pending.expose()).into_owned(),
            tries: self.tries,
            replaces: self.replaces,
        };
        // A struct of texts and numbers always has a JSON form.
        serde_json::to_string(&kept).unwrap_or_default().into()
    }

    /// Reads what [`Bind::to_sealable`] gave; `None` for anything else.
    pub fn from_sealable(realm: &Realm, text: &SecretText) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text.expose()).ok()?;
        Some(Self {
            started_at: kept.started_at,
            account: kept.account,
            login: LoginName::parse(&kept.login, &realm.names).ok()?,
            pending: Pending::from_sealable(&SecretBytes::new(kept.pending.as_bytes().to_vec()))?,
            tries: kept.tries,
            replaces: kept.replaces,
        })
    }

    /// Takes a code of the app; binds if it is right, with recovery codes where the account has none.
    pub fn answer(self, realm: &Realm, authority: &Authority, code: &str) -> Result<Answered, BindError> {
        self.answer_and(realm, authority, code, &mut |_| Ok(()))
    }

    /// The same, with work that must be true exactly when the binding is: it runs in the same unit of work.
    pub fn answer_and(
        self,
        realm: &Realm,
        authority: &Authority,
        code: &str,
        also: Also<'_>,
    ) -> Result<Answered, BindError> {
        let now = realm.clock.now();
        if !(0..=LIFETIME).contains(&(now - self.started_at)) {
            return Ok(Answered::Ended);
        }
        if self.tries >= MOST_TRIES {
            return Ok(Answered::Ended);
        }
        let Self {
            started_at,
            account,
            login,
            pending,
            tries,
            replaces,
        } = self;
        match pending.prove(code, now) {
            Ok(proven) => bound(realm, authority, (account, &login), &proven, replaces, also),
            Err(pending) => {
                // A right code of another time costs no try: the next one settles it (Q19).
                let tries = if pending.clock_is_off() { tries } else { tries + 1 };
                if tries >= MOST_TRIES {
                    return Ok(Answered::Ended);
                }
                let bind = Box::new(Self {
                    started_at,
                    account,
                    login,
                    pending,
                    tries,
                    replaces,
                });
                Ok(Answered::Again {
                    bind,
                    tries_left: MOST_TRIES - tries,
                })
            }
        }
    }
}

/// Work that a front end wants done in the unit that changes the devices.
pub type Also<'a> = &'a mut (dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send);

/// How much of what one account may bind, by the policy in force.
pub(crate) fn limits(realm: &Realm, tx: &mut Tx<'_>) -> Result<Limits, FlowError> {
    let policy = realm.policy(tx)?;
    Ok(Limits {
        totp: policy.settings().totp_per_user,
        fido: policy.settings().fido_per_user,
        ..Limits::default()
    })
}

fn bound(
    realm: &Realm,
    authority: &Authority,
    (account, login): (AccountId, &LoginName),
    proven: &Proven,
    replaces: Option<DeviceId>,
    also: Also<'_>,
) -> Result<Answered, BindError> {
    let now = realm.clock.now();
    let keyring = realm.keyring()?;
    let entropy = realm.entropy.as_ref();
    let (device, recovery) = with_recovery(realm, authority, account, login, |tx| {
        let limits = limits(realm, tx)?;
        let gone = replaces
            .map(|old| retire(tx, authority, (account, login), old, now))
            .transpose()?;
        let device = devices::rows::insert_totp(tx, &keyring, entropy, account, proven, limits, now)?;
        let mut event = bound_event(authority, login, &device);
        if let Some(old) = replaces {
            event = event.detail("replaces", old);
        }
        audit::append(tx, &event, now)?;
        let new = Thing::from(&device);
        let kind = match &gone {
            None => LetterKind::DeviceBound { device: new },
            Some(old) => LetterKind::DeviceReplaced { old: old.into(), new },
        };
        outbox::write(tx, realm, &authority.letter(account, kind), now)?;
        also(tx)?;
        Ok(device)
    })?;
    Ok(Answered::Bound { device, recovery })
}

/// The old device goes; of two that replace it at once, the second finds it gone.
fn retire(
    tx: &mut Tx<'_>,
    authority: &Authority,
    (account, login): (AccountId, &LoginName),
    old: DeviceId,
    now: UnixTime,
) -> Result<Device, BindError> {
    let gone = devices::rows::bound(tx, account)?.devices;
    let gone = gone
        .into_iter()
        .find(|one| one.id == old)
        .ok_or(DeviceError::NotFound)?;
    let end = Unbinding {
        at: now,
        by: authority.actor.to_string(),
        why: UnboundWhy::Replaced,
    };
    devices::rows::unbind(tx, account, old, &end)?;
    let event = authority
        .event(EventKind::DeviceUnbound)
        .about(login)
        .method(gone.kind)
        .detail("device", old)
        .detail("name", &gone.name)
        .detail("why", UnboundWhy::Replaced.as_str());
    audit::append(tx, &event, now)?;
    Ok(gone)
}

/// The line that every binding leaves.
pub(super) fn bound_event(authority: &Authority, login: &LoginName, device: &Device) -> Event {
    authority
        .event(EventKind::DeviceBound)
        .about(login)
        .method(device.kind)
        .detail("device", device.id)
        .detail("name", device.name.as_str())
}

/// Gives a device another name.
pub fn rename(
    realm: &Realm,
    authority: &Authority,
    account: AccountId,
    device: DeviceId,
    name: &DeviceName,
) -> Result<(), BindError> {
    realm.store.write(|tx| {
        let found = rows::by_id(tx, account)?.ok_or(BindError::NoAccount)?;
        devices::rows::rename(tx, account, device, name)?;
        let event = authority
            .event(EventKind::DeviceRenamed)
            .about(&found.name)
            .detail("device", device)
            .detail("name", name);
        audit::append(tx, &event, realm.clock.now())?;
        Ok(())
    })
}
