//! The page itself: what is bound, who is signed in, and what can be done about it.

use super::caller::{Caller, Here, Looking, Sent};
use super::device::{Possessions, Rights, line};
use super::permission::{Change, Permission, Refusal};
use super::view::{DeviceView, KeyForm, ProblemView, SecurityView};
use super::{hybrid, remembered, sessions, troubles, warnings};
use crate::app::{App, blocking};
use crate::http::Fault;
use crate::http::headers::Scripts;
use crate::pages::frame::whom_to_ask;
use crate::pages::{page, turn};
use crate::passkeys::signal;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::devices::{Device, DeviceKind};
use samekey_shared::methods::Method;
use samekey_shared::policy::Settings;
use samekey_shared::texts::Texts;

/// What the page has to tell besides what is there.
#[derive(Debug, Default)]
pub(super) struct Told<'a> {
    /// What was done just now.
    pub notice: Option<String>,
    /// What went wrong before.
    pub problem: Option<ProblemView>,
    /// The form that went wrong, and the name that was typed into it.
    pub typed: Option<(&'a str, &'a str)>,
    /// A passkey of another device signed in here (R47).
    pub is_offered: bool,
}

/// `GET /security`
pub async fn show(State(app): State<App>, Looking(caller): Looking) -> Result<Response, Fault> {
    let t = caller.visitor.t;
    let told = Told {
        notice: notice(t, caller.field("done")),
        is_offered: hybrid::is_offered(&caller.headers),
        ..Told::default()
    };
    rendered(caller.here(&app), told)
}

fn notice(t: Texts, done: &str) -> Option<String> {
    Some(match done {
        "unbound" => t.say("security-device-unbound"),
        "renamed" => t.say("security-renamed"),
        "confirmed" => t.say("security-confirmed"),
        "session-ended" => t.say("security-session-ended"),
        "others-ended" => t.say("security-sessions-ended"),
        "forgotten" => t.say("security-forgotten"),
        "email-bound" => t.say("mail-security-bound"),
        "emergency" => t.say("mail-emergency-done"),
        _ => return None,
    })
}

/// `POST /security/confirm`: the shared machine asks for what is not fresh.
pub async fn confirm(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| {
        let Caller {
            visitor,
            session,
            headers,
            ..
        } = caller;
        turn::answer(app, &headers, turn::confirm(app, visitor, session)?)
    })
    .await
}

/// The page, with what was done or what went wrong.
pub(super) fn rendered(here: Here<'_>, told: Told<'_>) -> Result<Response, Fault> {
    let (app, t, account) = (here.app, here.t(), &here.session.account);
    let (bind, settings) = here.permitted(Change::Bind)?;
    let (unbind, _) = here.permitted(Change::Unbind)?;
    let (sign_out, _) = here.permitted(Change::SignOut)?;
    let has = Possessions::of(here)?;
    let rights = Rights { bind, unbind };
    let section = |wanted: fn(&Device) -> bool| -> Vec<DeviceView> {
        let devices = has.bound.devices.iter().filter(|one| wanted(one));
        devices.map(|device| line(here, device, &has, rights)).collect()
    };
    let may_bind = bind == Permission::Granted;
    let no_more = no_more(here, &has, &settings);
    let form = |kind, method: &[Method]| {
        let accepted = method.iter().any(|method| has.ordinary.accepts(*method));
        let offered = may_bind && no_more.is_none() && accepted;
        offered.then(|| key_form(t, &has, kind, told.typed))
    };
    let csrf = here.token();
    let apps = has.count(DeviceKind::Totp);
    let view = SecurityView {
        frame: here.frame().roomy(),
        person: account.display_name.as_deref().unwrap_or(account.name.as_str()),
        csrf: &csrf,
        warnings: warnings::of(here, &has),
        permission: bind,
        read_only: match bind {
            Permission::Refused(refusal) => read_only(t, refusal, settings.contact.as_deref()),
            Permission::Granted | Permission::Confirm => String::new(),
        },
        create_passkey: form("passkey", &[Method::Passkey]),
        add_key: form("security-key", &[Method::SecurityKey, Method::Passkey]),
        is_offered: told.is_offered && may_bind && no_more.is_none(),
        notice: told.notice,
        problem: told.problem,
        passkeys: section(|one| one.kind == DeviceKind::Passkey),
        apps: section(|one| one.kind == DeviceKind::Totp),
        keys: section(|one| one.kind == DeviceKind::SecurityKey),
        codes: section(|one| one.kind == DeviceKind::RecoveryCodes),
        count: t.fill(
            "security-keys-count",
            [
                ("count", has.keys.len().to_string()),
                ("most", settings.fido_per_user.to_string()),
            ],
        ),
        no_more: no_more.clone().filter(|_| may_bind),
        can_bind_app: may_bind && apps < settings.totp_per_user as usize && has.ordinary.accepts(Method::Totp),
        can_renew_codes: may_bind && !has.lasting().is_empty() && has.ordinary.accepts(Method::RecoveryCode),
        email: section(|one| one.kind == DeviceKind::Email),
        ssh: section(|one| one.kind == DeviceKind::SshKey),
        sessions: sessions::lines(here)?,
        remembered: remembered::lines(here)?,
        can_sign_out: sign_out == Permission::Granted,
        signal: app
            .passkeys
            .as_ref()
            .map(|passkeys| signal::all(passkeys.party(), account, &has.keys)),
    };
    page(&view, &[], Scripts::Fetching)
}

fn key_form(t: Texts, has: &Possessions, kind: &'static str, typed: Option<(&str, &str)>) -> KeyForm {
    let typed = typed.filter(|(form, _)| *form == kind).map(|(_, name)| name.to_owned());
    let (base, button) = match kind {
        "passkey" => ("Passkey", t.say("security-create-passkey")),
        _ => ("Security-Key", t.say("security-add-security-key")),
    };
    KeyForm {
        kind,
        is_wrong: typed.is_some(),
        name: typed.unwrap_or_else(|| has.suggestion(base)),
        button,
    }
}

/// Why nothing more can be bound, whoever asks.
fn no_more(here: Here<'_>, has: &Possessions, settings: &Settings) -> Option<String> {
    if here.app.passkeys.is_none() {
        return Some(here.t().say("security-no-passkeys-at-all"));
    }
    let full = has.keys.len() >= settings.fido_per_user as usize;
    full.then(|| here.t().with("security-most-keys", "most", settings.fido_per_user))
}

/// Why the page is for reading only, and whom to ask (R25, R105).
fn read_only(t: Texts, refusal: Refusal, contact: Option<&str>) -> String {
    let contact = whom_to_ask(t, contact);
    match refusal {
        Refusal::SelfServiceOff => t.with("security-self-service-off", "contact", contact),
        Refusal::TicketRequired => t.with("security-ticket-required", "contact", contact),
        Refusal::Held => t.with("security-changes-held", "contact", contact),
    }
}

/// The page again, with why nothing was changed.
pub(super) fn with_problem(here: Here<'_>, status: StatusCode, problem: ProblemView) -> Result<Response, Fault> {
    let told = Told {
        problem: Some(problem),
        ..Told::default()
    };
    let mut response = rendered(here, told)?;
    *response.status_mut() = status;
    Ok(response)
}

/// The page again: what is asked for may not be done, or not yet.
pub(super) fn refused(here: Here<'_>, permission: Permission) -> Result<Response, Fault> {
    let t = here.t();
    let problem = match permission {
        Permission::Refused(refusal) => {
            let contact = here.app.contact();
            ProblemView::new(refusal.code(), read_only(t, refusal, contact.as_deref()))
        }
        Permission::Granted | Permission::Confirm => {
            ProblemView::new("confirmation_required", t.say("security-confirm-first"))
        }
    };
    with_problem(here, StatusCode::FORBIDDEN, problem)
}

/// The page again: what is not one's own and what is gone are told alike.
pub(super) fn not_found(here: Here<'_>) -> Result<Response, Fault> {
    with_problem(here, StatusCode::NOT_FOUND, troubles::not_found(here.t()))
}
