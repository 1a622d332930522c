//! Nobody may take away the last account that can administer without meaning it.

use crate::exit::{Exit, Failure};
use samekey_shared::accounts::{Account, AccountState, rows};
use samekey_shared::ids::AccountId;
use samekey_shared::store::{StoreError, Tx};

/// Refuses to take the last account that may administer, unless forced.
pub fn someone_left(tx: &mut Tx<'_>, account: &Account, force: bool) -> Result<(), Failure> {
    if force || !account.administrator || account.state != AccountState::Active || other_administrator(tx, account.id)?
    {
        return Ok(());
    }
    Err(Failure::new(
        Exit::LocksOut,
        "last_administrator",
        format!("{} is the last account that may administer", account.name),
    )
    .hint("Make another administrator first, or use --force: root can always make one with this command."))
}

fn other_administrator(tx: &mut Tx<'_>, besides: AccountId) -> Result<bool, StoreError> {
    let mut after: Option<String> = None;
    loop {
        let page = rows::list(tx, after.as_deref(), 1000)?;
        let other =
            |account: &Account| account.administrator && account.state == AccountState::Active && account.id != besides;
        if page.iter().any(other) {
            return Ok(true);
        }
        match page.last() {
            Some(last) => after = Some(last.name.to_string()),
            None => return Ok(false),
        }
    }
}
