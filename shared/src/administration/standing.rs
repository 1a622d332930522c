//! Whether an account may sign in, and what it may administer: lock, let in again, disable, remove, another role.

use super::{AdministrationError, Desk, Last, is_last};
use crate::accounts::{Account, AccountState, LoginName, rows};
use crate::attempts;
use crate::audit::EventKind;
use crate::devices::{self, Unbinding, UnboundWhy};
use crate::flows::unbind::CONFIRMATION;
use crate::outbox::AdministratorAct;
use crate::roles::{Action, Role, may_appoint};
use crate::store::Tx;

impl Desk<'_> {
    /// Stops it from signing in, at every door, at once; `false` where it cannot already.
    pub fn lock(&self, name: &LoginName) -> Result<bool, AdministrationError> {
        self.close(name, Action::AccountsLock, AccountState::Locked)
    }

    /// The same for good: its person has left.
    pub fn disable(&self, name: &LoginName) -> Result<bool, AdministrationError> {
        self.close(name, Action::AccountsDisable, AccountState::Disabled)
    }

    fn close(&self, name: &LoginName, action: Action, state: AccountState) -> Result<bool, AdministrationError> {
        self.realm.store.write(|tx| {
            let account = self.account(tx, action, name)?;
            if account.state == state {
                return Ok(false);
            }
            self.somebody_left(tx, &account)?;
            rows::set_state(tx, account.id, state)?;
            (self.end_sessions)(tx, account.id)?;
            let (kind, act) = if state == AccountState::Locked {
                (EventKind::AccountLocked, AdministratorAct::Locked)
            } else {
                (EventKind::AccountDisabled, AdministratorAct::Disabled)
            };
            self.tell(tx, &account, act, None)?;
            let event = self.administrator.event(kind).about(name);
            self.record(tx, &event.detail("before", account.state).detail("after", state))?;
            Ok(true)
        })
    }

    /// Lets it sign in again, and lifts the locks that wrong answers made; `false` where there was nothing to lift.
    pub fn unlock(&self, name: &LoginName) -> Result<bool, AdministrationError> {
        self.realm.store.write(|tx| {
            let account = self.account(tx, Action::AccountsLock, name)?;
            let opened = account.state != AccountState::Active;
            if account.state == AccountState::Disabled {
                self.allowed(tx, Action::AccountsDisable, Some(&account))?;
            }
            if opened {
                rows::set_state(tx, account.id, AccountState::Active)?;
                let event = self.administrator.event(EventKind::AccountUnlocked).about(name);
                self.record(
                    tx,
                    &event
                        .detail("before", account.state)
                        .detail("after", AccountState::Active),
                )?;
            }
            let lifted = attempts::unlock(tx, name)?;
            if lifted {
                self.record(tx, &self.administrator.event(EventKind::Unlocked).about(name))?;
            }
            if opened || lifted {
                self.tell(tx, &account, AdministratorAct::Unlocked, None)?;
            }
            Ok(opened || lifted)
        })
    }

    /// Removes it after a typed YES: devices unbound, sessions ended, name free, trail kept.
    pub fn remove(&self, name: &LoginName, typed: &str) -> Result<(), AdministrationError> {
        confirmed(typed)?;
        let end = Unbinding {
            at: self.realm.clock.now(),
            by: self.administrator.actor().to_string(),
            why: UnboundWhy::AccountRemoved,
        };
        self.realm.store.write(|tx| {
            let account = self.account(tx, Action::AccountsRemove, name)?;
            self.somebody_left(tx, &account)?;
            for device in devices::rows::bound(tx, account.id)?.devices {
                devices::rows::unbind(tx, account.id, device.id, &end)?;
                let event = self
                    .administrator
                    .event(EventKind::DeviceUnbound)
                    .about(name)
                    .method(device.kind);
                self.record(tx, &event.detail("device", device.id).detail("name", &device.name))?;
            }
            (self.end_sessions)(tx, account.id)?;
            rows::remove(tx, account.id, end.at)?;
            attempts::forget(tx, name)?;
            let event = self.administrator.event(EventKind::AccountRemoved).about(name);
            self.record(tx, &event.detail("role", account.role))?;
            Ok(())
        })
    }

    /// Gives another role, within what whoever sits here may give and take; `false` where it has it already.
    pub fn appoint(&self, name: &LoginName, to: Role) -> Result<bool, AdministrationError> {
        self.realm.store.write(|tx| {
            let account = self.account(tx, Action::RolesChange, name)?;
            if let Some(role) = self.role(tx)?
                && !may_appoint(role, account.role, to)
            {
                return Err(AdministrationError::NotAllowed);
            }
            if account.role == to {
                return Ok(false);
            }
            if to < account.role {
                self.somebody_left(tx, &account)?;
            }
            rows::set_role(tx, account.id, to)?;
            // What the old role opened must not stay open in a window.
            (self.end_sessions)(tx, account.id)?;
            self.tell(tx, &account, AdministratorAct::RoleChanged, Some(to.to_string()))?;
            let event = self.administrator.event(EventKind::RoleChanged).about(name);
            self.record(tx, &event.detail("before", account.role).detail("after", to))?;
            Ok(true)
        })
    }

    /// Ends every browser session of it; how many there were.
    pub fn sign_out(&self, name: &LoginName) -> Result<u64, AdministrationError> {
        self.realm.store.write(|tx| {
            let account = self.account(tx, Action::SessionsEnd, name)?;
            let ended = (self.end_sessions)(tx, account.id)?;
            if ended > 0 {
                self.tell(tx, &account, AdministratorAct::SessionsEnded, None)?;
                let event = self.administrator.event(EventKind::SessionEnded).about(name);
                self.record(tx, &event.detail("sessions", ended))?;
            }
            Ok(ended)
        })
    }

    /// Nobody takes away the last account that can put things right, unless they mean just that.
    fn somebody_left(&self, tx: &mut Tx<'_>, account: &Account) -> Result<(), AdministrationError> {
        if self.last == Last::Stays && is_last(tx, account)? {
            return Err(AdministrationError::LastAdministrator);
        }
        Ok(())
    }
}

/// The typed YES, in any letter case (Q6).
pub(super) fn confirmed(typed: &str) -> Result<(), AdministrationError> {
    if typed.trim().eq_ignore_ascii_case(CONFIRMATION) {
        Ok(())
    } else {
        Err(AdministrationError::NotConfirmed)
    }
}
