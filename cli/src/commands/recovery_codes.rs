//! `samekey recovery-codes`: ten codes on paper for the day the phone is lost.

use super::device;
use crate::exit::Failure;
use crate::installation::Installation;
use crate::output::Answer;
use crate::terminal;
use samekey_shared::devices;
use samekey_shared::flows::bind::renew_recovery_codes;
use serde_json::json;
use std::path::Path;

/// `samekey recovery-codes …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Make a new set; it is shown this once, and the set before is void
    New {
        /// Whose: a login name
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Do not ask for a typed YES when codes are left
        #[arg(long)]
        yes: bool,
    },
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let Verb::New { user, yes } = verb;
    let installation = Installation::open(config)?;
    let name = installation.login_name(user)?;
    let (account, left) = installation.realm.store.read(|tx| {
        let account = Installation::account(tx, &name)?;
        let left = devices::rows::bound(tx, account.id)?.recovery_left;
        Ok::<_, Failure>((account, left))
    })?;
    if left > 0 {
        terminal::confirm(
            *yes,
            &format!("Type YES to void the {left} recovery codes that {name} has left: "),
        )?;
    }
    let codes = renew_recovery_codes(&installation.realm, &device::authority(), account.id)?;
    Ok(device::with_codes(
        json!({ "user": name }),
        &codes,
        format!("New recovery codes of {name}."),
    ))
}
