//! Unbinding with the typed YES (R77, R78, R85). The sessions that rest on the device end with it.

use super::caller::{Caller, Here, Looking, Sent};
use super::device::Possessions;
use super::list::{not_found, refused};
use super::permission::{Change, Permission};
use super::troubles;
use super::view::{ProblemView, UnbindView};
use crate::app::{App, blocking};
use crate::http::headers::Scripts;
use crate::http::{Failure, Fault};
use crate::oidc::authorize::respond;
use crate::pages::page;
use crate::sessions;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::devices::Device;
use samekey_shared::flows::FlowError;
use samekey_shared::flows::unbind::{LastDevice, Unbind, UnbindError};

/// `GET /security/unbind?device=…`
pub async fn ask(State(app): State<App>, Looking(caller): Looking) -> Result<Response, Fault> {
    let here = caller.here(&app);
    let (permission, settings) = here.permitted(Change::Unbind)?;
    if permission != Permission::Granted {
        return refused(here, permission);
    }
    let has = Possessions::of(here)?;
    let Some(device) = has.device(caller.field("device")) else {
        return not_found(here);
    };
    let problem = match is_last(here, device) {
        Ok(false) => None,
        Ok(true) => troubles::of_unbinding(here.t(), &UnbindError::LastDevice, settings.contact.as_deref()),
        Err(UnbindError::NotFound) => return not_found(here),
        Err(error) => return Err(fault(error)),
    };
    question(here, device, problem.is_none(), problem)
}

/// Told before anybody types YES in vain.
fn is_last(here: Here<'_>, device: &Device) -> Result<bool, UnbindError> {
    let realm = &here.app.realm;
    let unbind = Unbind::start(realm, device.account, device.id, LastDevice::Keep)?;
    let is_last: Result<bool, FlowError> = realm.store.read(|tx| unbind.is_last(realm, tx));
    Ok(is_last?)
}

/// `POST /security/unbind`
pub async fn unbind(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| gone(app, &caller)).await
}

fn gone(app: &App, caller: &Caller) -> Result<Response, Fault> {
    let here = caller.here(app);
    let (permission, settings) = here.permitted(Change::Unbind)?;
    if permission != Permission::Granted {
        return refused(here, permission);
    }
    let has = Possessions::of(here)?;
    let Some(device) = has.device(caller.field("device")) else {
        return not_found(here);
    };
    let (account, session) = (caller.session.account.id, caller.session.id);
    let typed = caller.field("confirmation");
    let done = Unbind::start(&app.realm, account, device.id, LastDevice::Keep).and_then(|unbind| {
        unbind.answer_and(&app.realm, &caller.authority(), typed, &mut |tx| {
            sessions::end_born_of(tx, account, device.id, Some(session)).map(drop)
        })
    });
    match done {
        Ok(()) => respond::see_other("/security?done=unbound"),
        Err(UnbindError::NotFound) => not_found(here),
        Err(error) => match troubles::of_unbinding(here.t(), &error, settings.contact.as_deref()) {
            Some(problem) => question(here, device, !matches!(error, UnbindError::LastDevice), Some(problem)),
            None => Err(fault(error)),
        },
    }
}

fn fault(error: UnbindError) -> Fault {
    match error {
        UnbindError::Flow(error) => error.into(),
        error => Failure::Rendering(error.to_string()).into(),
    }
}

fn question(
    here: Here<'_>,
    device: &Device,
    is_possible: bool,
    problem: Option<ProblemView>,
) -> Result<Response, Fault> {
    let status = if problem.is_some() {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    let view = UnbindView {
        frame: here.frame(),
        csrf: &here.token(),
        device: &device.id.to_string(),
        name: device.name.as_str(),
        warning: troubles::warning(here.t(), device.kind),
        problem,
        is_possible,
    };
    let mut response = page(&view, &[], Scripts::None)?;
    *response.status_mut() = status;
    Ok(response)
}
