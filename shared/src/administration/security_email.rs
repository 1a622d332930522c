//! Security e-mail of somebody: an address set for them, which they confirm themselves (W14); and the end of what "this was not me" holds.

use super::{AdministrationError, Desk};
use crate::accounts::LoginName;
use crate::audit::EventKind;
use crate::devices::email::EmailAddress;
use crate::flows::bind_email;
use crate::methods::Method;
use crate::objections;
use crate::outbox::AdministratorAct;
use crate::roles::Action;

impl Desk<'_> {
    /// Gives the account an address: a letter asks its person to confirm it within a day. Until then it is good for nothing.
    pub fn set_email(&self, name: &LoginName, typed: &str) -> Result<EmailAddress, AdministrationError> {
        let address = EmailAddress::parse(typed).map_err(bind_email::BindEmailError::from)?;
        self.realm.store.write(|tx| {
            let account = self.account(tx, Action::EmailSet, name)?;
            bind_email::propose(tx, self.realm, &account, &address, &self.administrator.named())?;
            let event = self.administrator.event(EventKind::EmailProposed).about(name);
            self.record(tx, &event.method(Method::Email))?;
            Ok(address.clone())
        })
    }

    /// Lets somebody change their devices again who said "this was not me"; `false` where nothing was held.
    pub fn settle_objection(&self, name: &LoginName) -> Result<bool, AdministrationError> {
        self.realm.store.write(|tx| {
            let account = self.account(tx, Action::ObjectionsSettle, name)?;
            let held = objections::release(tx, account.id)?;
            if held {
                self.record(tx, &self.administrator.event(EventKind::ObjectionSettled).about(name))?;
                self.tell(tx, &account, AdministratorAct::Released, None)?;
            }
            Ok(held)
        })
    }
}
