//! `samekey device bind email`: an address that its person confirms by the link in a letter, within a day (W14).

use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::Answer;
use samekey_shared::administration::Last;
use samekey_shared::flows::bind_email::BindEmailError;
use serde_json::json;

/// What `device bind email` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Whose: a login name
    #[arg(long, value_name = "NAME")]
    user: String,
    /// The address
    #[arg(long, value_name = "ADDRESS")]
    address: String,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let name = installation.login_name(&arguments.user)?;
    installation.realm.store.read(|tx| Installation::account(tx, &name))?;
    let address = installation.at_desk(Last::Stays, |desk| desk.set_email(&name, &arguments.address))?;
    Ok(Answer::change(
        true,
        json!({ "user": name, "address": address.as_str() }),
        format!("A letter asks {address} to confirm; it is bound once {name} has done so, within 24 hours."),
    ))
}

impl From<BindEmailError> for Failure {
    fn from(error: BindEmailError) -> Self {
        let (code, told) = (error.code(), error.to_string());
        match error {
            BindEmailError::Bind(error) => error.into(),
            BindEmailError::Address(_) => Self::new(Exit::Usage, code, told),
            BindEmailError::Off => Self::new(Exit::Refused, code, told)
                .hint("It needs [mail] in the configuration, and `email` in [settings] other than \"off\"."),
            _ => Self::new(Exit::Conflict, code, told),
        }
    }
}
