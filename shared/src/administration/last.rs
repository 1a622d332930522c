//! Somebody must always be left who can put things right.

use crate::accounts::{Account, AccountState, rows};
use crate::roles::Role;
use crate::store::{StoreError, Tx};

/// Whether the account is the last that signs in and is an owner, or the last that may administer at all.
pub fn is_last(tx: &mut Tx<'_>, account: &Account) -> Result<bool, StoreError> {
    if account.state != AccountState::Active || !account.role.administers() {
        return Ok(false);
    }
    let owners = rows::count_active_of(tx, Role::Owner, account.id)?;
    if account.role == Role::Owner {
        return Ok(owners == 0);
    }
    Ok(owners == 0 && rows::count_active_of(tx, Role::Admin, account.id)? == 0)
}
