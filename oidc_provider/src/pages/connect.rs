//! `/device` (RFC 8628 section 3.3): the person types the code that a device shows, sees what asks and from where, and signs
//! it in with all that the policy asks for that application, or refuses.
//!
//! Whoever is not signed in signs in first and comes back. A code in the address only fills the field: it is looked up when the
//! person sends it, so that every guess counts (RFC 8628 sections 3.3.1 and 5.1).

use super::consent;
use super::flow::{Connecting, Then};
use super::problem::Problem;
use super::turn;
use super::{Frame, message, page, portal};
use crate::app::{App, AppState, blocking};
use crate::clients::{self, Client};
use crate::http::body::form;
use crate::http::headers::Scripts;
use crate::http::{Fault, Params, Visitor, csrf, language};
use crate::oidc::authorize::respond;
use crate::oidc::device::{self, PAGE, UserCode, Waiting};
use crate::sessions::{self, Session};
use askama::Template;
use axum::Extension;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use samekey_shared::attempts::{self, Gate};
use samekey_shared::audit::{self, Actor, Event, EventKind, utc};
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::FlowError;
use samekey_shared::ids::RequestId;
use samekey_shared::source::{Door, Source};
use samekey_shared::store::StoreError;
use samekey_shared::texts::Texts;

/// Name of the form, for its token.
const FORM: &str = "connect";
/// Longest text that the field shows again.
const LONGEST: usize = 32;

/// One thing to know about a device.
struct Fact {
    label: String,
    value: String,
}

/// The form for a code, or one device with what can be done about it.
#[derive(Template)]
#[template(path = "connect.html")]
struct ConnectView<'a> {
    frame: Frame<'a>,
    problem: Option<String>,
    csrf: &'a str,
    typed: &'a str,
    waiting: Option<&'a str>,
    elsewhere: bool,
    facts: Vec<Fact>,
    lines: Vec<String>,
}

/// `GET /device`, `GET /device?user_code=…` (`verification_uri_complete`), `GET /device?waiting=…` (after a right code),
/// `GET /device?done=…` (after a decision)
pub async fn show(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let t = language::of(&headers, None);
    let typed: String = params
        .value("user_code")
        .unwrap_or_default()
        .chars()
        .take(LONGEST)
        .collect();
    let Some(session) = app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))? else {
        let code = typed.parse::<UserCode>().ok();
        return portal::begin_for(&app, &headers, Then::Connect(code.map(|code| code.compact())), "");
    };
    if let Some(done) = params.value("done") {
        return ended(&app, t, &session, done);
    }
    match waiting(&app, &params)? {
        Some((waiting, client)) => one(&app, &visitor, &session, &waiting, &client),
        None if params.value("waiting").is_some() => ended(&app, t, &session, "gone"),
        None => blank(&app, t, &session, &typed, None),
    }
}

/// The device that the address or the form names, while somebody may still decide, and whose program it is.
fn waiting(app: &AppState, params: &Params) -> Result<Option<(Waiting, Client)>, Fault> {
    let Some(id) = params.value("waiting").and_then(|id| id.parse::<RequestId>().ok()) else {
        return Ok(None);
    };
    let now = app.realm.clock.now();
    Ok(app.realm.store.read(|tx| {
        let Some(waiting) = device::by_id(tx, id)?.filter(|waiting| waiting.is_open(now)) else {
            return Ok::<_, StoreError>(None);
        };
        let client = clients::by_id(tx, waiting.client.as_str())?;
        Ok(client.map(|client| (waiting, client)))
    })?)
}

/// The form for a code.
fn blank(app: &AppState, t: Texts, session: &Session, typed: &str, problem: Option<String>) -> Result<Response, Fault> {
    let view = ConnectView {
        frame: Frame::new(app, t).signed_in(session),
        problem,
        csrf: &token(app, session),
        typed,
        waiting: None,
        elsewhere: false,
        facts: Vec::new(),
        lines: Vec::new(),
    };
    page(&view, &[], Scripts::None)
}

/// The question about one device.
fn one(
    app: &AppState,
    visitor: &Visitor,
    session: &Session,
    waiting: &Waiting,
    client: &Client,
) -> Result<Response, Fault> {
    let t = visitor.t;
    let id = waiting.id.to_string();
    let view = ConnectView {
        frame: Frame::new(app, t).signed_in(session),
        problem: None,
        csrf: &token(app, session),
        typed: "",
        waiting: Some(&id),
        elsewhere: is_elsewhere(&visitor.source, &waiting.source),
        facts: facts(t, session, waiting, client, app.realm.clock.now()),
        lines: waiting.scopes.iter().map(|scope| consent::line(t, scope)).collect(),
    };
    page(&view, &[], Scripts::None)
}

fn facts(t: Texts, session: &Session, waiting: &Waiting, client: &Client, now: UnixTime) -> Vec<Fact> {
    let left = (waiting.expires_at - now).max(0);
    let asked_at = [("moment", utc::text(waiting.created_at)), ("left", left.to_string())];
    let lines = [
        (t.say("connect-application"), client.name.clone()),
        (t.say("connect-source"), waiting.source.clone()),
        (t.say("connect-agent"), waiting.agent.clone()),
        (t.say("connect-account"), session.account.name.to_string()),
        (t.say("connect-asked-at"), t.fill("connect-asked-at-value", asked_at)),
    ];
    let told = lines.into_iter().filter(|(_, value)| !value.is_empty());
    told.map(|(label, value)| Fact { label, value }).collect()
}

/// Whether a device asked from another network than the person's: usual for a server, and for whoever sends codes to others.
fn is_elsewhere(here: &Source, there: &str) -> bool {
    let there = Source::parse_address(there).ok().and_then(|source| source.network());
    match (here.network(), there) {
        (Some(here), Some(there)) => here.to_string() != there.to_string(),
        _ => true,
    }
}

/// What became of it.
fn ended(app: &AppState, t: Texts, session: &Session, done: &str) -> Result<Response, Fault> {
    let (title, text) = match done {
        "approved" => (t.say("connect-approved"), t.say("connect-approved-text")),
        "denied" => (t.say("connect-denied"), t.say("connect-denied-text")),
        _ => (t.say("connect-gone"), t.say("connect-gone-text")),
    };
    let mut view = message(Frame::new(app, t).signed_in(session), title, text);
    view.link = Some((PAGE.to_owned(), t.say("connect-another")));
    page(&view, &[], Scripts::None)
}

fn token(app: &AppState, session: &Session) -> String {
    app.csrf.of(FORM, &session.id.to_string())
}

/// `POST /device`
pub async fn submit(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let params = form(request).await?;
    let session = app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))?;
    let session = session.ok_or(Problem::FormFromElsewhere)?;
    let shown = params.value(csrf::FIELD);
    let issuer = app.config.issuer.as_str();
    app.csrf.check(FORM, &session.id.to_string(), shown, &headers, issuer)?;
    blocking(&app, move |app| match params.value("action") {
        Some("find") => find(app, &visitor, &session, &params),
        Some("allow") => allow(app, visitor, session, &headers, &params),
        Some("deny") => deny(app, &visitor, &session, &params),
        _ => respond::see_other(PAGE),
    })
    .await
}

/// What a typed code came to.
enum Found {
    Device(RequestId),
    Nothing,
    Locked(UnixTime),
}

fn find(app: &AppState, visitor: &Visitor, session: &Session, params: &Params) -> Result<Response, Fault> {
    let t = visitor.t;
    let typed: String = params
        .value("user_code")
        .unwrap_or_default()
        .chars()
        .take(LONGEST)
        .collect();
    let Ok(code) = typed.parse::<UserCode>() else {
        // A slip of the hand, not a guess: nothing of the kind is ever shown.
        return blank(app, t, session, &typed, Some(t.say("connect-no-code")));
    };
    let (now, login) = (app.realm.clock.now(), &session.account.name);
    let refused = event(EventKind::DeviceCodeRefused, visitor, session).result("code_wrong");
    let found = app.realm.store.write(|tx| {
        let lockout = app.realm.policy(tx)?.settings().lockout;
        if let Gate::Locked { until } = attempts::gate(tx, &lockout, login, &visitor.source, now)? {
            return Ok::<_, FlowError>(Found::Locked(until));
        }
        if let Some(waiting) = device::by_user_code(tx, &code.hash(), now)? {
            return Ok(Found::Device(waiting.id));
        }
        let gate = attempts::failed(tx, &lockout, login, &visitor.source, now)?;
        audit::append(tx, &refused, now)?;
        Ok(match gate {
            Gate::Locked { until } => Found::Locked(until),
            Gate::Open { .. } => Found::Nothing,
        })
    })?;
    match found {
        Found::Device(id) => respond::see_other(&format!("{PAGE}?waiting={id}")),
        Found::Nothing => blank(app, t, session, &typed, Some(t.say("connect-unknown"))),
        Found::Locked(until) => {
            let minutes = (until.saturating_sub(now)).max(0) / 60 + 1;
            let problem = t.fill("connect-too-many", [("minutes", minutes)]);
            blank(app, t, session, "", Some(problem))
        }
    }
}

/// The person says that it is theirs: what the policy and the application ask is asked now, by the shared machine, and the
/// device is signed in by what it grants.
fn allow(
    app: &App,
    visitor: Visitor,
    session: Session,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, Fault> {
    let Some((waiting, client)) = waiting(app, params)? else {
        return respond::see_other("/device?done=gone");
    };
    let connecting = Connecting {
        waiting: waiting.id,
        client: client.id.clone(),
        account: session.account.id,
    };
    let turn = turn::confirm_device(app, visitor, session, &client, connecting)?;
    turn::answer(app, headers, turn)
}

fn deny(app: &AppState, visitor: &Visitor, session: &Session, params: &Params) -> Result<Response, Fault> {
    let Some((waiting, _)) = waiting(app, params)? else {
        return respond::see_other("/device?done=gone");
    };
    let now = app.realm.clock.now();
    let denied = event(EventKind::DeviceSignInDenied, visitor, session).detail("client", &waiting.client);
    let done = app.realm.store.write(|tx| {
        let done = device::deny(tx, waiting.id, now)?;
        if done {
            audit::append(tx, &denied, now)?;
        }
        Ok::<_, StoreError>(done)
    })?;
    respond::see_other(if done {
        "/device?done=denied"
    } else {
        "/device?done=gone"
    })
}

fn event(kind: EventKind, visitor: &Visitor, session: &Session) -> Event {
    let login = session.account.name.as_str();
    Event::new(kind, Actor::Account(login.to_owned()))
        .about(login)
        .request(visitor.request)
        .at(Door::Web, "portal:sign-in")
        .from(&visitor.source)
}
