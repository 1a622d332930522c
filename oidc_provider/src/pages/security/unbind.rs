//! Unbinding with the typed YES (R77, R78, R85).

use super::caller::{Caller, looking, permitted, token};
use super::list::{Possessions, rendered};
use super::permission::{Change, Permission};
use super::troubles;
use super::view::{ProblemView, UnbindView};
use crate::app::{App, blocking};
use crate::http::headers::Scripts;
use crate::http::{Failure, Fault, Params, Visitor, language};
use crate::oidc::authorize::respond;
use crate::pages::flow::Then;
use crate::pages::portal;
use crate::pages::problem::Problem;
use crate::pages::{Frame, page, texts};
use crate::sessions::{self, Session};
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use samekey_shared::devices::Device;
use samekey_shared::flows::unbind::{LastDevice, Unbind, UnbindError};
use samekey_shared::texts::Texts;

/// `GET /security/unbind?device=…`
pub async fn ask(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let Some(session) = looking(&app, &headers)? else {
        return portal::begin_for(&app, &headers, Then::Security, "");
    };
    let t = language::of(&headers, None);
    let (permission, _) = permitted(&app, &session, Change::Unbind)?;
    if permission != Permission::Granted {
        return refused(&app, t, &session, permission);
    }
    match device(&app, &session, params.value("device").unwrap_or_default())? {
        Some(device) => question(&app, t, &session, &device, None),
        None => respond::see_other("/security"),
    }
}

/// `POST /security/unbind`
pub async fn unbind(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let caller = Caller::of(&app, visitor, request).await?;
    blocking(&app, move |app| gone(app, &caller)).await
}

fn gone(app: &App, caller: &Caller) -> Result<Response, Fault> {
    let session = &caller.session;
    let (permission, settings) = permitted(app, session, Change::Unbind)?;
    if permission != Permission::Granted {
        return refused(app, caller.visitor.t, session, permission);
    }
    let Some(device) = device(app, session, caller.field("device"))? else {
        return respond::see_other("/security");
    };
    let account = session.account.id;
    let done = Unbind::start(&app.realm, account, device.id, LastDevice::Keep).and_then(|unbind| {
        unbind.answer_and(
            &app.realm,
            &caller.authority(),
            caller.field("confirmation"),
            &mut |tx| sessions::end_born_of(tx, account, device.id, Some(session.id)).map(drop),
        )
    });
    match done {
        Ok(()) => respond::see_other("/security?done=unbound"),
        Err(error) => match (troubles::of_unbinding(&error, settings.contact.as_deref()), error) {
            (Some(problem), _) => question(app, caller.visitor.t, session, &device, Some(problem)),
            (None, UnbindError::Flow(error)) => Err(error.into()),
            (None, error) => Err(Failure::Rendering(error.to_string()).into()),
        },
    }
}

/// A device of this very account.
fn device(app: &App, session: &Session, id: &str) -> Result<Option<Device>, Fault> {
    let bound = Possessions::of(app, session)?.bound.devices;
    Ok(bound.into_iter().find(|one| one.id.to_string() == id))
}

fn question(
    app: &App,
    t: Texts,
    session: &Session,
    device: &Device,
    problem: Option<ProblemView>,
) -> Result<Response, Fault> {
    let view = UnbindView {
        frame: Frame::new(app, t).signed_in(session),
        csrf: &token(app, session),
        device: &device.id.to_string(),
        name: device.name.as_str(),
        warning: troubles::warning(device.kind),
        problem,
    };
    page(&view, &[], Scripts::None)
}

/// The list again, with why nothing was changed.
pub(super) fn refused(app: &App, t: Texts, session: &Session, permission: Permission) -> Result<Response, Fault> {
    let problem = match permission {
        Permission::Refused(refusal) => ProblemView::new(
            refusal.code(),
            texts::refused_change(&refusal, app.contact().as_deref()),
        ),
        Permission::Granted | Permission::Confirm => ProblemView::new("confirmation_required", texts::CONFIRM_FIRST),
    };
    let mut response = rendered(app, t, session, None, Some(problem))?;
    *response.status_mut() = StatusCode::FORBIDDEN;
    Ok(response)
}
