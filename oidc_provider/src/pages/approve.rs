//! `/approve`: a login at a terminal that waits for its owner's passkey. Shows where it is, what it is and where it
//! comes from, and takes the answer; the number has to come from the terminal, through the person's eyes.
//!
//! Whoever is not signed in signs in first and comes back. Nobody sees or decides a login of somebody else's.

use super::flow::Then;
use super::problem::Problem;
use super::{Frame, message, page, portal};
use crate::app::{App, AppState, blocking};
use crate::http::body::form;
use crate::http::headers::Scripts;
use crate::http::json::json;
use crate::http::{Fault, Params, Visitor, csrf, language};
use crate::oidc::authorize::respond;
use crate::passkeys::confirm::{self, Confirmation};
use crate::sessions::{self, Session};
use askama::Template;
use axum::Extension;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use samekey_shared::approvals::{self, Approval, Code, Decider, Decision, Denying, State};
use samekey_shared::audit::{self, Actor, Event, EventKind, utc};
use samekey_shared::challenges;
use samekey_shared::clock::UnixTime;
use samekey_shared::devices::{self, LastUse};
use samekey_shared::flows::{FlowError, UserVerification};
use samekey_shared::ids::ApprovalId;
use samekey_shared::methods::Method;
use samekey_shared::methods::fido::{KeyChecked, KeyError};
use samekey_shared::source::Door;
use samekey_shared::store::Tx;
use samekey_shared::texts::Texts;
use serde_json::json as object;
use std::collections::BTreeSet;

/// Name of the form, for its token.
const FORM: &str = "approve";

/// One thing to know about a login.
struct Fact {
    label: String,
    value: String,
}

/// The form for a code, or one login with what can be done about it.
#[derive(Template)]
#[template(path = "approve.html")]
struct ApproveView<'a> {
    frame: Frame<'a>,
    problem: Option<String>,
    csrf: &'a str,
    approval: Option<&'a str>,
    facts: Vec<Fact>,
    warning: Option<String>,
}

/// `GET /approve`, `GET /approve?code=…` (a QR code leads here), `GET /approve?approval=…` (after a decision)
pub async fn show(Shared(app): Shared<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let t = language::of(&headers, None);
    let typed = params.value("code");
    let code: Option<Code> = typed.and_then(|typed| typed.parse().ok());
    let Some(session) = app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))? else {
        return portal::begin_for(&app, &headers, Then::Approve(code.map(|code| code.compact())), "");
    };
    let id: Option<ApprovalId> = params.value("approval").and_then(|id| id.parse().ok());
    let account = session.account.id;
    let found = app.realm.store.read(|tx| match (id, &code) {
        (Some(id), _) => approvals::by_id(tx, id, account),
        (None, Some(code)) => approvals::by_code(tx, code, account),
        (None, None) => Ok(None),
    })?;
    if let Some(found) = found {
        return one(&app, t, &session, &found, None);
    }
    let asked = id.is_some() || typed.is_some_and(|typed| !typed.trim().is_empty());
    blank(&app, t, &session, asked.then(|| t.say("approve-unknown")))
}

/// The form for a code.
fn blank(app: &AppState, t: Texts, session: &Session, problem: Option<String>) -> Result<Response, Fault> {
    let view = ApproveView {
        frame: Frame::new(app, t).signed_in(session),
        problem,
        csrf: &token(app, session),
        approval: None,
        facts: Vec::new(),
        warning: None,
    };
    page(&view, &[], Scripts::None)
}

/// The page of one approval: a question while it waits, and afterwards what became of it.
fn one(
    app: &AppState,
    t: Texts,
    session: &Session,
    found: &Approval,
    problem: Option<String>,
) -> Result<Response, Fault> {
    let now = app.realm.clock.now();
    if !found.is_open(now) {
        return ended(app, t, session, found, now);
    }
    let id = found.id.to_string();
    let view = ApproveView {
        frame: Frame::new(app, t).signed_in(session),
        problem,
        csrf: &token(app, session),
        approval: Some(&id),
        facts: facts(t, session, found, now),
        warning: found.stranger.then(|| t.say("approve-stranger")),
    };
    page(&view, &[], Scripts::Fetching)
}

fn facts(t: Texts, session: &Session, found: &Approval, now: UnixTime) -> Vec<Fact> {
    let service = found.service.strip_prefix("pam:").unwrap_or(&found.service);
    let left = (found.expires_at - now).max(0);
    let lines = [
        (t.say("approve-host"), found.host.clone()),
        (t.say("approve-service"), Some(service.to_owned())),
        (t.say("approve-account"), Some(session.account.name.to_string())),
        (t.say("approve-source"), Some(found.source.clone())),
        (t.say("approve-key"), found.key_fingerprint.clone()),
        (t.say("approve-command"), found.command.clone()),
        (
            t.say("approve-asked-at"),
            Some(t.fill(
                "approve-asked-at-value",
                [("moment", utc::text(found.created_at)), ("left", left.to_string())],
            )),
        ),
    ];
    let told = lines
        .into_iter()
        .filter_map(|(label, value)| value.map(|value| Fact { label, value }));
    told.collect()
}

/// What became of it.
fn ended(app: &AppState, t: Texts, session: &Session, found: &Approval, now: UnixTime) -> Result<Response, Fault> {
    let (title, text) = match found.state_at(now) {
        State::Approved | State::Collected => (t.say("approve-approved"), t.say("approve-approved-text")),
        State::Denied => (t.say("approve-denied"), t.say("approve-denied-text")),
        State::Reported => (t.say("approve-reported"), t.say("approve-reported-text")),
        State::WrongNumber => (t.say("approve-not-approved"), t.say("approve-wrong-number-text")),
        State::Cancelled => (t.say("approve-not-approved"), t.say("approve-gone-text")),
        State::Pending | State::Expired => (t.say("approve-not-approved"), t.say("approve-expired-text")),
    };
    let mut view = message(Frame::new(app, t).signed_in(session), title, text);
    view.link = Some(("/approve".to_owned(), t.say("approve-another")));
    view.request = Some(found.request.to_string());
    page(&view, &[], Scripts::None)
}

/// `POST /approve`
pub async fn submit(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let params = form(request).await?;
    let session = owner(&app, &headers, &params)?;
    let t = visitor.t;
    if params.value("action") == Some("find") {
        let typed: String = params.value("code").unwrap_or_default().chars().take(32).collect();
        return match typed.parse::<Code>() {
            Ok(code) => respond::see_other(&format!("/approve?code={}", code.compact())),
            Err(_) => blank(&app, t, &session, Some(t.say("approve-no-code"))),
        };
    }
    blocking(&app, move |app| decide(app, &visitor, &session, &params)).await
}

/// `POST /approve/options`: what the browser asks the key.
pub async fn options(Shared(app): Shared<App>, request: Request) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let params = form(request).await?;
    let session = owner(&app, &headers, &params)?;
    let t = language::of(&headers, None);
    blocking(&app, move |app| {
        let no =
            |error: &str, sentence: String| Ok(json(StatusCode::OK, &object!({"error": error, "sentence": sentence})));
        let Some(passkeys) = &app.passkeys else {
            return no("no_passkeys", t.say("approve-no-passkeys"));
        };
        let now = app.realm.clock.now();
        let asked = app.realm.store.write(|tx| {
            let Some(found) = named(tx, &session, &params)?.filter(|found| found.is_open(now)) else {
                return Ok::<_, FlowError>(None);
            };
            confirm::ask(
                passkeys,
                &app.realm,
                tx,
                &confirmation(&session, &binding(&session, found.id)),
                now,
            )
        })?;
        match asked {
            Some(body) => Ok(json(StatusCode::OK, &body)),
            None => no("nothing_to_approve", t.say("approve-no-key")),
        }
    })
    .await
}

/// The session, if the form is its own.
fn owner(app: &AppState, headers: &HeaderMap, params: &Params) -> Result<Session, Fault> {
    let session = app.realm.store.read(|tx| sessions::current(&app.realm, tx, headers))?;
    let session = session.ok_or(Problem::FormFromElsewhere)?;
    let (cookie, origin) = (session.id.to_string(), app.config.issuer.as_str());
    app.csrf
        .check(FORM, &cookie, params.value(csrf::FIELD), headers, origin)?;
    Ok(session)
}

fn token(app: &AppState, session: &Session) -> String {
    app.csrf.of(FORM, &session.id.to_string())
}

/// The approval that the form names, if it is this session's account's.
fn named(tx: &mut Tx<'_>, session: &Session, params: &Params) -> Result<Option<Approval>, FlowError> {
    match params.value("approval").and_then(|id| id.parse().ok()) {
        Some(id) => Ok(approvals::by_id(tx, id, session.account.id)?),
        None => Ok(None),
    }
}

/// An assertion approves one login, from one session.
fn binding(session: &Session, id: ApprovalId) -> String {
    format!("{id} {}", session.id)
}

fn confirmation<'a>(session: &Session, binding: &'a str) -> Confirmation<'a> {
    Confirmation {
        account: session.account.id,
        purpose: challenges::Purpose::Approve,
        binding,
        methods: BTreeSet::from([Method::Passkey, Method::SecurityKey]),
        verification: UserVerification::Preferred,
    }
}

/// What a try to approve came to.
enum Tried {
    Decided(Decision),
    Refused(KeyError),
}

fn decide(app: &App, visitor: &Visitor, session: &Session, params: &Params) -> Result<Response, Fault> {
    let t = visitor.t;
    let found = app.realm.store.read(|tx| named(tx, session, params))?;
    let Some(found) = found else {
        return blank(app, t, session, Some(t.say("approve-unknown")));
    };
    let decider = Decider {
        account: session.account.id,
        source: &visitor.source,
        request: visitor.request,
    };
    let deny = |how| {
        let now = app.realm.clock.now();
        app.realm
            .store
            .write(|tx| approvals::deny(tx, found.id, &decider, how, now))
    };
    match params.value("action") {
        Some("deny") => drop(deny(Denying::Deny)?),
        Some("report") => drop(deny(Denying::Report)?),
        Some("approve") if found.is_open(app.realm.clock.now()) => {
            if let Some(problem) = approve(app, t, session, &found, &decider, params)? {
                return one(app, t, session, &found, Some(problem));
            }
        }
        _ => {}
    }
    // What holds now, whoever decided it: the address can be reloaded.
    respond::see_other(&format!("/approve?approval={}", found.id))
}

/// Tries to approve; a sentence where the person may try again.
fn approve(
    app: &AppState,
    t: Texts,
    session: &Session,
    found: &Approval,
    decider: &Decider<'_>,
    params: &Params,
) -> Result<Option<String>, Fault> {
    let number = params.value("number").unwrap_or_default().trim();
    if number.len() != 2 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        // A slip of the hand, not a guess: nothing of the kind is ever shown.
        return Ok(Some(t.say("approve-no-number")));
    }
    let Some(passkeys) = &app.passkeys else {
        return Ok(Some(t.say("approve-no-passkeys")));
    };
    let Some(credential) = params.value("credential").filter(|posted| !posted.is_empty()) else {
        return Ok(Some(t.say("approve-no-answer")));
    };
    let ceremony = params.value("ceremony").unwrap_or_default();
    let binding = binding(session, found.id);
    let what = confirmation(session, &binding);
    let now = app.realm.clock.now();
    let tried =
        app.realm.store.write(
            |tx| match confirm::verify(passkeys, tx, &what, (ceremony, credential), now)? {
                KeyChecked::Accepted(evidence, key) => {
                    let last = LastUse {
                        at: now,
                        door: Door::Web,
                        service: Some(found.service.clone()),
                        source: decider.source.to_string(),
                    };
                    devices::rows::touch_last_used(tx, key.device, &last)?;
                    let decision = approvals::approve(tx, found.id, decider, number, &evidence, now)?;
                    Ok::<_, FlowError>(Tried::Decided(decision))
                }
                KeyChecked::Refused(error, key) => {
                    let mut event = refused(session, found, decider, error);
                    if let Some(key) = key {
                        event = event.method(key.kind.method()).detail("device", key.device);
                    }
                    audit::append(tx, &event, now)?;
                    Ok(Tried::Refused(error))
                }
            },
        )?;
    Ok(match tried {
        Tried::Decided(Decision::Taken | Decision::WrongNumber | Decision::Gone) => None,
        Tried::Refused(error) => Some(error.sentence(t)),
    })
}

fn refused(session: &Session, found: &Approval, decider: &Decider<'_>, error: KeyError) -> Event {
    let login = session.account.name.to_string();
    Event::new(EventKind::KeyRefused, Actor::Account(login.clone()))
        .result(error.reason())
        .about(login)
        .request(found.request)
        .at(Door::Web, &found.service)
        .from(decider.source)
        .detail("approval", found.id)
        .detail("page", decider.request)
}
