//! State machine: bind a security e-mail address (R58, R59): an address, a code sent to it, the code.
//!
//! Between its two steps it lives in the store alone: the newest code of the session knows the address that it went to.
//! That an address has too many accounts is told only to whoever has read a code there (Q23).

use super::FlowError;
use super::bind::{Authority, BindError, bound_event};
use crate::accounts::{Account, rows};
use crate::audit::{self, Event, EventKind};
use crate::devices::email::{self, EmailAddress, NotAnEmailAddress};
use crate::devices::{self, Device, DeviceError, DeviceKind, DeviceName, NameRule};
use crate::ids::AccountId;
use crate::methods::Method;
use crate::methods::email_code::{self, Bond, Drawn, Found, Purpose};
use crate::outbox::{self, Letter, LetterKind, Thing};
use crate::policy::EmailUse;
use crate::realm::Realm;
use crate::source::Source;
use crate::store::{StoreError, Tx};

use super::SentCode;

/// What the one security e-mail of an account is called among its devices.
const NAME: &str = "email";

/// Why no address was bound, or no code sent.
#[derive(Debug, thiserror::Error)]
pub enum BindEmailError {
    /// It is no address.
    #[error(transparent)]
    Address(#[from] NotAnEmailAddress),
    /// The settings do not let e-mail verify anything, or this realm sends no letters.
    #[error("Security e-mail is switched off here.")]
    Off,
    /// A code went out a moment ago, or too many did.
    #[error("A code was sent a moment ago.")]
    NotYet {
        /// When another may be asked for.
        at: i64,
    },
    /// The code is not right.
    #[error("That code is not right.")]
    CodeWrong,
    /// The code was used, or a newer one was sent.
    #[error("That code was used already, or a newer one was sent.")]
    CodeUsed,
    /// No code that was sent is good any more.
    #[error("That code is no longer valid.")]
    CodeOver,
    /// The link is over, was used, or is another account's.
    #[error("That link is no longer valid.")]
    LinkOver,
    /// A limit.
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl BindEmailError {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "name_invalid",
            Self::Off => "method_not_allowed",
            Self::NotYet { .. } => "too_many_attempts",
            Self::CodeWrong => "code_wrong",
            Self::CodeUsed => "code_replayed",
            Self::CodeOver | Self::LinkOver => "code_expired",
            Self::Bind(error) => error.code(),
        }
    }
}

impl From<StoreError> for BindEmailError {
    fn from(error: StoreError) -> Self {
        Self::Bind(error.into())
    }
}

impl From<FlowError> for BindEmailError {
    fn from(error: FlowError) -> Self {
        Self::Bind(error.into())
    }
}

impl From<DeviceError> for BindEmailError {
    fn from(error: DeviceError) -> Self {
        Self::Bind(error.into())
    }
}

/// Who binds, and in which session.
#[derive(Debug)]
pub struct Binding<'a> {
    /// By what right.
    pub authority: &'a Authority,
    /// Whose.
    pub account: AccountId,
    /// The session's id: a code of one is worth nothing in another.
    pub session: &'a str,
    /// Where from.
    pub source: &'a Source,
}

impl Binding<'_> {
    fn bond(&self) -> Bond<'_> {
        bond(self.account, self.session)
    }

    /// Sends a code to this address.
    pub fn send(&self, realm: &Realm, typed: &str) -> Result<SentCode, BindEmailError> {
        let address = EmailAddress::parse(typed)?;
        let (keyring, now) = (realm.keyring()?, realm.clock.now());
        realm.store.write(|tx| {
            let account = self.ready(realm, tx)?;
            let policy = realm.policy(tx)?;
            let rule = &policy.settings().email_code;
            let entropy = realm.entropy.as_ref();
            let drawn = email_code::draw(tx, &keyring, entropy, &self.bond(), &address, rule, now)
                .map_err(|error| FlowError::Method(error.to_string()))?;
            let (code, until) = match drawn {
                Drawn::Code { code, until } => (code, until),
                Drawn::NotYet { at } => return Err(BindEmailError::NotYet { at }),
            };
            let letter = Letter {
                account: account.id,
                kind: LetterKind::ProveAddress {
                    code: code.expose().clone(),
                    until,
                },
                source: Some(self.source),
            };
            outbox::write_to(tx, realm, &address, &letter, now)?;
            let event = Event::new(EventKind::EmailCodeSent, self.authority.actor.clone())
                .about(&account.name)
                .method(Method::Email)
                .at(self.authority.door, "portal:devices")
                .from(self.source);
            audit::append(tx, &event, now)?;
            Ok(SentCode {
                to: address.masked(),
                until,
            })
        })
    }

    /// Where the code that waits for an answer in this session went.
    pub fn sent_in(realm: &Realm, account: AccountId, session: &str) -> Result<Option<SentCode>, FlowError> {
        let now = realm.clock.now();
        let found = realm
            .store
            .read(|tx| email_code::sent_to(tx, &bond(account, session), now))?;
        Ok(found.map(|(address, until)| SentCode {
            to: address.masked(),
            until,
        }))
    }

    /// The whole address that it went to.
    pub fn address(&self, realm: &Realm) -> Result<Option<EmailAddress>, FlowError> {
        let now = realm.clock.now();
        let found = realm.store.read(|tx| email_code::sent_to(tx, &self.bond(), now))?;
        Ok(found.map(|(address, _)| address))
    }

    /// Leaves the code that waits; another address may be given.
    pub fn leave(&self, realm: &Realm) -> Result<(), FlowError> {
        Ok(realm.store.write(|tx| email_code::void(tx, &self.bond()))?)
    }

    /// Takes the code; binds the address that it went to if it is right. A right code is spent also where a limit stands
    /// against the binding, and a wrong one costs a try.
    pub fn finish(&self, realm: &Realm, typed: &str) -> Result<Device, BindEmailError> {
        let (keyring, now) = (realm.keyring()?, realm.clock.now());
        realm.store.write(|tx| {
            let account = self.ready(realm, tx)?;
            let Some((address, _)) = email_code::sent_to(tx, &self.bond(), now)? else {
                return Ok(Err(BindEmailError::CodeOver));
            };
            match email_code::spend(tx, &keyring, &self.bond(), &address, typed, now)? {
                Found::Right => {}
                Found::Wrong { .. } => return Ok(Err(BindEmailError::CodeWrong)),
                Found::Used => return Ok(Err(BindEmailError::CodeUsed)),
                Found::Over => return Ok(Err(BindEmailError::CodeOver)),
            }
            self.bind(realm, tx, &account, &address)
        })?
    }

    /// Confirms an address that an administrator set, by the link in its letter (W14).
    pub fn confirm(&self, realm: &Realm, secret: &str) -> Result<Device, BindEmailError> {
        let now = realm.clock.now();
        realm.store.write(|tx| {
            let account = self.ready(realm, tx)?;
            match email::take_proposed(tx, account.id, secret, now)? {
                Some(address) => self.bind(realm, tx, &account, &address),
                None => Ok(Err(BindEmailError::LinkOver)),
            }
        })?
    }

    /// Whether an address can be bound at all: told before a code is sent.
    fn ready(&self, realm: &Realm, tx: &mut Tx<'_>) -> Result<Account, BindEmailError> {
        let account = rows::by_id(tx, self.account)?.ok_or(BindError::NoAccount)?;
        if !realm.mail || realm.policy(tx)?.settings().email == EmailUse::Off {
            return Err(BindEmailError::Off);
        }
        if email::of_account(tx, account.id)?.is_some() {
            let full = DeviceError::LimitReached {
                kind: DeviceKind::Email,
                most: 1,
            };
            return Err(full.into());
        }
        Ok(account)
    }

    /// Inner errors leave the unit standing, so that what was spent stays spent.
    fn bind(
        &self,
        realm: &Realm,
        tx: &mut Tx<'_>,
        account: &Account,
        address: &EmailAddress,
    ) -> Result<Result<Device, BindEmailError>, BindEmailError> {
        let now = realm.clock.now();
        let most = realm.policy(tx)?.settings().users_per_email;
        if email::count_of(tx, address)? >= i64::from(most) {
            return Ok(Err(DeviceError::AddressLimit { most }.into()));
        }
        let name = free_name(tx, account.id)?;
        let device = email::insert(tx, realm.entropy.as_ref(), account.id, &name, address, most, now)?;
        audit::append(tx, &bound_event(self.authority, &account.name, &device), now)?;
        let letter = Letter {
            account: account.id,
            kind: LetterKind::DeviceBound {
                device: Thing::from(&device),
            },
            source: Some(self.source),
        };
        outbox::write(tx, realm, &letter, now)?;
        Ok(Ok(device))
    }
}

fn bond(account: AccountId, session: &str) -> Bond<'_> {
    Bond {
        account,
        purpose: Purpose::Bind,
        binding: session,
    }
}

/// `email`, or `email-2` where its person calls another device so.
fn free_name(tx: &mut Tx<'_>, account: AccountId) -> Result<DeviceName, FlowError> {
    let bound = devices::rows::bound(tx, account)?.devices;
    let taken = |name: &str| bound.iter().any(|one| one.name.as_str().eq_ignore_ascii_case(name));
    let numbered = (2..100).map(|n| format!("{NAME}-{n}"));
    let mut names = std::iter::once(NAME.to_owned()).chain(numbered);
    let name = names.find(|name| !taken(name)).unwrap_or_default();
    DeviceName::parse(&name, NameRule::Ascii).map_err(|error| FlowError::Method(error.to_string()))
}

/// An administrator gives the account an address: a letter asks its person to confirm it within a day (W14). Whether they may, and
/// what the trail tells of it, is the caller's business, in whose unit of work this is.
pub(crate) fn propose(
    tx: &mut Tx<'_>,
    realm: &Realm,
    account: &Account,
    address: &EmailAddress,
    by: &str,
) -> Result<(), BindEmailError> {
    if !realm.mail || realm.policy(tx)?.settings().email == EmailUse::Off {
        return Err(BindEmailError::Off);
    }
    let now = realm.clock.now();
    let link = email::propose(tx, realm.entropy.as_ref(), account.id, address, by, now)?;
    let letter = Letter {
        account: account.id,
        kind: LetterKind::ConfirmAddress {
            secret: link.text().to_owned(),
            until: now.saturating_add(email::PROPOSED_FOR),
        },
        source: None,
    };
    outbox::write_to(tx, realm, address, &letter, now)?;
    Ok(())
}
