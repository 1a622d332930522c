//! Applications registered, changed and removed by administrators and by the command, each change told with before and
//! after.

use crate::clients::{self, Client, ClientId, Ensured, NewSecret, Registration, RegistrationError};
use samekey_shared::administration::{AdministrationError, Desk};
use samekey_shared::audit::{Event, EventKind};
use samekey_shared::roles::Action;
use samekey_shared::store::StoreError;

/// What may happen to an application that is registered otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// It is brought to the new settings.
    Replace,
    /// It stays, and the registration is refused.
    Refuse,
}

/// Why an application was not administered.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A rule of registrations.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The desk's own.
    #[error(transparent)]
    Administration(#[from] AdministrationError),
}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        Self::Administration(error.into())
    }
}

/// Every application, by id.
pub fn list(desk: &Desk<'_>) -> Result<Vec<Client>, AdministrationError> {
    desk.realm.store.read(|tx| {
        desk.allowed(tx, Action::ClientsSee, None)?;
        Ok(clients::list(tx)?)
    })
}

/// One application.
pub fn show(desk: &Desk<'_>, id: &str) -> Result<Client, AdministrationError> {
    desk.realm.store.read(|tx| {
        desk.allowed(tx, Action::ClientsSee, None)?;
        clients::by_id(tx, id)?.ok_or(AdministrationError::NotFound)
    })
}

/// Registers one, or brings the one of that id to these settings.
pub fn ensure(desk: &Desk<'_>, wanted: &Registration, otherwise: Otherwise) -> Result<Ensured, ClientError> {
    let realm = desk.realm;
    let now = realm.clock.now();
    realm.store.write(|tx| {
        desk.allowed(tx, Action::ClientsChange, None)?;
        let before = clients::by_id(tx, wanted.id.as_str())?;
        let ensured = clients::ensure(tx, wanted, realm.entropy.as_ref(), now)?;
        let kind = match &ensured {
            Ensured::Added(_) => EventKind::ClientAdded,
            // An error undoes the change: nothing is replaced that was not meant to be.
            Ensured::Changed if otherwise == Otherwise::Refuse => return Err(RegistrationError::Exists.into()),
            Ensured::Changed => EventKind::ClientChanged,
            Ensured::Unchanged => return Ok(ensured),
        };
        let mut event = told(desk, kind, &wanted.id);
        if let Some(before) = &before {
            event = event.detail("before", text(before)?);
        }
        if let Some(after) = clients::by_id(tx, wanted.id.as_str())? {
            event = event.detail("after", text(&after)?);
        }
        desk.record(tx, &event)?;
        Ok(ensured)
    })
}

/// Gives one a new secret; the old one is good for so many seconds more.
pub fn new_secret(desk: &Desk<'_>, id: &ClientId, overlap: i64) -> Result<NewSecret, ClientError> {
    let realm = desk.realm;
    realm.store.write(|tx| {
        desk.allowed(tx, Action::ClientsChange, None)?;
        let secret = clients::renew_secret(tx, id, overlap, realm.entropy.as_ref(), realm.clock.now())?;
        let event = told(desk, EventKind::ClientChanged, id)
            .detail("what", "new-secret")
            .detail("overlap", overlap);
        desk.record(tx, &event)?;
        Ok(secret)
    })
}

/// Removes one with its codes, tokens and consents.
pub fn remove(desk: &Desk<'_>, id: &ClientId) -> Result<(), ClientError> {
    desk.realm.store.write(|tx| {
        desk.allowed(tx, Action::ClientsChange, None)?;
        let before = clients::by_id(tx, id.as_str())?.ok_or(RegistrationError::Absent)?;
        clients::remove(tx, id)?;
        let event = told(desk, EventKind::ClientRemoved, id).detail("before", text(&before)?);
        desk.record(tx, &event)?;
        Ok(())
    })
}

fn told(desk: &Desk<'_>, kind: EventKind, id: &ClientId) -> Event {
    desk.administrator.event(kind).detail("client", id)
}

/// Never a secret: the store keeps its hash apart.
fn text(client: &Client) -> Result<String, StoreError> {
    serde_json::to_string(client).map_err(|why| StoreError::Inconsistent(why.to_string()))
}
