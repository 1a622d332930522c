//! `samekey account release`: lets somebody change their devices again after "this was not me".

use crate::exit::Failure;
use crate::installation::Installation;
use crate::output::Answer;
use samekey_shared::administration::Last;
use serde_json::json;

/// Runs the verb.
pub fn run(installation: &Installation, user: &str) -> Result<Answer, Failure> {
    let name = installation.login_name(user)?;
    installation.realm.store.read(|tx| Installation::account(tx, &name))?;
    let released = installation.at_desk(Last::Stays, |desk| desk.settle_objection(&name))?;
    let remark = if released {
        format!("{name} may change their devices again.")
    } else {
        format!("Nothing of {name} was held.")
    };
    Ok(Answer::change(released, json!({ "user": name }), remark))
}
