//! `samekey account remove`: devices unbound, name free, trail kept.

use super::last::someone_left;
use crate::exit::Failure;
use crate::installation::{self, Installation};
use crate::output::Answer;
use crate::terminal;
use samekey_provider::sessions;
use samekey_shared::accounts::rows;
use samekey_shared::attempts;
use samekey_shared::audit::EventKind;
use samekey_shared::devices::{self, Unbinding, UnboundWhy};
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
    installation.realm.store.read(|tx| {
        let account = Installation::account(tx, &name)?;
        someone_left(tx, &account, how.force)
    })?;
    let end = Unbinding {
        at: installation.now(),
        by: installation::actor().to_string(),
        why: UnboundWhy::AccountRemoved,
    };
    terminal::confirm(
        how.yes,
        &format!("Type YES to remove account {name}, its password and its devices: "),
    )?;
    installation.realm.store.write(|tx| {
        let account = Installation::account(tx, &name)?;
        someone_left(tx, &account, how.force)?;
        for device in devices::rows::bound(tx, account.id)?.devices {
            devices::rows::unbind(tx, account.id, device.id, &end)?;
            let event = installation::event(EventKind::DeviceUnbound)
                .about(&name)
                .detail("device", &device.name);
            installation.record(tx, &event)?;
        }
        sessions::end_all(tx, account.id, None)?;
        rows::remove(tx, account.id, installation.now())?;
        attempts::forget(tx, &name)?;
        installation.record(tx, &installation::event(EventKind::AccountRemoved).about(&name))?;
        Ok::<_, Failure>(())
    })?;
    Ok(Answer::change(true, data, format!("Account {name} removed.")))
}
