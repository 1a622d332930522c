//! `samekey account role`: what an account may administer. Root at the machine is above roles.

use super::described;
use super::last::someone_left;
use crate::exit::Failure;
use crate::installation::{self, Installation};
use crate::output::Answer;
use samekey_shared::accounts::rows;
use samekey_shared::audit::EventKind;
use samekey_shared::roles::Role;
use serde_json::json;

/// Gives it.
pub fn set(installation: &Installation, name: &str, role: Role, force: bool) -> Result<Answer, Failure> {
    let name = installation.login_name(name)?;
    let changed = installation.realm.store.write(|tx| {
        let account = Installation::account(tx, &name)?;
        if account.role == role {
            return Ok(false);
        }
        if role < account.role {
            someone_left(tx, &account, force)?;
        }
        rows::set_role(tx, account.id, role)?;
        let event = installation::event(EventKind::RoleChanged)
            .about(&name)
            .detail("before", account.role)
            .detail("after", role);
        installation.record(tx, &event)?;
        Ok::<_, Failure>(true)
    })?;
    let data = json!({ "account": described(installation, &name)? });
    let remark = if changed {
        format!("Account {name} is {role} from now on.")
    } else {
        format!("Account {name} is {role} already.")
    };
    Ok(Answer::change(changed, data, remark))
}
