//! What administrators do, each once: may they, the change, and what the trail tells of it, in one unit of work. Pages,
//! API and command all come through here.
//!
//! ```text
//! Desk { realm, administrator, end_sessions, last }
//!   .lock(&name)     reads the role of who asks and of who is meant, as they are in this unit of work,
//!                    changes, ends what must end with it, appends the event with before and after
//! ```

mod accounts;
mod devices;
mod document;
mod error;
mod last;
mod moving;
mod overview;
mod policy;
mod rescue;
mod rows;
mod security_email;
mod settings;
mod standing;
mod trail;

pub use accounts::{Detail, Filter, Listed, NewPerson, NotAChoice, PAGE, Page, Properties, Which};
pub use error::AdministrationError;
pub use last::is_last;
pub use moving::{Attestation, Incoming, Newcomers, NotTaken, TakenIn};
pub use overview::Overview;
pub use policy::Question;
pub use rescue::{LONGEST as LONGEST_RESCUE, Rescue};
pub use rows::STATEMENTS;
pub use settings::{Draft, FIELDS, Field, Global, Group, Kind};
pub use trail::{Found, Search};

use crate::accounts::{Account, AccountState, LoginName, rows as account_rows};
use crate::audit::{self, Actor, Event, EventKind};
use crate::flows::FlowError;
use crate::ids::{AccountId, RequestId};
use crate::outbox::{self, AdministratorAct, Letter, LetterKind};
use crate::realm::Realm;
use crate::roles::{Action, Reach, Role, may};
use crate::source::{Door, Source};
use crate::store::{StoreError, Tx};

/// Who administers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Whoever may write the store: nobody's leave is needed.
    Root {
        /// Their uid on this machine.
        uid: u32,
        /// What the machine calls them.
        name: String,
    },
    /// Somebody signed in, as far as their role goes.
    Account {
        /// Their account.
        id: AccountId,
        /// Its name.
        name: LoginName,
    },
}

/// Who administers, and from where: what the trail tells of each change.
#[derive(Debug, Clone)]
pub struct Administrator {
    /// Who.
    pub by: By,
    /// At which door.
    pub door: Door,
    /// The page, the API or the command.
    pub service: &'static str,
    /// From where, if there is a network between.
    pub source: Option<Source>,
    /// The request that it came with.
    pub request: Option<RequestId>,
}

impl Administrator {
    /// As the trail and a policy's author name them.
    pub fn actor(&self) -> Actor {
        match &self.by {
            By::Root { uid, .. } => Actor::Operator { uid: *uid },
            By::Account { name, .. } => Actor::Account(name.to_string()),
        }
    }

    /// As a policy's history and exceptions name them.
    pub fn shown(&self) -> String {
        match &self.by {
            By::Root { name, .. } => format!("cli:{name}"),
            By::Account { name, .. } => format!("web:{name}"),
        }
    }

    /// As the person is told whose account it is.
    pub fn named(&self) -> String {
        match &self.by {
            By::Root { .. } => "root".to_owned(),
            By::Account { name, .. } => name.to_string(),
        }
    }

    /// An event of theirs.
    pub fn event(&self, kind: EventKind) -> Event {
        let mut event = Event::new(kind, self.actor()).at(self.door, self.service);
        event.source.clone_from(&self.source);
        event.request = self.request;
        match &self.by {
            By::Root { name, .. } => event.detail("operator", format!("cli:{name}")),
            By::Account { .. } => event,
        }
    }
}

/// Ends every browser session of an account: the provider's rows, which this crate does not know.
pub type EndSessions = fn(&mut Tx<'_>, AccountId) -> Result<u64, StoreError>;

/// What becomes of the last account that may administer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// It stays: locking, removing or lowering it is refused.
    Stays,
    /// It may go: whoever may write the store can always make another.
    MayGo,
}

/// An administrator at work.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The realm.
    pub realm: &'a Realm,
    /// Who sits there.
    pub administrator: &'a Administrator,
    /// See [`EndSessions`].
    pub end_sessions: EndSessions,
    /// Whether the last account that may administer can be taken away.
    pub last: Last,
}

impl Desk<'_> {
    /// The role of whoever sits here, as it is in this unit of work; `None` for root, who is above roles.
    pub fn role(&self, tx: &mut Tx<'_>) -> Result<Option<Role>, AdministrationError> {
        let By::Account { id, .. } = &self.administrator.by else {
            return Ok(None);
        };
        let me = account_rows::by_id(tx, *id)?.filter(|me| me.state == AccountState::Active);
        me.map(|me| Some(me.role)).ok_or(AdministrationError::NotAllowed)
    }

    /// Refuses what the role of whoever sits here may not do to this account, and what nobody does to their own.
    pub fn allowed(&self, tx: &mut Tx<'_>, action: Action, on: Option<&Account>) -> Result<(), AdministrationError> {
        let Some(role) = self.role(tx)? else { return Ok(()) };
        if action.reach() == Reach::Touches && on.is_some_and(|on| self.is_own(on)) {
            return Err(AdministrationError::OnOneself);
        }
        if may(role, action, on.map(|on| on.role)) {
            Ok(())
        } else {
            Err(AdministrationError::NotAllowed)
        }
    }

    /// The account of this name, if whoever sits here may do this to it.
    fn account(&self, tx: &mut Tx<'_>, action: Action, name: &LoginName) -> Result<Account, AdministrationError> {
        let found = account_rows::find(tx, name)?.ok_or(AdministrationError::NotFound)?;
        self.allowed(tx, action, Some(&found))?;
        Ok(found)
    }

    /// Writes to the person what was done to their account.
    fn tell(
        &self,
        tx: &mut Tx<'_>,
        account: &Account,
        act: AdministratorAct,
        what: Option<String>,
    ) -> Result<(), FlowError> {
        let letter = Letter {
            account: account.id,
            kind: LetterKind::Administrator {
                act,
                by: self.administrator.named(),
                what,
            },
            source: self.administrator.source.as_ref(),
        };
        outbox::write(tx, self.realm, &letter, self.realm.clock.now())
    }

    fn is_own(&self, account: &Account) -> bool {
        matches!(&self.administrator.by, By::Account { id, .. } if *id == account.id)
    }

    /// Appends an event to the trail, in the unit of work that it tells of.
    pub fn record(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), StoreError> {
        audit::append(tx, event, self.realm.clock.now()).map(drop)
    }

    /// Writes down that somebody was refused by their role: attempts to administer are worth a look.
    pub fn note_refusal(&self, action: Action, on: Option<&str>) -> Result<(), FlowError> {
        let mut event = self
            .administrator
            .event(EventKind::AdministrationRefused)
            .result("denied_by_rule")
            .detail("action", action.as_str());
        event.subject = on.map(str::to_owned);
        self.realm.store.write(|tx| self.record(tx, &event))?;
        Ok(())
    }
}
