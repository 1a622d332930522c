//! Devices of somebody: looked at, unbound for whoever lost them (R80, R82).

use super::standing::confirmed;
use super::{AdministrationError, Desk};
use crate::accounts::LoginName;
use crate::audit::EventKind;
use crate::devices::{self, Device, DeviceKind, Unbinding, UnboundWhy};
use crate::ids::DeviceId;
use crate::outbox::AdministratorAct;
use crate::roles::Action;
use crate::tickets::{self, NewTicket, Ticket, TicketError};

/// Seconds that a ticket lives at least.
const SHORTEST_TICKET: i64 = 60;

impl Desk<'_> {
    /// The bound devices of an account, oldest first.
    pub fn devices(&self, name: &LoginName) -> Result<Vec<Device>, AdministrationError> {
        self.realm.store.read(|tx| {
            let account = self.account(tx, Action::DevicesSee, name)?;
            Ok(devices::rows::bound(tx, account.id)?.devices)
        })
    }

    /// Unbinds one after a typed YES, the last one too: its person then binds anew, under the protection that the
    /// policy's `first-bind` sets after a reset (Q8). Every session of theirs ends.
    pub fn unbind(&self, name: &LoginName, device: DeviceId, typed: &str) -> Result<Device, AdministrationError> {
        confirmed(typed)?;
        let end = Unbinding {
            at: self.realm.clock.now(),
            by: self.administrator.actor().to_string(),
            why: UnboundWhy::Administrator,
        };
        self.realm.store.write(|tx| {
            let account = self.account(tx, Action::DevicesUnbind, name)?;
            let bound = devices::rows::bound(tx, account.id)?.devices;
            let found = bound
                .iter()
                .find(|one| one.id == device)
                .ok_or(AdministrationError::NotFound)?;
            // Before it goes: an e-mail address that is unbound is told too.
            self.tell(
                tx,
                &account,
                AdministratorAct::DeviceUnbound,
                Some(found.name.to_string()),
            )?;
            devices::rows::unbind(tx, account.id, device, &end)?;
            (self.end_sessions)(tx, account.id)?;
            let left = bound
                .iter()
                .filter(|one| one.id != device && one.kind != DeviceKind::RecoveryCodes && one.kind.is_asked());
            let event = self
                .administrator
                .event(EventKind::DeviceUnbound)
                .about(name)
                .method(found.kind);
            let event = event.detail("device", found.id).detail("name", &found.name);
            self.record(tx, &event.detail("left", left.count()))?;
            Ok(found.clone())
        })
    }

    /// A ticket to bind a device with (Q2, Q8, R67), good for so many seconds: shown once.
    pub fn ticket(&self, name: &LoginName, lasts: i64) -> Result<Ticket, AdministrationError> {
        if !(SHORTEST_TICKET..=tickets::MOST).contains(&lasts) {
            return Err(AdministrationError::Span);
        }
        let realm = self.realm;
        let keyring = realm.keyring()?;
        let by = self.administrator.actor();
        realm.store.write(|tx| {
            let account = self.account(tx, Action::TicketsIssue, name)?;
            let new = NewTicket {
                account: account.id,
                by: &by,
                lives: lasts,
            };
            let ticket = tickets::issue(tx, realm.entropy.as_ref(), &keyring, &new, realm.clock.now())?;
            self.tell(tx, &account, AdministratorAct::TicketIssued, None)?;
            Ok(ticket)
        })
    }
}

impl From<TicketError> for AdministrationError {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::NoAccount => Self::NotFound,
            TicketError::Store(error) => error.into(),
            TicketError::Entropy(error) => Self::Flow(error.into()),
        }
    }
}
