//! Who sits at the desk: made by the door after every check, and the only way to the operations.

use crate::app::{App, AppState, blocking};
use crate::http::{Fault, Params, Visitor};
use crate::sessions::{self, Session};
use axum::body::Bytes;
use samekey_shared::administration::{AdministrationError, Administrator, By, Desk, Last};
use samekey_shared::ids::AccountId;
use samekey_shared::roles::{Action, Role, may};
use samekey_shared::source::Door;
use samekey_shared::store::{StoreError, Tx};

/// Name under which the form tokens of these pages, and of the API, are made.
pub const FORMS: &str = "administration";

/// Somebody whose role, proof and form token were checked for this very request.
#[derive(Debug, Clone)]
pub struct Seat {
    /// Whose browser it is.
    pub session: Session,
    /// The call.
    pub visitor: Visitor,
    /// The query, or the form that was sent.
    pub params: Params,
    /// The JSON that was sent; empty for pages.
    pub json: Bytes,
    /// `admin` for pages, `api` for programs: what the trail names.
    pub service: &'static str,
}

/// Why nothing came of it.
#[derive(Debug)]
pub enum Refused {
    /// A person can be told, and do something about it.
    Told(AdministrationError),
    /// We failed.
    Failed(Fault),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<AdministrationError> for Refused {
    fn from(error: AdministrationError) -> Self {
        match error.ours() {
            Ok(told) => Self::Told(told),
            Err(failure) => Self::Failed(failure.into()),
        }
    }
}

fn end_sessions(tx: &mut Tx<'_>, account: AccountId) -> Result<u64, StoreError> {
    sessions::end_all(tx, account, None)
}

impl Seat {
    /// The form token of this session's pages.
    pub fn token(&self, app: &AppState) -> String {
        app.csrf.of(FORMS, &self.session.id.to_string())
    }

    /// A field; empty where it is missing.
    pub fn field(&self, name: &str) -> &str {
        self.params.value(name).unwrap_or_default()
    }

    /// The same of a form that may not have the field at all: what it does not show stays as it is.
    pub fn sent(&self, name: &str) -> Option<&str> {
        let mut all = self.params.iter();
        all.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The role as the request began.
    pub fn role(&self) -> Role {
        self.session.account.role
    }

    /// Whether a link to this should be shown; the operation itself decides anew.
    pub fn may(&self, action: Action, on: Option<Role>) -> bool {
        may(self.role(), action, on)
    }

    /// Who administers, for the trail.
    pub fn administrator(&self) -> Administrator {
        Administrator {
            by: By::Account {
                id: self.session.account.id,
                name: self.session.account.name.clone(),
            },
            door: Door::Web,
            service: self.service,
            source: Some(self.visitor.source.clone()),
            request: Some(self.visitor.request),
        }
    }

    /// Does something at the desk, off the threads that serve the network.
    pub async fn work<T, F>(&self, app: &App, work: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: FnOnce(&Desk<'_>) -> Result<T, AdministrationError> + Send + 'static,
    {
        let administrator = self.administrator();
        let done = blocking(app, move |app| {
            let desk = Desk {
                realm: &app.realm,
                administrator: &administrator,
                end_sessions,
                last: Last::Stays,
            };
            Ok(work(&desk))
        });
        Ok(done.await??)
    }
}
