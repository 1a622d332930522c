//! How the realm stands, in numbers.

use super::{AdministrationError, Desk, rows};
use crate::accounts::{self, rows::Counts};
use crate::attempts;
use crate::roles::Action;

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
