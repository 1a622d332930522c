//! The page of a refused sign-in: what happened, what to do, who can help (R105), the code and the request's id.

use super::flow::{Flow, Refused};
use super::view::ButtonForm;
use super::{message, page, texts};
use crate::app::App;
use crate::http::headers::Scripts;
use crate::http::{Fault, csrf};
use crate::oidc::authorize::respond;
use crate::oidc::errors::AuthorizeError;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::flows::KeyTrouble;
use samekey_shared::methods::fido::KeyError;

const TITLE: &str = "You were not signed in";

/// What a person is told for a refusal's stable code. A code that only the audit trail may tell apart has the same words as
/// a wrong answer.
fn sentence(code: &str) -> &'static str {
    match code {
        "password_wrong" => "User name and password do not belong together. Check both and start again.",
        "code_wrong" => {
            "The codes were not right. Check that your phone's clock is set automatically, then start again."
        }
        "code_replayed" => "That code was used already. Wait for the next one, then start again.",
        "too_many_attempts" => "There were too many wrong answers from here.",
        "denied_by_rule" => "A rule of your administrator does not allow this sign-in.",
        "no_method_reaches_level" => {
            "None of your devices is strong enough for this application. Ask your administrator which one to bind."
        }
        "enrollment_required" => {
            "Your administrator requires a second factor, and none is bound to your account yet. Ask your administrator to bind one."
        }
        "code_expired" => "The sign-in took too long. Start again.",
        "already_completed" => "This sign-in was completed already. Go back to the application.",
        "clock_unsynchronised" => "The server's clock is wrong, so codes cannot be checked. Tell your administrator.",
        "not_at_this_door" => {
            "What is bound to your account cannot be used in this browser. Ask your administrator which device to bind."
        }
        "method_not_allowed" => "Signing in with a passkey alone is switched off here. Use your password.",
        code => of_key(code).unwrap_or("The answer did not fit the question. Start again."),
    }
}

/// What a key's answer, or its silence, was refused for.
fn of_key(code: &str) -> Option<&'static str> {
    let error = KeyError::ALL.into_iter().find(|error| error.reason() == code);
    let trouble = KeyTrouble::ALL.into_iter().find(|trouble| trouble.reason() == code);
    error.map(KeyError::sentence).or(trouble.map(KeyTrouble::sentence))
}

/// The page, with a way to start again and a way back.
pub(super) fn show(app: &App, flow: &Flow, refused: &Refused, targets: &[String]) -> Result<Response, Fault> {
    let mut view = message(app, TITLE, sentence(&refused.code));
    if let Some(until) = refused.until {
        let minutes = (until - app.realm.clock.now()).max(0) / 60 + 1;
        view.more = Some(format!("Try again in {minutes} min."));
    }
    view.forms.push(ButtonForm {
        action: "/sign-in",
        fields: vec![
            ("flow", flow.id.to_string()),
            (csrf::FIELD, flow.csrf(app)),
            ("action", "restart".to_owned()),
        ],
        button: texts::START_AGAIN,
    });
    let back = flow
        .request()
        .and_then(|request| respond::error_address(app, &request.return_to, AuthorizeError::AccessDenied));
    view.link = back.map(|address| (address, texts::BACK_TO_APPLICATION));
    view.code = Some(&refused.code);
    view.request = Some(refused.request.to_string());
    let mut response = page(&view, targets, Scripts::None)?;
    *response.status_mut() = StatusCode::FORBIDDEN;
    Ok(response)
}
