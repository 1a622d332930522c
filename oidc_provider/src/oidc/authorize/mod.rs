//! `/authorize`: parse, check in order, ask the sign-in machine, answer (OpenID Connect Core section 3.1.2).
//!
//! ```text
//! GET ─► checks ─► signed in, and it suffices? ─► 303 to the application with a code
//!                  otherwise ─► sealed cookie, 303 to /sign-in ─► … ─► 303 to the application
//! POST ─► 303 to the same GET: the session cookie is SameSite=Lax and does not come with another site's POST
//! ```

pub mod checks;
pub mod effective;
mod jarm;
pub mod levels;
pub mod request;
pub mod respond;

use crate::app::{App, AppState, blocking, routes};
use crate::clients::{self, Client};
use crate::http::body::form;
use crate::http::{Fault, Params, Visitor, language};
use crate::oidc::errors::AuthorizeError;
use crate::oidc::{acr, session_state, subject};
use crate::pages::flow::{self, Flow, Purpose, Question, Stage};
use crate::pages::problem::Problem;
use crate::pages::turn::{self, Finished, Person, Turn};
use crate::sessions::{self, Session};
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use effective::{Effective, Refused, Way};
use request::{AuthorizeRequest, Prompt};
use samekey_shared::flows::{FlowError, RefusalCode};
use samekey_shared::ids::AccountId;

/// `POST /authorize`
pub async fn by_post(request: Request) -> Result<Response, Fault> {
    let params = form(request).await?;
    respond::see_other(&format!("{}?{}", routes::AUTHORIZE, params.encoded()))
}

/// `GET /authorize`
pub async fn by_get(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let (client, session) = app.realm.store.read(|tx| {
        let client = match params.value("client_id") {
            Some(id) => clients::by_id(tx, id)?,
            None => None,
        };
        Ok::<_, FlowError>((client, sessions::current(&app.realm, tx, &headers)?))
    })?;
    let Some(client) = client else {
        return Err(Problem::UnknownApplication.into());
    };
    let person = Person { visitor, session };
    blocking(&app, move |app| {
        let request = effective::read(app, &client, params, Way::Browser)
            .and_then(|effective| admitted(app, &client, &effective));
        match request {
            Ok(request) => interact(app, &person, &headers, &client, request),
            Err(Refused::Page(problem)) => Err(problem.into()),
            Err(Refused::Tell(to, error)) => respond::error(app, person.visitor.t, &to, error),
            Err(Refused::Failed(failure)) => Err(failure.into()),
        }
    })
    .await
}

/// Holds the parameters that count against every check, in their order: what `/authorize` serves, and what `/par` keeps.
pub fn admitted(app: &App, client: &Client, effective: &Effective) -> Result<AuthorizeRequest, Refused> {
    let to = checks::return_to(&effective.params, client).map_err(Refused::Page)?;
    let published = app.published();
    let given = checks::Given {
        effective,
        client,
        keys: &published.keys,
        issuer: app.config.issuer.as_str(),
    };
    let strongest = acr::strongest(app.passkeys.as_ref());
    checks::request(&given, to.clone())
        .and_then(|request| levels::asked(&request, client, strongest).map(|_| request))
        .map_err(|error| Refused::Tell(Box::new(to), error))
}

/// Asks as little as the request, the session and the policy allow.
fn interact(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    client: &Client,
    request: AuthorizeRequest,
) -> Result<Response, Fault> {
    let to = request.return_to.clone();
    let t = language::of(headers, request.language);
    let silent = request.prompts(Prompt::None);
    let refused = |error| respond::refusal(app, t, &to, error, session_state::of_refusal(app, &to, headers));
    let known = person
        .session
        .as_ref()
        .filter(|session| may_go_on(app, client, session, &request));
    let hint = request.login_hint.clone().unwrap_or_default();
    let purpose = Purpose::Application(Box::new(request));
    let turn = match known {
        Some(session) => {
            let name = session.account.name.to_string();
            let flow = Flow::begin(app, purpose, Stage::name(&name))?;
            turn::start(app, person, Some(client), flow, &name, Some(session.prior()))?
        }
        None if silent => return refused(AuthorizeError::LoginRequired),
        None => Turn::Show(Box::new(Flow::begin(app, purpose, Stage::name(&hint))?)),
    };
    if let Some(error) = silently_unmet(&turn).filter(|_| silent) {
        return refused(error);
    }
    turn::answer(app, headers, turn)
}

/// Whether the session that is there may serve this request at all, perhaps after more questions.
fn may_go_on(app: &App, client: &Client, session: &Session, request: &AuthorizeRequest) -> bool {
    let others = [Prompt::SelectAccount, Prompt::Create];
    is_hinted(app, client, session.account.id, request) && !others.iter().any(|prompt| request.prompts(*prompt))
}

/// Whether this person is the one that the request names, where it names anybody.
pub fn is_hinted(app: &AppState, client: &Client, account: AccountId, request: &AuthorizeRequest) -> bool {
    let hinted = request.hinted_subject.as_ref();
    hinted.is_none_or(|named| *named == subject::subject(app, client, account))
}

/// What `prompt=none` answers when something would have to be asked (OpenID Connect Core 3.1.2.6).
fn silently_unmet(turn: &Turn) -> Option<AuthorizeError> {
    match turn {
        Turn::Show(flow) => Some(match &flow.stage {
            Stage::Asking {
                question: Question::Enrol(_),
                ..
            } => AuthorizeError::InteractionRequired,
            Stage::Name { .. } | Stage::Asking { .. } => AuthorizeError::LoginRequired,
            Stage::Consent(_) => AuthorizeError::ConsentRequired,
            Stage::Refused(flow::Refused { code, .. }) if code == RefusalCode::LevelUnreachable.code() => {
                AuthorizeError::UnmetAuthenticationRequirements
            }
            Stage::Refused(_) | Stage::CheckDevices(_) | Stage::WeakPassword(_) => AuthorizeError::InteractionRequired,
        }),
        Turn::Finished(Finished { .. }) => None,
    }
}
