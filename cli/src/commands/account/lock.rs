//! `samekey account lock` and `unlock`.

use super::described;
use crate::exit::Failure;
use crate::installation::{Installation, unless_forced};
use crate::output::Answer;
use samekey_shared::accounts::AccountState;
use samekey_shared::administration::Last;
use samekey_shared::attempts;
use serde_json::{Value, json};

/// Stops it from signing in.
pub fn lock(installation: &Installation, name: &str, force: bool) -> Result<Answer, Failure> {
    let name = installation.login_name(name)?;
    let account = installation.realm.store.read(|tx| Installation::account(tx, &name))?;
    // One that is disabled is shut for longer than a lock would be.
    let changed =
        account.state == AccountState::Active && installation.at_desk(unless_forced(force), |desk| desk.lock(&name))?;
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
    let (before, locked) = installation.realm.store.read(|tx| {
        let account = Installation::account(tx, &name)?;
        let lockout = installation.realm.policy(tx)?.settings().lockout;
        let locks = attempts::locks(tx, &lockout, &name, installation.now())?;
        Ok::<_, Failure>((account.state, !locks.is_empty()))
    })?;
    let changed = installation.at_desk(Last::Stays, |desk| desk.unlock(&name))?;
    let mut data = json!({ "account": described(installation, &name)? });
    data["lifted"] = Value::from(changed && locked);
    let remark = match (before, changed) {
        (AccountState::Active, true) => format!("Failed tries of {name} forgotten, locks lifted."),
        (_, true) => format!("Account {name} may sign in again."),
        (_, false) => format!("Account {name} was not locked."),
    };
    Ok(Answer::change(changed, data, remark))
}
