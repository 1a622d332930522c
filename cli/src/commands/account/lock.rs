//! `samekey account lock` and `unlock`.

use super::described;
use super::last::someone_left;
use crate::exit::Failure;
use crate::installation::{self, Installation};
use crate::output::Answer;
use samekey_provider::sessions;
use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::attempts;
use samekey_shared::audit::EventKind;
use serde_json::{Value, json};

/// Stops it from signing in.
pub fn lock(installation: &Installation, name: &str, force: bool) -> Result<Answer, Failure> {
    let name = installation.login_name(name)?;
    let changed = installation.realm.store.write(|tx| {
        let account = Installation::account(tx, &name)?;
        if account.state != AccountState::Active {
            return Ok(false);
        }
        someone_left(tx, &account, force)?;
        rows::set_state(tx, account.id, AccountState::Locked)?;
        sessions::end_all(tx, account.id, None)?;
        installation.record(tx, &installation::event(EventKind::AccountLocked).about(&name))?;
        Ok::<_, Failure>(true)
    })?;
    let data = json!({ "account": described(installation, &name)? });
    let remark = if changed {
        format!("Account {name} locked.")
    } else {
        format!("Account {name} cannot sign in already.")
    };
    Ok(Answer::change(changed, data, remark))
}

/// Lets it sign in again, and lifts the locks that wrong codes made.
pub fn unlock(installation: &Installation, name: &str) -> Result<Answer, Failure> {
    let name = installation.login_name(name)?;
    let (opened, lifted) = installation.realm.store.write(|tx| {
        let account = Installation::account(tx, &name)?;
        let opened = account.state != AccountState::Active;
        if opened {
            rows::set_state(tx, account.id, AccountState::Active)?;
            installation.record(tx, &installation::event(EventKind::AccountUnlocked).about(&name))?;
        }
        let lifted = attempts::unlock(tx, &name)?;
        if lifted {
            installation.record(tx, &installation::event(EventKind::Unlocked).about(&name))?;
        }
        Ok::<_, Failure>((opened, lifted))
    })?;
    let mut data = json!({ "account": described(installation, &name)? });
    data["lifted"] = Value::from(lifted);
    let remark = match (opened, lifted) {
        (true, _) => format!("Account {name} may sign in again."),
        (false, true) => format!("Failed tries of {name} forgotten, locks lifted."),
        (false, false) => format!("Account {name} was not locked."),
    };
    Ok(Answer::change(opened || lifted, data, remark))
}
