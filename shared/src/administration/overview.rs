//! How the realm stands, in numbers.

use super::{AdministrationError, Desk, PAGE, Which, rows};
use crate::accounts::{self, AccountState, LoginName, rows::Counts};
use crate::attempts;
use crate::devices;
use crate::roles::{Action, Role};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overview {
    /// By state and role.
    pub accounts: Counts,
    /// Active, with a second factor of their own choice.
    pub enrolled: i64,
    /// Of these, those with one kind only: a lost device locks them out (R83).
    pub one_kind: i64,
    /// Active, still without one.
    pub due: i64,
    /// User names from which somebody is kept off now by wrong answers.
    pub kept_off: i64,
}

impl Desk<'_> {
    /// Who signs in, may administer, and would be locked out by one lost device (R83); at most a page of them.
    pub fn administrators_with_one_kind(&self) -> Result<Vec<LoginName>, AdministrationError> {
        self.realm.store.read(|tx| {
            self.allowed(tx, Action::AccountsSee, None)?;
            let mut found = Vec::new();
            for role in [Role::Owner, Role::Admin] {
                for account in rows::page(tx, Which::OfRole(role), ("%", "%"), "", PAGE)? {
                    let kinds = devices::rows::bound(tx, account.id)?.kinds();
                    if account.state == AccountState::Active && kinds == 1 {
                        found.push(account.name);
                    }
                }
            }
            Ok(found)
        })
    }

    /// Counts.
    pub fn overview(&self) -> Result<Overview, AdministrationError> {
        self.realm.store.read(|tx| {
            self.allowed(tx, Action::OverviewSee, None)?;
            let [none, one, more] = rows::by_kinds(tx)?;
            let lockout = self.realm.policy(tx)?.settings().lockout;
            Ok(Overview {
                accounts: accounts::rows::count(tx)?,
                enrolled: one + more,
                one_kind: one,
                due: none,
                kept_off: attempts::count_locked(tx, &lockout, self.realm.clock.now())?,
            })
        })
    }
}
