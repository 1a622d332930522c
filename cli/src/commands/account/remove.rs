//! `samekey account remove`: devices unbound, name free, trail kept.

use super::last::someone_left;
use crate::exit::Failure;
use crate::installation::{Installation, unless_forced};
use crate::output::Answer;
use crate::terminal;
use samekey_shared::accounts::rows;
use samekey_shared::flows::unbind::CONFIRMATION;
use serde_json::json;

/// How willing the administrator is.
#[derive(Debug, Clone, Copy)]
pub struct Removal {
    /// Has said YES already.
    pub yes: bool,
    /// Does not mind that there is none.
    pub if_present: bool,
    /// Wants it although nobody is left to administer.
    pub force: bool,
}

/// Removes it.
pub fn remove(installation: &Installation, name: &str, how: Removal) -> Result<Answer, Failure> {
    let name = installation.login_name(name)?;
    let data = json!({ "account": { "name": name } });
    if how.if_present && installation.realm.store.read(|tx| rows::find(tx, &name))?.is_none() {
        return Ok(Answer::change(false, data, format!("There is no account {name}.")));
    }
    // Told before anything is asked.
    installation.realm.store.read(|tx| {
        let account = Installation::account(tx, &name)?;
        someone_left(tx, &account, how.force)
    })?;
    terminal::confirm(
        how.yes,
        &format!("Type {CONFIRMATION} to remove account {name}, its password and its devices: "),
    )?;
    installation.at_desk(unless_forced(how.force), |desk| desk.remove(&name, CONFIRMATION))?;
    Ok(Answer::change(true, data, format!("Account {name} removed.")))
}
