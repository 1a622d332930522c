//! `samekey account role`: what an account may administer. Root at the machine is above roles.

use super::described;
use crate::exit::Failure;
use crate::installation::{Installation, unless_forced};
use crate::output::Answer;
use samekey_shared::roles::Role;
use serde_json::json;

/// Gives it.
pub fn set(installation: &Installation, name: &str, role: Role, force: bool) -> Result<Answer, Failure> {
    let name = installation.login_name(name)?;
    installation.realm.store.read(|tx| Installation::account(tx, &name))?;
    let changed = installation.at_desk(unless_forced(force), |desk| desk.appoint(&name, role))?;
    let data = json!({ "account": described(installation, &name)? });
    let remark = if changed {
        format!("Account {name} is {role} from now on.")
    } else {
        format!("Account {name} is {role} already.")
    };
    Ok(Answer::change(changed, data, remark))
}
