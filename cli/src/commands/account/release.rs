//! `samekey account release`: lets somebody change their devices again after "this was not me".

use crate::exit::Failure;
use crate::installation::{self, Installation};
use crate::output::Answer;
use samekey_shared::audit::EventKind;
use samekey_shared::objections;
use samekey_shared::outbox::{self, AdministratorAct, Letter, LetterKind};
use serde_json::json;

/// Runs the verb.
pub fn run(installation: &Installation, user: &str) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let name = installation.login_name(user)?;
    let event = installation::event(EventKind::ObjectionSettled).about(&name);
    let released = realm.store.write(|tx| {
        let account = Installation::account(tx, &name)?;
        let released = objections::release(tx, account.id)?;
        if released {
            installation.record(tx, &event)?;
            let letter = Letter {
                account: account.id,
                kind: LetterKind::Administrator {
                    act: AdministratorAct::Released,
                    by: crate::identity::operator().name,
                    what: None,
                },
                source: None,
            };
            outbox::write(tx, realm, &letter, installation.now())?;
        }
        Ok::<_, Failure>(released)
    })?;
    let remark = if released {
        format!("{name} may change their devices again.")
    } else {
        format!("Nothing of {name} was held.")
    };
    Ok(Answer::change(released, json!({ "user": name }), remark))
}
