//! What stands between a browser and everything that administrators do: a session, a role that reaches so far, a proof of
//! two factors (a fresh one for changes, asked by the shared machine of the service `admin:<action>`), and a form token.

use super::api::ApiError;
use super::program::{self, Admitted, Program};
use super::seat::{FORMS, Seat};
use crate::app::{App, blocking};
use crate::http::body::form;
use crate::http::{Fault, Params, Visitor, csrf};
use crate::oidc::{access, client_auth};
use crate::pages::flow::{Administering, Then};
use crate::pages::problem::Problem;
use crate::pages::{portal, turn};
use crate::sessions::{self, Session};
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use samekey_shared::administration::Desk;
use samekey_shared::devices;
use samekey_shared::flows::{FlowError, step_up};
use samekey_shared::methods::Level;
use samekey_shared::roles::{Action, may};

/// Where programs send the form token.
pub const TOKEN_HEADER: &str = "x-samekey-csrf";

/// Where the API begins.
const API: &str = "/api/v1";

/// Most bytes of a JSON body.
const MOST_JSON: usize = 64 * 1024;

/// Somebody asks for something.
struct Call {
    visitor: Visitor,
    headers: HeaderMap,
    path: String,
    changes: bool,
    api: bool,
}

/// Lets a request of this action through to its handler, with the [`Seat`] that it needs, or answers it.
pub async fn pass(State((app, action)): State<(App, Action)>, request: Request, next: Next) -> Response {
    let Some(visitor) = request.extensions().get::<Visitor>().cloned() else {
        return Fault::from(Problem::Failed).into_response();
    };
    let path = request.uri().path().to_owned();
    let call = Call {
        visitor,
        headers: request.headers().clone(),
        changes: !matches!(*request.method(), Method::GET | Method::HEAD),
        api: path.starts_with("/api/"),
        path,
    };
    match admitted(&app, action, &call, request).await {
        Ok(request) => next.run(request).await,
        Err(answer) => answer,
    }
}

async fn admitted(app: &App, action: Action, call: &Call, request: Request) -> Result<Request, Response> {
    if call.api && access::is_shown(&call.headers) {
        return by_token(app, action, call, request).await;
    }
    let session = app
        .realm
        .store
        .read(|tx| sessions::current(&app.realm, tx, &call.headers))
        .map_err(|error| call.failed(error.into()))?;
    let session = session.ok_or_else(|| call.nobody(app))?;
    if !may(session.account.role, action, None) {
        return Err(refused(app, action, call, session).await);
    }
    let (mut parts, body) = request.into_parts();
    let seat = if call.changes {
        let request = Request::from_parts(parts.clone(), body);
        let (params, json) = sent(app, call, &session, request).await?;
        seat(call, session, params, json)
    } else {
        let params = Params::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let params = params.map_err(|_| call.told(Problem::BadRequest))?;
        seat(call, session, params, Bytes::new())
    };
    proven(app, action, call, &seat).await?;
    parts.extensions.insert(seat);
    Ok(Request::from_parts(parts, axum::body::Body::empty()))
}

/// The same for a program that brings a token in the place of a session's cookie; a cookie beside it says nothing.
async fn by_token(app: &App, action: Action, call: &Call, request: Request) -> Result<Request, Response> {
    let told = |fault: Fault| match fault {
        Fault::Token(_) => fault.into_response(),
        other => call.failed(other),
    };
    let of = client_auth::Call::of(app, call.visitor.clone(), &request, API).map_err(told)?;
    let (mut parts, body) = request.into_parts();
    let program = Program {
        call: of,
        method: parts.method.clone(),
        uri: parts.uri.clone(),
        action,
        changes: call.changes,
    };
    let admitted = blocking(app, move |app| program::admitted(app, &program));
    let session = match admitted.await.map_err(told)? {
        Admitted::Yes(session) => *session,
        Admitted::NotAllowed(session) => return Err(refused(app, action, call, *session).await),
    };
    let params = Params::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let params = params.map_err(|_| call.told(Problem::BadRequest))?;
    let json = to_bytes(body, MOST_JSON).await;
    let json = json.map_err(|_| call.told(Problem::TooLarge))?;
    parts.extensions.insert(seat(call, session, params, json));
    Ok(Request::from_parts(parts, axum::body::Body::empty()))
}

fn seat(call: &Call, session: Session, params: Params, json: Bytes) -> Seat {
    Seat {
        session,
        visitor: call.visitor.clone(),
        params,
        json,
        service: if call.api { "api" } else { "admin" },
    }
}

/// What a change sends, its token held against the session before anything in it is looked at.
#[expect(clippy::result_large_err, reason = "the error is the answer itself, sent at once")]
async fn sent(app: &App, call: &Call, session: &Session, request: Request) -> Result<(Params, Bytes), Response> {
    let check = |shown: Option<&str>| {
        let own = app.config.issuer.as_str();
        let checked = app
            .csrf
            .check(FORMS, &session.id.to_string(), shown, &call.headers, own);
        checked.map_err(|problem| call.told(problem))
    };
    if call.api {
        check(call.headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok()))?;
        let body = to_bytes(request.into_body(), MOST_JSON).await;
        let body = body.map_err(|_| call.told(Problem::TooLarge))?;
        return Ok((Params::default(), body));
    }
    let params = form(request).await.map_err(|bad| Fault::from(bad).into_response())?;
    check(params.value(csrf::FIELD))?;
    Ok((params, Bytes::new()))
}

/// Holds what the session has shown against what the policy asks of `admin:<action>`: two factors to look, two factors
/// of the last minutes to change.
async fn proven(app: &App, action: Action, call: &Call, seat: &Seat) -> Result<(), Response> {
    let what = Administering {
        service: Administering::service(action, call.changes),
        back: call.path.clone(),
        fresh: call.changes,
    };
    let session = seat.session.clone();
    let visitor = call.visitor.clone();
    let asked = what.clone();
    let looked = blocking(app, move |app| {
        let doorway = turn::doorway_of(&visitor, asked.service.clone());
        let visit = samekey_shared::flows::Visit {
            realm: &app.realm,
            doorway: &doorway,
        };
        let login = session.account.name.to_string();
        let means = turn::means(app);
        let enough = step_up::is_satisfied(
            &visit,
            &login,
            app.config.passwords,
            session.prior(),
            asked.asked(),
            means,
        )?;
        let bound = app
            .realm
            .store
            .read(|tx| Ok::<_, FlowError>(devices::rows::bound(tx, session.account.id)?))?;
        let can_prove = bound.methods().iter().any(|method| method.level() >= Level::High);
        Ok((enough, can_prove))
    });
    match looked.await.map_err(|fault| call.failed(fault))? {
        (true, _) => Ok(()),
        (false, false) => Err(call.told(Problem::SecondFactorFirst)),
        (false, true) if call.api => Err(ApiError::confirmation_required().into_response()),
        (false, true) => Err(confirmation(app, call, seat, what).await),
    }
}

/// Begins the proof that is missing; it ends at the page that was asked for.
async fn confirmation(app: &App, call: &Call, seat: &Seat, what: Administering) -> Response {
    let (visitor, session, headers) = (call.visitor.clone(), seat.session.clone(), call.headers.clone());
    let begun = blocking(app, move |app| {
        let begun = turn::confirm_administration(app, visitor, session, what)?;
        turn::answer(app, &headers, begun)
    });
    begun.await.unwrap_or_else(IntoResponse::into_response)
}

/// The role does not reach so far: said, and written down.
async fn refused(app: &App, action: Action, call: &Call, session: Session) -> Response {
    let seat = seat(call, session, Params::default(), Bytes::new());
    let note = seat
        .work(app, move |desk: &Desk<'_>| Ok(desk.note_refusal(action, None)?))
        .await;
    if note.is_err() {
        tracing::error!(action = action.as_str(), "a refusal could not be written down");
    }
    call.told(Problem::NotAllowed)
}

impl Call {
    fn nobody(&self, app: &App) -> Response {
        if self.api {
            return ApiError::sign_in_required().into_response();
        }
        if self.changes {
            return Fault::from(Problem::FormFromElsewhere).into_response();
        }
        let then = Then::Administration(self.path.clone());
        portal::begin_for(app, &self.headers, then, "").unwrap_or_else(IntoResponse::into_response)
    }

    fn told(&self, problem: Problem) -> Response {
        if self.api {
            ApiError::from(problem).into_response()
        } else {
            Fault::from(problem).into_response()
        }
    }

    fn failed(&self, fault: Fault) -> Response {
        if self.api {
            ApiError::from(fault).into_response()
        } else {
            fault.into_response()
        }
    }
}
