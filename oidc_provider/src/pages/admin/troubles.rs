//! What went wrong at the desk, as a person is told it.

use super::view::Trouble;
use super::{client_troubles, setting_words};
use crate::admin::Refused;
use crate::admin::clients::ClientError;
use crate::http::{Failure, Fault};
use axum::http::StatusCode;
use samekey_shared::accounts::AccountError;
use samekey_shared::administration::AdministrationError;
use samekey_shared::flows::bind_email::BindEmailError;
use samekey_shared::texts::Texts;

/// The sentence and code of what a person can do something about; our own failures stay faults.
pub(super) fn told(t: Texts, refused: Refused) -> Result<Trouble, Fault> {
    let error = match refused {
        Refused::Failed(fault) => return Err(fault),
        Refused::Told(error) => error,
    };
    let status = match error {
        AdministrationError::NotAllowed | AdministrationError::OnOneself => StatusCode::FORBIDDEN,
        AdministrationError::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::CONFLICT,
    };
    Ok(Trouble {
        code: error.code(),
        sentence: sentence(t, &error),
        status,
    })
}

fn sentence(t: Texts, error: &AdministrationError) -> String {
    match error {
        AdministrationError::NotAllowed => t.say("admin-not-allowed"),
        AdministrationError::OnOneself => t.say("admin-problem-oneself"),
        AdministrationError::NotFound | AdministrationError::Account(AccountError::NotFound) => {
            t.say("admin-problem-not-found")
        }
        AdministrationError::LastAdministrator => t.say("admin-problem-last"),
        AdministrationError::NotConfirmed => t.say("admin-problem-not-confirmed"),
        AdministrationError::Reason => t.say("admin-problem-reason"),
        AdministrationError::Span => t.say("admin-problem-span"),
        AdministrationError::HardRule => t.say("admin-problem-hard-rule"),
        AdministrationError::Document => t.say("admin-problem-document"),
        AdministrationError::Value { field, .. } => {
            let values = [
                ("setting", setting_words::name(t, field.key)),
                ("wanted", setting_words::wanted(t, field)),
            ];
            t.fill("admin-problem-value", values)
        }
        AdministrationError::ChangedMeanwhile => t.say("admin-problem-meanwhile"),
        AdministrationError::Setting(why) | AdministrationError::Refused(why) => {
            t.fill("admin-problem-policy", [("why", why.as_str())])
        }
        AdministrationError::Account(AccountError::NameTaken(name)) => {
            t.fill("admin-problem-name-taken", [("name", name.as_str())])
        }
        AdministrationError::Account(AccountError::Text { .. }) => t.say("admin-problem-text"),
        AdministrationError::Email(BindEmailError::Address(_)) => t.say("mail-security-address-invalid"),
        AdministrationError::Email(BindEmailError::Off) => t.say("admin-problem-email-off"),
        AdministrationError::Account(_)
        | AdministrationError::Device(_)
        | AdministrationError::Email(_)
        | AdministrationError::Flow(_) => t.say("problem-failed"),
    }
}

/// The same, of applications.
pub(super) fn of_client(t: Texts, error: ClientError) -> Result<Trouble, Fault> {
    match error {
        ClientError::Administration(error) => told(t, error.into()),
        ClientError::Registration(error) => {
            use crate::clients::RegistrationError;
            match error {
                RegistrationError::Store(error) => Err(error.into()),
                RegistrationError::Entropy(error) => Err(Failure::from(error).into()),
                error => Ok(Trouble {
                    sentence: t.fill("admin-problem-client", [("why", client_troubles::sentence(t, &error))]),
                    code: "invalid_request",
                    status: StatusCode::CONFLICT,
                }),
            }
        }
    }
}
