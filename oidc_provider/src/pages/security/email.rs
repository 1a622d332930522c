//! The security e-mail: an address, a code sent to it, the code (R58, R59); and the address that an administrator set,
//! confirmed by the link in its letter (W14). Where the code went, the store knows, so each step is a page that can be
//! loaded again.

use super::caller::{Caller, Here, Looking, Sent};
use super::list::refused;
use super::permission::{Change, Permission};
use super::troubles;
use super::view::ProblemView;
use crate::app::{App, blocking};
use crate::http::headers::Scripts;
use crate::http::{Failure, Fault, Params, Visitor};
use crate::oidc::authorize::respond;
use crate::pages::flow::{MailLink, Then};
use crate::pages::frame::whom_to_ask;
use crate::pages::problem::Problem;
use crate::pages::{Frame, page, portal};
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use samekey_shared::devices::email;
use samekey_shared::devices::{DeviceError, DeviceKind};
use samekey_shared::flows::bind::BindError;
use samekey_shared::flows::bind_email::{BindEmailError, Binding};
use samekey_shared::flows::{FlowError, SentCode};
use samekey_shared::policy::EmailUse;

/// What the page asks.
enum Step {
    /// An address.
    Address { typed: String },
    /// The code that was sent, and where to.
    Code { sent: String },
    /// Nothing: one is bound.
    Bound { address: String },
    /// Nothing: it is switched off.
    Off { text: String },
}

#[derive(Template)]
#[template(path = "bind_email.html")]
struct EmailView<'a> {
    frame: Frame<'a>,
    csrf: &'a str,
    notice: Option<String>,
    problem: Option<ProblemView>,
    step: Step,
}

#[derive(Template)]
#[template(path = "confirm_email.html")]
struct ConfirmView<'a> {
    frame: Frame<'a>,
    csrf: &'a str,
    link: &'a str,
    text: String,
}

/// `GET /security/email`
pub async fn show(State(app): State<App>, Looking(caller): Looking) -> Result<Response, Fault> {
    let here = caller.here(&app);
    if let Some(stopped) = held_up(here)? {
        return Ok(stopped);
    }
    let t = here.t();
    let notice = match caller.params.value("done") {
        Some("bound") => Some(t.say("mail-security-bound")),
        Some("sent") => Some(t.say("mail-code-sent")),
        _ => None,
    };
    rendered(here, notice, None, "")
}

/// `POST /security/email`
pub async fn submit(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| taken(app, &caller)).await
}

fn taken(app: &App, caller: &Caller) -> Result<Response, Fault> {
    let here = caller.here(app);
    if let Some(stopped) = held_up(here)? {
        return Ok(stopped);
    }
    let (authority, session) = (caller.authority(), caller.session.id.to_string());
    let binding = Binding {
        authority: &authority,
        account: caller.session.account.id,
        session: &session,
        source: &caller.visitor.source,
    };
    let realm = &app.realm;
    let typed = caller.field("address");
    let done = match caller.field("action") {
        "send" => binding.send(realm, typed).map(|_| "/security/email?done=sent"),
        "again" => again(here, &binding).map(|()| "/security/email?done=sent"),
        "finish" => binding
            .finish(realm, caller.field("code"))
            .map(|_| "/security/email?done=bound"),
        "another" => binding.leave(realm).map(|()| "/security/email").map_err(Into::into),
        _ => return Err(Problem::BadForm.into()),
    };
    match done {
        Ok(next) => respond::see_other(next),
        Err(error) => not_done(here, error, typed),
    }
}

/// Another code to the address that the one before went to.
fn again(here: Here<'_>, binding: &Binding<'_>) -> Result<(), BindEmailError> {
    match binding.address(&here.app.realm)? {
        Some(address) => binding.send(&here.app.realm, address.as_str()).map(drop),
        None => Err(BindEmailError::CodeOver),
    }
}

/// The page again, with why nothing was bound.
fn not_done(here: Here<'_>, error: BindEmailError, typed: &str) -> Result<Response, Fault> {
    match told(here, &error) {
        Some(problem) => {
            let mut response = rendered(here, None, Some(problem), typed)?;
            *response.status_mut() = StatusCode::CONFLICT;
            Ok(response)
        }
        None => Err(failed(error)),
    }
}

fn failed(error: BindEmailError) -> Fault {
    match error {
        BindEmailError::Bind(BindError::Flow(error)) => error.into(),
        error => Failure::Rendering(error.to_string()).into(),
    }
}

/// Why, in words; `None` where we failed ourselves.
fn told(here: Here<'_>, error: &BindEmailError) -> Option<ProblemView> {
    let t = here.t();
    let contact = || whom_to_ask(t, here.app.contact().as_deref());
    let sentence = match error {
        BindEmailError::Address(_) => t.say("mail-security-address-invalid"),
        BindEmailError::Off => t.with("mail-security-off", "contact", contact()),
        BindEmailError::NotYet { .. } => t.say("mail-code-not-yet"),
        BindEmailError::CodeWrong => t.say("mail-security-wrong"),
        BindEmailError::CodeUsed => t.say("mail-security-used"),
        BindEmailError::CodeOver => t.say("mail-code-expired"),
        BindEmailError::LinkOver => t.with("mail-security-link-over", "contact", contact()),
        BindEmailError::Bind(BindError::Device(DeviceError::AddressLimit { most })) => {
            t.with("mail-security-limit", "limit", most)
        }
        BindEmailError::Bind(BindError::Device(DeviceError::LimitReached {
            kind: DeviceKind::Email,
            ..
        })) => t.say("mail-security-full"),
        BindEmailError::Bind(error) => return troubles::of_binding(t, error),
    };
    Some(ProblemView::new(error.code(), sentence))
}

/// What stands before a change: a fresh proof, self-service.
fn held_up(here: Here<'_>) -> Result<Option<Response>, Fault> {
    match here.permitted(Change::Bind)? {
        (Permission::Granted, _) => Ok(None),
        (permission, _) => refused(here, permission).map(Some),
    }
}

fn rendered(
    here: Here<'_>,
    notice: Option<String>,
    problem: Option<ProblemView>,
    typed: &str,
) -> Result<Response, Fault> {
    let view = EmailView {
        frame: here.frame(),
        csrf: &here.token(),
        notice,
        problem,
        step: step(here, typed)?,
    };
    page(&view, &[], Scripts::None)
}

fn step(here: Here<'_>, typed: &str) -> Result<Step, Fault> {
    let (realm, t) = (&here.app.realm, here.t());
    let account = here.session.account.id;
    let (bound, usage) = realm.store.read(|tx| {
        let usage = realm.policy(tx)?.settings().email;
        Ok::<_, FlowError>((email::of_account(tx, account)?, usage))
    })?;
    if let Some(bound) = bound {
        let address = bound.address.to_string();
        return Ok(Step::Bound { address });
    }
    if !realm.mail || usage == EmailUse::Off {
        let contact = whom_to_ask(t, here.app.contact().as_deref());
        let text = t.with("mail-security-off", "contact", contact);
        return Ok(Step::Off { text });
    }
    let session = here.session.id.to_string();
    Ok(match Binding::sent_in(realm, account, &session)? {
        Some(sent) => Step::Code {
            sent: sent_to(here, &sent),
        },
        None => Step::Address {
            typed: typed.chars().take(254).collect(),
        },
    })
}

/// M14.
fn sent_to(here: Here<'_>, sent: &SentCode) -> String {
    let minutes = sent.minutes_left(here.app.realm.clock.now());
    here.t().fill(
        "mail-code-sent-to",
        [("to", sent.to.clone()), ("minutes", minutes.to_string())],
    )
}

/// `GET /security/email/confirm?link=…`: asks; a program that follows links confirms nothing.
pub async fn ask_confirmation(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let link = params.value("link").and_then(MailLink::read);
    let Some(caller) = Caller::looking(&app, visitor, &uri, &headers)? else {
        let then = link.map_or(Then::Security, Then::ConfirmEmail);
        return portal::begin_for(&app, &headers, then, "");
    };
    let here = caller.here(&app);
    let link = link.map(MailLink::into_text).unwrap_or_default();
    let (account, now) = (caller.session.account.id, app.realm.clock.now());
    let proposed = app.realm.store.read(|tx| email::proposed(tx, account, &link, now))?;
    let Some(proposed) = proposed else {
        return not_done(here, BindEmailError::LinkOver, "");
    };
    let values = [("by", proposed.by), ("to", proposed.address.to_string())];
    let view = ConfirmView {
        frame: here.frame(),
        csrf: &here.token(),
        link: &link,
        text: here.t().fill("mail-security-confirm-text", values),
    };
    page(&view, &[], Scripts::None)
}

/// `POST /security/email/confirm`: the link proves the mailbox, the session the person.
pub async fn confirm(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| {
        let (authority, session) = (caller.authority(), caller.session.id.to_string());
        let binding = Binding {
            authority: &authority,
            account: caller.session.account.id,
            session: &session,
            source: &caller.visitor.source,
        };
        match binding.confirm(&app.realm, caller.field("link")) {
            Ok(_) => respond::see_other("/security?done=email-bound"),
            Err(error) => not_done(caller.here(app), error, ""),
        }
    })
    .await
}
