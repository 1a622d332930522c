//! `samekey account password`: set from a terminal, stdin or a descriptor, never from the arguments.

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::Answer;
use crate::password::PasswordSource;
use samekey_provider::sessions;
use samekey_shared::accounts::password::{self, PasswordError, PasswordHash};
use samekey_shared::accounts::rows;
use samekey_shared::audit::EventKind;
use samekey_shared::secrets::SecretText;
use serde_json::json;

/// The password as the store keeps it.
pub fn hashed(installation: &Installation, password: &SecretText) -> Result<PasswordHash, Failure> {
    let realm = &installation.realm;
    password::hash(&realm.password_cost, realm.entropy.as_ref(), password).map_err(|error| unfit(&error))
}

/// Sets it.
pub fn set_password(installation: &Installation, name: &str, source: &PasswordSource) -> Result<Answer, Failure> {
    let name = installation.login_name(name)?;
    // Before the question: nobody should type a password twice for an account that is not there.
    installation.realm.store.read(|tx| Installation::account(tx, &name))?;
    let password = source.obtain()?;
    let hash = hashed(installation, &password)?;
    installation.realm.store.write(|tx| {
        let account = Installation::account(tx, &name)?;
        rows::set_password(tx, account.id, &hash)?;
        // Whoever knew the old one is signed out with everybody else.
        sessions::end_all(tx, account.id, None)?;
        installation.record(tx, &installation::event(EventKind::PasswordSet).about(&name))?;
        Ok::<_, Failure>(())
    })?;
    Ok(Answer::change(
        true,
        json!({ "account": { "name": name } }),
        format!("Password of {name} set."),
    ))
}

/// Why it was not hashed.
pub fn unfit(error: &PasswordError) -> Failure {
    Failure::new(Exit::Usage, "password_unfit", error.to_string())
}
