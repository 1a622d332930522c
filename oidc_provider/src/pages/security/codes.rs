//! New recovery codes: shown once, and the ones of before are void from that moment.

use super::caller::{Caller, Here, Looking, Sent};
use super::device::Possessions;
use super::list::{refused, with_problem};
use super::permission::{Change, Permission};
use super::troubles;
use super::view::{BoundView, NewCodesView, ProblemView};
use crate::app::{App, blocking};
use crate::http::headers::Scripts;
use crate::http::{Failure, Fault};
use crate::pages::page;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::flows::bind::{self, BindError};
use samekey_shared::methods::Method;

/// `GET /security/recovery-codes`
pub async fn ask(State(app): State<App>, Looking(caller): Looking) -> Result<Response, Fault> {
    let here = caller.here(&app);
    if let Some(stopped) = stopped(here)? {
        return Ok(stopped);
    }
    let view = NewCodesView {
        frame: here.frame(),
        csrf: &here.token(),
    };
    page(&view, &[], Scripts::None)
}

/// `POST /security/recovery-codes`
pub async fn make(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| made(app, &caller)).await
}

fn made(app: &App, caller: &Caller) -> Result<Response, Fault> {
    let here = caller.here(app);
    if let Some(stopped) = stopped(here)? {
        return Ok(stopped);
    }
    let account = caller.session.account.id;
    let drawn = bind::renew_recovery_codes(&app.realm, &caller.authority(), account).map_err(|error| match error {
        BindError::Flow(error) => error.into(),
        error => Fault::from(Failure::Rendering(error.to_string())),
    })?;
    let t = here.t();
    let view = BoundView {
        frame: here.frame(),
        title: t.say("security-codes-new"),
        name: None,
        text: t.say("security-codes-new-text"),
        codes: &drawn.shown(),
    };
    page(&view, &[], Scripts::Own)
}

/// The page that says why none are made.
fn stopped(here: Here<'_>) -> Result<Option<Response>, Fault> {
    let (permission, settings) = here.permitted(Change::Bind)?;
    if permission != Permission::Granted {
        return refused(here, permission).map(Some);
    }
    let has = Possessions::of(here)?;
    let problem = if !has.ordinary.accepts(Method::RecoveryCode) {
        troubles::not_accepted(here.t(), settings.contact.as_deref())
    } else if has.lasting().is_empty() {
        ProblemView::new("enrollment_required", here.t().say("security-codes-need-device"))
    } else {
        return Ok(None);
    };
    with_problem(here, StatusCode::CONFLICT, problem).map(Some)
}
