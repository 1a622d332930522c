//! Nobody may take away the last account that can administer without meaning it.

use crate::exit::{Exit, Failure};
use samekey_shared::accounts::Account;
use samekey_shared::administration::is_last;
use samekey_shared::store::Tx;

/// Refuses to take the last account that may administer, unless forced.
pub fn someone_left(tx: &mut Tx<'_>, account: &Account, force: bool) -> Result<(), Failure> {
    if force || !is_last(tx, account)? {
        return Ok(());
    }
    Err(Failure::new(
        Exit::LocksOut,
        "last_administrator",
        format!("{} is the last account that may administer", account.name),
    )
    .hint("Make another owner first, or use --force: root can always make one with this command."))
}
