//! After a sign-in with a password that is easy to guess: what is wrong with it and who gives another, before the person goes
//! on (W15). It stops nobody.

use super::check_devices;
use super::flow::{CheckDevices, Flow};
use super::turn::{self, Outcome, Person, Turn};
use super::{Frame, page};
use crate::app::App;
use crate::http::Fault;
use crate::http::headers::Scripts;
use askama::Template;
use axum::response::Response;
use samekey_shared::accounts::password::{LEAST_CHARACTERS, Weakness};
use samekey_shared::flows::sign_in::PasswordSource;
use samekey_shared::texts::Texts;
use serde::{Deserialize, Serialize};

/// What is told, and how the flow goes on from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeakPassword {
    /// What is wrong with it.
    pub weakness: Weakness,
    /// What an application waits for; pages of ours wait for nothing.
    pub application: Option<CheckDevices>,
}

#[derive(Template)]
#[template(path = "weak_password.html")]
struct WeakPasswordView<'a> {
    frame: Frame<'a>,
    flow: &'a str,
    csrf: &'a str,
    why: String,
    what_to_do: String,
}

/// The page.
pub(super) fn show(
    app: &App,
    t: Texts,
    flow: &Flow,
    stage: &WeakPassword,
    targets: &[String],
) -> Result<Response, Fault> {
    let frame = Frame::new(app, t);
    let whom = frame.whom_to_ask();
    let contact = [("contact", whom.as_str())];
    let view = WeakPasswordView {
        why: match stage.weakness {
            Weakness::Short => t.fill("sign-in-weak-short", [("least", LEAST_CHARACTERS)]),
            Weakness::Common => t.say("sign-in-weak-common"),
            Weakness::Personal => t.say("sign-in-weak-personal"),
            Weakness::Pattern => t.say("sign-in-weak-pattern"),
        },
        what_to_do: match app.config.passwords {
            PasswordSource::Store => t.fill("sign-in-weak-ask", contact),
            PasswordSource::System => t.fill("sign-in-weak-change", contact),
        },
        frame,
        flow: &flow.id.to_string(),
        csrf: &flow.csrf(app),
    };
    page(&view, targets, Scripts::None)
}

/// The person goes on as if nothing had been said.
pub(super) fn go_on(app: &App, person: &Person, flow: Flow, stage: WeakPassword) -> Result<Turn, Fault> {
    match stage.application {
        Some(waiting) => check_devices::go_on(app, person, flow, waiting),
        None => Ok(turn::finished(flow, None, Outcome::Portal)),
    }
}
