//! One turn of a sign-in: what was said goes into the shared machine, what it asks or grants comes out as a page or an
//! answer to the application. Session, code and audit event are written in the machine's own unit of work: one commit.

use super::conclusion::{Conclusion, Connected, End, Written};
use super::flow::{Administering, Begun, Connecting, Flow, Purpose, Question, Refused, Stage};
use super::problem::Problem;
use super::security::FRESH;
use crate::app::App;
use crate::clients::Client;
use crate::http::{Failure, Fault, Visitor, cookies};
use crate::oidc::authorize::request::AuthorizeRequest;
use crate::oidc::authorize::{levels, respond};
use crate::oidc::device;
use crate::oidc::errors::AuthorizeError;
use crate::oidc::{acr, session_state};
use crate::sessions::Session;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use samekey_shared::flows::sign_in::{Asked, FirstFactorCheck, Prior, SignInRequest};
use samekey_shared::flows::{
    Answer, Binding, Doorway, KeyAsk, Keys, Means, Prompt, RefusalCode, SignIn, Step, Visit, step_up,
};
use samekey_shared::methods::Level;
use samekey_shared::source::{Door, Source};

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
    /// The new session, where one was begun.
    pub begun: Option<Begun>,
    /// What the application is told; pages of ours are told nothing.
    pub outcome: Outcome,
}

/// What the application is told.
#[derive(Debug)]
pub enum Outcome {
    /// A code.
    Code(String),
    /// An error.
    Error(AuthorizeError),
    /// No application asked: a page of ours.
    Portal,
    /// The same, after an e-mailed code: the page of one's devices comes first (M19).
    Emergency,
    /// A device was signed in; or not, since it was decided before or its time ran out.
    Device(Connected),
    /// The person gave up on the way to a page of ours.
    Left,
}

/// Where the person stands.
pub(super) fn doorway(visitor: &Visitor, purpose: &Purpose) -> Doorway {
    doorway_of(visitor, purpose.service())
}

/// The same, of this service.
pub(crate) fn doorway_of(visitor: &Visitor, service: String) -> Doorway {
    Doorway {
        door: Door::Web,
        service,
        host: None,
        source: visitor.source.clone(),
    }
}

/// The same for looking alone, where nothing rests on the source.
pub(super) fn onlooker(flow: &Flow) -> Doorway {
    Doorway {
        door: Door::Web,
        service: flow.purpose.service(),
        host: None,
        source: Source::Unknown,
    }
}

/// What a browser can do for us.
pub(crate) fn means(app: &App) -> Means {
    Means {
        keys: if app.passkeys.is_some() {
            Keys::Browser
        } else {
            Keys::None
        },
        binding: Binding::Page,
        ..Means::default()
    }
}

/// What is asked beyond the policy, by the application or by the page of one's own devices.
pub(super) fn asked(app: &App, flow: &Flow, client: Option<&Client>) -> Result<Asked, AuthorizeError> {
    match (&flow.purpose, client) {
        (Purpose::Application(request), Some(client)) => {
            levels::asked(request, client, acr::strongest(app.passkeys.as_ref()))
        }
        (Purpose::Devices, _) => Ok(Asked {
            level: Some(Level::High),
            max_age: Some(FRESH),
            ..Asked::default()
        }),
        (Purpose::Administration(what), _) => Ok(what.asked()),
        (Purpose::Connect(_), Some(client)) => Ok(device::asked(client, acr::strongest(app.passkeys.as_ref()))),
        _ => Ok(Asked::default()),
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
    let asked = match asked(app, &flow, client) {
        Ok(asked) => asked,
        Err(error) => return Ok(finished(flow, None, Outcome::Error(error))),
    };
    let mut conclusion = Conclusion::prepare(app, person, &flow.purpose)?;
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
        means: means(app),
        browser: Some(person.visitor.shows.clone()),
    };
    let (mut machine, step) = SignIn::start(&visit, request, &mut |tx, grant| conclusion.write(tx, grant))?;
    if let Some(ticket) = flow.ticket.as_ref().filter(|ticket| !ticket.is_empty()) {
        machine.bring_ticket(ticket.as_str().into());
    }
    taken(flow, machine, step, conclusion)
}

/// Begins the confirmation that changes of one's devices need (R43).
pub fn confirm(app: &App, visitor: Visitor, session: Session) -> Result<Turn, Fault> {
    confirm_for(app, visitor, session, None, Purpose::Devices)
}

/// Begins the confirmation that administering needs.
pub fn confirm_administration(
    app: &App,
    visitor: Visitor,
    session: Session,
    what: Administering,
) -> Result<Turn, Fault> {
    confirm_for(app, visitor, session, None, Purpose::Administration(what))
}

/// Begins what signing in a device of this application asks: the policy of the application, and what it asks of everybody.
pub fn confirm_device(
    app: &App,
    visitor: Visitor,
    session: Session,
    client: &Client,
    what: Connecting,
) -> Result<Turn, Fault> {
    confirm_for(app, visitor, session, Some(client), Purpose::Connect(Box::new(what)))
}

fn confirm_for(
    app: &App,
    visitor: Visitor,
    session: Session,
    client: Option<&Client>,
    purpose: Purpose,
) -> Result<Turn, Fault> {
    let flow = Flow::begin(app, purpose, Stage::name(""))?;
    let asked = asked(app, &flow, client).unwrap_or_default();
    let login = session.account.name.to_string();
    let prior = session.prior();
    let person = Person {
        visitor,
        session: Some(session),
    };
    let mut conclusion = Conclusion::prepare(app, &person, &flow.purpose)?;
    let doorway = doorway(&person.visitor, &flow.purpose);
    let visit = Visit {
        realm: &app.realm,
        doorway: &doorway,
    };
    let passwords = app.config.passwords;
    let (machine, step) = step_up::start(&visit, &login, passwords, prior, asked, means(app), &mut |tx, grant| {
        conclusion.write(tx, grant)
    })?;
    taken(flow, machine, step, conclusion)
}

/// Gives the machine an answer.
pub fn advance(app: &App, person: &Person, flow: Flow, machine: SignIn, answer: Answer) -> Result<Turn, Fault> {
    advance_with(app, person, flow, machine, answer).map(|(turn, _)| turn)
}

/// The same, with what a key is asked to sign, where one is.
pub(super) fn advance_with(
    app: &App,
    person: &Person,
    flow: Flow,
    mut machine: SignIn,
    answer: Answer,
) -> Result<(Turn, Option<KeyAsk>), Fault> {
    let mut conclusion = Conclusion::prepare(app, person, &flow.purpose)?.telling(flow.weak);
    let doorway = doorway(&person.visitor, &flow.purpose);
    let visit = Visit {
        realm: &app.realm,
        doorway: &doorway,
    };
    let step = machine.answer(&visit, answer, &mut |tx, grant| conclusion.write(tx, grant))?;
    let ask = match &step {
        Step::Ask(Prompt::Key(prompt)) => Some(prompt.ask.clone()),
        _ => None,
    };
    Ok((taken(flow, machine, step, conclusion)?, ask))
}

/// The end of a flow.
pub fn finished(flow: Flow, begun: Option<Begun>, outcome: Outcome) -> Turn {
    Turn::Finished(Finished {
        flow: Box::new(flow),
        begun,
        outcome,
    })
}

/// The person goes back without having signed in.
pub(super) fn left(flow: Flow) -> Turn {
    let outcome = match flow.request() {
        Some(_) => Outcome::Error(AuthorizeError::AccessDenied),
        None => Outcome::Left,
    };
    finished(flow, None, outcome)
}

/// Turns the machine's step into the flow's next page or its end.
pub(super) fn taken(mut flow: Flow, machine: SignIn, step: Step, conclusion: Conclusion<'_>) -> Result<Turn, Fault> {
    match step {
        Step::Ask(prompt) => {
            flow.stage = Stage::Asking {
                machine: Box::new(machine),
                question: Question::of(prompt),
            };
            Ok(Turn::Show(Box::new(flow)))
        }
        Step::Refused(refusal) if refusal.code == RefusalCode::GaveUp => Ok(left(flow)),
        Step::Refused(refusal) if refusal.code == RefusalCode::LevelUnreachable && flow.request().is_some() => {
            Ok(finished(
                flow,
                None,
                Outcome::Error(AuthorizeError::UnmetAuthenticationRequirements),
            ))
        }
        Step::Refused(refusal) => {
            flow.stage = Stage::Refused(Refused::of(refusal.code, refusal.request));
            Ok(Turn::Show(Box::new(flow)))
        }
        Step::Granted(_) => concluded(flow, conclusion),
    }
}

fn concluded(mut flow: Flow, conclusion: Conclusion<'_>) -> Result<Turn, Fault> {
    let begun = conclusion.begun();
    let code = conclusion.code();
    let Some(Written { end, .. }) = conclusion.into_written() else {
        return Err(Failure::CutOff.into());
    };
    match end {
        End::Code => Ok(finished(flow, begun, Outcome::Code(code))),
        End::Portal => Ok(finished(flow, begun, Outcome::Portal)),
        End::Device(connected) => Ok(finished(flow, begun, Outcome::Device(connected))),
        End::Emergency => Ok(finished(flow, begun, Outcome::Emergency)),
        End::CheckDevices(stage) => {
            flow.stage = Stage::CheckDevices(stage);
            Ok(Turn::Show(Box::new(flow.with_session(begun))))
        }
        End::WeakPassword(stage) => {
            flow.stage = Stage::WeakPassword(stage);
            Ok(Turn::Show(Box::new(flow.with_session(begun))))
        }
        End::Error(error) => Ok(finished(flow, begun, Outcome::Error(error))),
        End::Gone => Err(Problem::UnknownApplication.into()),
        End::Consent(proven) => {
            flow.stage = Stage::Consent(proven);
            Ok(Turn::Show(Box::new(flow.with_session(begun))))
        }
    }
}

/// The answer to the browser: its cookies, and where it goes next.
pub fn answer(app: &App, headers: &HeaderMap, turn: Turn) -> Result<Response, Fault> {
    let (mut response, cookies) = match turn {
        Turn::Show(flow) => {
            let mut set = flow.keep(app, headers)?;
            set.extend(session_cookies(app, flow.begun.as_ref()));
            (respond::see_other(&flow.address())?, set)
        }
        Turn::Finished(Finished { flow, begun, outcome }) => {
            let t = flow.texts(headers);
            let response = match (outcome, flow.request()) {
                (Outcome::Code(code), Some(request)) => {
                    let state = state(app, headers, begun.as_ref(), request);
                    respond::success(app, t, &request.return_to, &code, state)?
                }
                (Outcome::Error(error), Some(request)) => {
                    let to = &request.return_to;
                    let state = state(app, headers, begun.as_ref(), request)
                        .or_else(|| session_state::of_refusal(app, to, headers));
                    respond::refusal(app, t, to, error, state)?
                }
                (Outcome::Emergency, _) => respond::see_other("/security?done=emergency")?,
                (Outcome::Device(Connected::Yes), _) => respond::see_other("/device?done=approved")?,
                (Outcome::Device(Connected::TooLate), _) => respond::see_other("/device?done=gone")?,
                (Outcome::Left, _) => respond::see_other(flow.purpose.before())?,
                _ => respond::see_other(&flow.purpose.page())?,
            };
            let mut set = session_cookies(app, begun.as_ref());
            if begun.is_none() {
                set.extend(session_state::missing_cookie(app, headers));
            }
            set.extend(flow.end());
            (response, set)
        }
    };
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What the application may watch the session by.
fn state(app: &App, headers: &HeaderMap, begun: Option<&Begun>, request: &AuthorizeRequest) -> Option<String> {
    let held = || cookies::value(headers, cookies::SESSION).filter(|value| !value.is_empty());
    let session = begun.map(|begun| begun.session.as_str()).or_else(held)?;
    session_state::of(app, &request.return_to, session)
}

fn session_cookies(app: &App, begun: Option<&Begun>) -> Vec<HeaderValue> {
    let Some(begun) = begun else { return Vec::new() };
    let last = if begun.with_passkey {
        cookies::PASSKEY
    } else {
        cookies::PASSWORD
    };
    let own = begun.browser.as_deref();
    let remembered = begun.remembered.as_ref();
    [
        cookies::set(cookies::SESSION, &begun.session, None),
        session_state::cookie(app, &begun.session),
        cookies::set(cookies::LAST_USED, last, Some(cookies::LAST_USED_SECONDS)),
        own.and_then(|own| cookies::set(cookies::BROWSER, own, Some(cookies::BROWSER_SECONDS))),
        remembered.and_then(|(token, lives)| cookies::set(cookies::REMEMBERED, token, Some(*lives))),
    ]
    .into_iter()
    .flatten()
    .collect()
}
