//! Who changes somebody's devices, from where, and by what right: the front end has checked that right, the trail tells it.

use crate::audit::{Actor, Event, EventKind};
use crate::devices::UnboundWhy;
use crate::ids::{AccountId, RequestId};
use crate::outbox::{Letter, LetterKind};
use crate::source::{Door, Source};

/// What the trail says of a change when nobody named the service: one's own devices.
const DEVICES: &str = "portal:devices";

/// Who acts, and where they stand.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Who.
    pub actor: Actor,
    /// Where.
    pub door: Door,
    service: String,
    source: Option<Source>,
    request: Option<RequestId>,
}

impl Authority {
    /// Somebody at a door, in the service of one's own devices.
    pub fn new(actor: Actor, door: Door) -> Self {
        Self {
            actor,
            door,
            service: DEVICES.to_owned(),
            source: None,
            request: None,
        }
    }

    /// In another service.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// Where they come from.
    #[must_use]
    pub fn from(mut self, source: &Source) -> Self {
        self.source = Some(source.clone());
        self
    }

    /// What joins the change with log and page.
    #[must_use]
    pub fn request(mut self, request: RequestId) -> Self {
        self.request = Some(request);
        self
    }

    /// An event of this kind, done by them and there.
    pub fn event(&self, kind: EventKind) -> Event {
        let mut event = Event::new(kind, self.actor.clone()).at(self.door, &self.service);
        event.source.clone_from(&self.source);
        event.request = self.request;
        event
    }

    /// A letter about what they did to this account.
    pub fn letter(&self, account: AccountId, kind: LetterKind) -> Letter<'_> {
        Letter {
            account,
            kind,
            source: self.source.as_ref(),
        }
    }

    pub(super) fn why(&self) -> UnboundWhy {
        match self.actor {
            Actor::Account(_) => UnboundWhy::Own,
            _ => UnboundWhy::Administrator,
        }
    }
}
