//! The page of a refused sign-in: what happened, what to do, who can help (R105), the code and the request's id.

use super::flow::{Flow, Refused};
use super::view::ButtonForm;
use super::{Frame, message, page};
use crate::app::App;
use crate::http::headers::Scripts;
use crate::http::{Fault, csrf};
use crate::oidc::authorize::respond;
use crate::oidc::errors::AuthorizeError;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::flows::KeyTrouble;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::texts::Texts;

/// What a person is told for a refusal's stable code. A code that only the audit trail may tell apart has the same words as
/// a wrong answer.
fn sentence(t: Texts, code: &str) -> String {
    match code {
        "password_wrong" => t.say("problem-refused-password"),
        "code_wrong" => t.say("problem-refused-code"),
        "code_replayed" => t.say("problem-refused-replayed"),
        "too_many_attempts" => t.say("problem-refused-too-many"),
        "denied_by_rule" => t.say("problem-refused-by-rule"),
        "no_method_reaches_level" => t.say("problem-refused-level"),
        "enrollment_required" => t.say("problem-refused-enrollment"),
        "code_expired" => t.say("problem-refused-expired"),
        "already_completed" => t.say("problem-refused-completed"),
        "clock_unsynchronised" => t.say("problem-refused-clock"),
        "not_at_this_door" => t.say("problem-refused-door"),
        "method_not_allowed" => t.say("problem-refused-passkey-off"),
        code => of_key(t, code).unwrap_or_else(|| t.say("problem-refused-out-of-turn")),
    }
}

/// What a key's answer, or its silence, was refused for.
fn of_key(t: Texts, code: &str) -> Option<String> {
    let error = KeyError::ALL.into_iter().find(|error| error.reason() == code);
    let trouble = KeyTrouble::ALL.into_iter().find(|trouble| trouble.reason() == code);
    error
        .map(|error| error.sentence(t))
        .or_else(|| trouble.map(|trouble| trouble.sentence(t)))
}

/// The page, with a way to start again and a way back.
pub(super) fn show(app: &App, t: Texts, flow: &Flow, refused: &Refused, targets: &[String]) -> Result<Response, Fault> {
    let frame = Frame::new(app, t);
    let mut view = message(frame, t.say("problem-refused-title"), sentence(t, &refused.code));
    if let Some(until) = refused.until {
        let minutes = (until - app.realm.clock.now()).max(0) / 60 + 1;
        view.more = Some(t.fill("problem-refused-try-again", [("minutes", minutes)]));
    }
    view.forms.push(ButtonForm {
        action: "/sign-in",
        fields: vec![
            ("flow", flow.id.to_string()),
            (csrf::FIELD, flow.csrf(app)),
            ("action", "restart".to_owned()),
        ],
        button: t.say("frame-start-again"),
    });
    let back = flow
        .request()
        .and_then(|request| respond::error_address(app, &request.return_to, AuthorizeError::AccessDenied));
    view.link = back.map(|address| (address, t.say("frame-back-to-application")));
    view.code = Some(&refused.code);
    view.request = Some(refused.request.to_string());
    let mut response = page(&view, targets, Scripts::None)?;
    *response.status_mut() = StatusCode::FORBIDDEN;
    Ok(response)
}
