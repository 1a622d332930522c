//! One turn of a sign-in: what was said goes into the shared machine, what it asks or grants comes out as a page or an
//! answer to the application. Session, code and audit event are written in the machine's own unit of work: one commit.

use super::conclusion::{Conclusion, End, Written};
use super::flow::{Flow, Purpose, Question, Refused, Stage};
use super::problem::Problem;
use crate::app::App;
use crate::clients::Client;
use crate::http::{Failure, Fault, Visitor, cookies};
use crate::oidc::authorize::{levels, respond};
use crate::oidc::errors::AuthorizeError;
use crate::sessions::Session;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use samekey_shared::flows::sign_in::{Asked, FirstFactorCheck, Prior, SignInRequest};
use samekey_shared::flows::{Answer, Doorway, Means, RefusalCode, SignIn, Step, Visit};
use samekey_shared::source::Door;

/// Who sits before the browser, as far as it is known.
#[derive(Debug)]
pub struct Person {
    /// The call.
    pub visitor: Visitor,
    /// The session the browser holds.
    pub session: Option<Session>,
}

/// What comes of a turn.
#[derive(Debug)]
pub enum Turn {
    /// A page of the flow.
    Show(Box<Flow>),
    /// The flow is over.
    Finished(Finished),
}

/// The end of a flow.
#[derive(Debug)]
pub struct Finished {
    /// The flow.
    pub flow: Box<Flow>,
    /// The new session's cookie, where one was begun.
    pub cookie: Option<String>,
    /// What the application is told; the portal is told nothing.
    pub outcome: Outcome,
}

/// What the application is told.
#[derive(Debug)]
pub enum Outcome {
    /// A code.
    Code(String),
    /// An error.
    Error(AuthorizeError),
    /// Nobody asked: the portal's own page.
    Portal,
}

fn doorway(visitor: &Visitor, purpose: &Purpose) -> Doorway {
    Doorway {
        door: Door::Web,
        service: match purpose {
            Purpose::Application(request) => format!("oidc:{}", request.return_to.client),
            Purpose::Portal => "portal:sign-in".to_owned(),
        },
        host: None,
        source: visitor.source.clone(),
    }
}

/// Begins the machine for this name.
pub fn start(
    app: &App,
    person: &Person,
    client: Option<&Client>,
    flow: Flow,
    name: &str,
    prior: Option<Prior>,
) -> Result<Turn, Fault> {
    let asked = match (flow.request(), client) {
        (Some(request), Some(client)) => match levels::asked(request, client) {
            Ok(asked) => asked,
            Err(error) => return Ok(finished(flow, None, Outcome::Error(error))),
        },
        _ => Asked::default(),
    };
    let mut conclusion = Conclusion::prepare(app, person, flow.request().cloned())?;
    let doorway = doorway(&person.visitor, &flow.purpose);
    let visit = Visit {
        realm: &app.realm,
        doorway: &doorway,
    };
    let request = SignInRequest {
        login: name,
        first: FirstFactorCheck::Ask(app.config.passwords),
        prior,
        asked,
        means: Means::default(),
    };
    let (machine, step) = SignIn::start(&visit, request, &mut |tx, grant| conclusion.write(tx, grant))?;
    taken(flow, machine, step, conclusion)
}

/// Gives the machine an answer.
pub fn advance(app: &App, person: &Person, flow: Flow, mut machine: SignIn, answer: Answer) -> Result<Turn, Fault> {
    let mut conclusion = Conclusion::prepare(app, person, flow.request().cloned())?;
    let doorway = doorway(&person.visitor, &flow.purpose);
    let visit = Visit {
        realm: &app.realm,
        doorway: &doorway,
    };
    let step = machine.answer(&visit, answer, &mut |tx, grant| conclusion.write(tx, grant))?;
    taken(flow, machine, step, conclusion)
}

/// The end of a flow.
pub fn finished(flow: Flow, cookie: Option<String>, outcome: Outcome) -> Turn {
    Turn::Finished(Finished {
        flow: Box::new(flow),
        cookie,
        outcome,
    })
}

/// Turns the machine's step into the flow's next page or its end.
fn taken(mut flow: Flow, machine: SignIn, step: Step, conclusion: Conclusion<'_>) -> Result<Turn, Fault> {
    match step {
        Step::Ask(prompt) => {
            flow.stage = Stage::Asking {
                machine: Box::new(machine),
                question: Question::of(prompt),
            };
            Ok(Turn::Show(Box::new(flow)))
        }
        Step::Refused(refusal) if refusal.code == RefusalCode::GaveUp => {
            let outcome = flow
                .request()
                .map_or(Outcome::Portal, |_| Outcome::Error(AuthorizeError::AccessDenied));
            Ok(finished(flow, None, outcome))
        }
        Step::Refused(refusal) if refusal.code == RefusalCode::LevelUnreachable => Ok(finished(
            flow,
            None,
            Outcome::Error(AuthorizeError::UnmetAuthenticationRequirements),
        )),
        Step::Refused(refusal) => {
            flow.stage = Stage::Refused(Refused::of(refusal.code, refusal.request));
            Ok(Turn::Show(Box::new(flow)))
        }
        Step::Granted(_) => concluded(flow, conclusion),
    }
}

fn concluded(mut flow: Flow, conclusion: Conclusion<'_>) -> Result<Turn, Fault> {
    let cookie = conclusion.cookie();
    let code = conclusion.code();
    let Some(Written { end, .. }) = conclusion.into_written() else {
        return Err(Failure::CutOff.into());
    };
    match end {
        End::Code => Ok(finished(flow, cookie, Outcome::Code(code))),
        End::Portal => Ok(finished(flow, cookie, Outcome::Portal)),
        End::Error(error) => Ok(finished(flow, cookie, Outcome::Error(error))),
        End::Gone => Err(Problem::UnknownApplication.into()),
        End::Consent(proven) => {
            flow.stage = Stage::Consent(proven);
            Ok(Turn::Show(Box::new(flow.with_cookie(cookie))))
        }
    }
}

/// The answer to the browser: its cookies, and where it goes next.
pub fn answer(app: &App, headers: &HeaderMap, turn: Turn) -> Result<Response, Fault> {
    let (mut response, cookies) = match turn {
        Turn::Show(flow) => {
            let mut set = flow.keep(app, headers)?;
            set.extend(flow.session_cookie.as_deref().and_then(session_cookie));
            (respond::see_other(&flow.address())?, set)
        }
        Turn::Finished(Finished { flow, cookie, outcome }) => {
            let response = match (outcome, flow.request()) {
                (Outcome::Code(code), Some(request)) => respond::success(app, &request.return_to, &code)?,
                (Outcome::Error(error), Some(request)) => respond::error(app, &request.return_to, error)?,
                _ => respond::see_other("/")?,
            };
            (
                response,
                cookie
                    .as_deref()
                    .and_then(session_cookie)
                    .into_iter()
                    .chain(flow.end())
                    .collect(),
            )
        }
    };
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn session_cookie(value: &str) -> Option<HeaderValue> {
    cookies::set(cookies::SESSION, value, None)
}
