//! Accounts: pages of them, one of them, new ones, and what may be changed about them.

use super::{AdministrationError, Desk, rows};
use crate::accounts::{Account, AccountState, Attributes, LoginName, NewAccount, attributes, rows as accounts};
use crate::attempts::{self, Lock};
use crate::audit::EventKind;
use crate::devices::{self, Bound, DeviceKind};
use crate::ids::AccountId;
use crate::objections;
use crate::outbox::AdministratorAct;
use crate::roles::{Action, Role, may_appoint};
use crate::store::Tx;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// Accounts on one page.
pub const PAGE: u32 = 50;

/// Which accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which {
    /// Every one.
    #[default]
    All,
    /// Those locked or disabled.
    InState(AccountState),
    /// Those of a role above `user`.
    OfRole(Role),
    /// Active, without a second factor of their own choice.
    Unenrolled,
    /// Active, with one kind of second factor only (R83).
    OneKind,
}

impl Which {
    /// Every choice, in the order in which a page offers them.
    pub const EVERY: &'static [Self] = &[
        Self::All,
        Self::Unenrolled,
        Self::OneKind,
        Self::InState(AccountState::Locked),
        Self::InState(AccountState::Disabled),
        Self::OfRole(Role::Owner),
        Self::OfRole(Role::Admin),
        Self::OfRole(Role::Helpdesk),
        Self::OfRole(Role::Auditor),
    ];

    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::InState(state) => state.as_str(),
            Self::OfRole(role) => role.as_str(),
            Self::Unenrolled => "unenrolled",
            Self::OneKind => "one-kind",
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no choice of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one of: all, unenrolled, one-kind, locked, disabled, owner, admin, helpdesk, auditor")]
pub struct NotAChoice;

impl FromStr for Which {
    type Err = NotAChoice;

    fn from_str(text: &str) -> Result<Self, NotAChoice> {
        Self::EVERY
            .iter()
            .copied()
            .find(|one| one.as_str() == text)
            .ok_or(NotAChoice)
    }
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Which accounts.
    pub which: Which,
    /// What the user name begins with, or what stands in the name shown or the address; empty for all.
    pub text: String,
}

/// One account in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The account.
    pub account: Account,
    /// What is bound.
    pub kinds: BTreeSet<DeviceKind>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Everything about one account.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The account.
    pub account: Account,
    /// The groups that the store gives it.
    pub groups: BTreeSet<String>,
    /// What applications may be told of the person.
    pub attributes: Attributes,
    /// What is bound.
    pub bound: Bound,
    /// The locks that wrong answers made.
    pub locks: Vec<Lock>,
    /// Whether "this was not me" holds its person's own changes.
    pub held: bool,
}

/// An account to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPerson {
    /// The person's name.
    pub display_name: Option<String>,
    /// The profile's address.
    pub email: Option<String>,
    /// Flags.
    pub flags: BTreeSet<String>,
    /// Groups of the store.
    pub groups: BTreeSet<String>,
    /// What it may administer.
    pub role: Role,
}

/// What is to be changed; `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    /// The name shown; an empty one takes it away.
    pub display_name: Option<String>,
    /// All flags.
    pub flags: Option<BTreeSet<String>>,
    /// All groups of the store.
    pub groups: Option<BTreeSet<String>>,
    /// What applications may be told of the person: each named one; an empty one is taken away.
    pub attributes: BTreeMap<String, String>,
}

impl Desk<'_> {
    /// A page of accounts in the order of their names, those after `after`.
    pub fn accounts(
        &self,
        filter: &Filter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Listed>, AdministrationError> {
        let text = escaped(&filter.text.to_lowercase());
        let patterns = (format!("{text}%"), format!("%{text}%"));
        self.realm.store.read(|tx| {
            self.allowed(tx, Action::AccountsSee, None)?;
            let patterns = (patterns.0.as_str(), patterns.1.as_str());
            // One more than shown tells whether more follow.
            let mut found = rows::page(tx, filter.which, patterns, after.unwrap_or_default(), limit + 1)?;
            let more = found.len() > limit as usize;
            found.truncate(limit as usize);
            let next = found.last().filter(|_| more).map(|last| last.name.to_string());
            let mut items = Vec::with_capacity(found.len());
            for account in found {
                let devices = devices::rows::bound(tx, account.id)?.devices;
                let kinds = devices.iter().map(|device| device.kind).collect();
                items.push(Listed { account, kinds });
            }
            Ok(Page { items, next })
        })
    }

    /// One account.
    pub fn show(&self, name: &LoginName) -> Result<Detail, AdministrationError> {
        self.realm.store.read(|tx| {
            let account = self.account(tx, Action::AccountsSee, name)?;
            let lockout = self.realm.policy(tx)?.settings().lockout;
            Ok(Detail {
                groups: accounts::groups_of(tx, account.id)?,
                attributes: attributes::of_account(tx, account.id)?.unwrap_or_default().0,
                bound: devices::rows::bound(tx, account.id)?,
                locks: attempts::locks(tx, &lockout, name, self.realm.clock.now())?,
                held: objections::is_held(tx, account.id)?,
                account,
            })
        })
    }

    /// Makes an account; `false` where one of that name and just like that is there already.
    pub fn add(&self, name: &LoginName, new: &NewPerson) -> Result<bool, AdministrationError> {
        self.realm.store.write(|tx| self.add_within(tx, name, new))
    }

    /// The same within a larger unit of work.
    pub(super) fn add_within(
        &self,
        tx: &mut Tx<'_>,
        name: &LoginName,
        new: &NewPerson,
    ) -> Result<bool, AdministrationError> {
        let realm = self.realm;
        let account = NewAccount {
            id: AccountId::draw(realm.entropy.as_ref()).map_err(crate::flows::FlowError::from)?,
            name: name.clone(),
            display_name: new.display_name.clone(),
            email: new.email.clone(),
            flags: new.flags.clone(),
            role: new.role,
            created_at: realm.clock.now(),
        };
        self.allowed(tx, Action::AccountsAdd, None)?;
        if let Some(role) = self.role(tx)?
            && new.role != Role::User
            && !may_appoint(role, Role::User, new.role)
        {
            return Err(AdministrationError::NotAllowed);
        }
        if let Some(there) = accounts::find(tx, name)?
            && is_same(tx, &there, new)?
        {
            return Ok(false);
        }
        accounts::insert(tx, &account)?;
        new.groups
            .iter()
            .try_for_each(|group| accounts::add_group(tx, account.id, group))?;
        let event = self
            .administrator
            .event(EventKind::AccountAdded)
            .about(name)
            .detail("role", new.role);
        self.record(tx, &event)?;
        Ok(true)
    }

    /// Changes what is named; `false` where it is like that already.
    pub fn change(&self, name: &LoginName, to: &Properties) -> Result<bool, AdministrationError> {
        self.realm.store.write(|tx| {
            let account = self.account(tx, Action::AccountsChange, name)?;
            let before = summary(tx, name)?;
            if let Some(shown) = &to.display_name {
                accounts::set_display_name(tx, account.id, Some(shown.as_str()).filter(|shown| !shown.is_empty()))?;
            }
            if let Some(flags) = &to.flags {
                accounts::set_flags(tx, account.id, flags)?;
            }
            if let Some(groups) = &to.groups {
                let there = accounts::groups_of(tx, account.id)?;
                groups
                    .difference(&there)
                    .try_for_each(|group| accounts::add_group(tx, account.id, group))?;
                there
                    .difference(groups)
                    .try_for_each(|group| accounts::remove_group(tx, account.id, group))?;
            }
            if !to.attributes.is_empty() {
                let mut there = attributes::of_account(tx, account.id)?.unwrap_or_default().0;
                to.attributes
                    .iter()
                    .try_for_each(|(name, value)| there.set(name, value))?;
                attributes::replace(tx, account.id, &there, self.realm.clock.now())?;
            }
            let after = summary(tx, name)?;
            if before == after {
                return Ok(false);
            }
            let event = self.administrator.event(EventKind::AccountChanged).about(name);
            self.record(tx, &event.detail("before", before).detail("after", after))?;
            self.tell(tx, &account, AdministratorAct::Changed, None)?;
            Ok(true)
        })
    }
}

/// What the trail tells of an account before and after a change.
fn summary(tx: &mut Tx<'_>, name: &LoginName) -> Result<String, AdministrationError> {
    let account = accounts::find(tx, name)?.ok_or(AdministrationError::NotFound)?;
    let words = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(",");
    let groups = accounts::groups_of(tx, account.id)?;
    let attributes = attributes::of_account(tx, account.id)?.unwrap_or_default().0;
    let mut told = vec![
        format!("name={:?}", account.display_name.as_deref().unwrap_or_default()),
        format!("flags={}", words(&account.flags)),
        format!("groups={}", words(&groups)),
    ];
    told.extend(attributes.iter().map(|(name, value)| format!("{name}={value:?}")));
    Ok(told.join(" "))
}

fn is_same(tx: &mut Tx<'_>, there: &Account, new: &NewPerson) -> Result<bool, AdministrationError> {
    Ok(there.display_name == new.display_name
        && there.email == new.email
        && there.flags == new.flags
        && there.role == new.role
        && accounts::groups_of(tx, there.id)? == new.groups)
}

/// The text with nothing in it that a pattern would take for a joker.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
