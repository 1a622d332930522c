//! Another name for a device (Q1, W13).

use super::caller::{Caller, Here, Looking, Sent};
use super::device::Possessions;
use super::list::{not_found, refused};
use super::permission::{Change, Permission};
use super::troubles;
use super::view::{ProblemView, RenameView};
use crate::app::{App, blocking};
use crate::http::headers::Scripts;
use crate::http::{Failure, Fault};
use crate::oidc::authorize::respond;
use crate::pages::page;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::devices::{Device, DeviceError};
use samekey_shared::flows::bind::{self, BindError};

/// `GET /security/rename?device=…`
pub async fn ask(State(app): State<App>, Looking(caller): Looking) -> Result<Response, Fault> {
    let here = caller.here(&app);
    let (permission, _) = here.permitted(Change::Bind)?;
    if permission != Permission::Granted {
        return refused(here, permission);
    }
    match Possessions::of(here)?.device(caller.field("device")) {
        Some(device) => question(here, device, device.name.as_str(), None),
        None => not_found(here),
    }
}

/// `POST /security/rename`
pub async fn rename(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| renamed(app, &caller)).await
}

fn renamed(app: &App, caller: &Caller) -> Result<Response, Fault> {
    let here = caller.here(app);
    let (permission, settings) = here.permitted(Change::Bind)?;
    if permission != Permission::Granted {
        return refused(here, permission);
    }
    let has = Possessions::of(here)?;
    let Some(device) = has.device(caller.field("device")) else {
        return not_found(here);
    };
    let typed = caller.field("name");
    let name = match here.named(typed, &settings) {
        Ok(name) => name,
        Err(problem) => return question(here, device, typed, Some(problem)),
    };
    match bind::rename(
        &app.realm,
        &caller.authority(),
        caller.session.account.id,
        device.id,
        &name,
    ) {
        Ok(()) => respond::see_other("/security?done=renamed"),
        Err(BindError::Device(DeviceError::NotFound)) => not_found(here),
        Err(error) => match (troubles::of_binding(here.t(), &error), error) {
            (Some(problem), _) => question(here, device, typed, Some(problem)),
            (None, BindError::Flow(error)) => Err(error.into()),
            (None, error) => Err(Failure::Rendering(error.to_string()).into()),
        },
    }
}

fn question(here: Here<'_>, device: &Device, typed: &str, problem: Option<ProblemView>) -> Result<Response, Fault> {
    let went_wrong = problem.is_some();
    let view = RenameView {
        frame: here.frame(),
        csrf: &here.token(),
        device: &device.id.to_string(),
        name: device.name.as_str(),
        typed,
        problem,
    };
    let mut response = page(&view, &[], Scripts::None)?;
    if went_wrong {
        *response.status_mut() = StatusCode::CONFLICT;
    }
    Ok(response)
}
