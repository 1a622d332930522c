//! Binding an authenticator app on the page, and putting a new one in the place of an old one (R53 to R57, Q7).
//!
//! The new key lies sealed in the form until one of its codes is right: the store sees nothing before.

use super::caller::{Caller, Here, Looking, Sent};
use super::device::Possessions;
use super::list::{not_found, refused, with_problem};
use super::permission::{Change, Permission};
use super::troubles;
use super::view::{BoundView, ProblemView, TotpFullView, TotpView};
use crate::app::{App, blocking};
use crate::http::headers::Scripts;
use crate::http::{Failure, Fault};
use crate::pages::page;
use crate::{grants, sessions};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::HEXLOWER;
use samekey_shared::devices::totp::Pending;
use samekey_shared::devices::{DeviceError, DeviceKind};
use samekey_shared::flows::BindTrouble;
use samekey_shared::flows::bind::{Answered, Bind, BindError};
use samekey_shared::ids::{DeviceId, RequestId};
use samekey_shared::methods::Method;
use samekey_shared::policy::Settings;
use samekey_shared::qr;
use samekey_shared::secrets::{SecretText, opaque};
use samekey_shared::store::StoreError;

/// Seconds for which a bound key is remembered: longer than a form of it counts.
const SPENT: i64 = 3600;

/// What a new app is called, unless its person says otherwise.
const SUGGESTED: &str = "Authenticator";

/// What went wrong before, and with which field.
enum Wrong {
    Nothing,
    Name(ProblemView),
    Code(ProblemView),
}

/// `GET /security/totp`, `GET /security/totp?replace=…`
pub async fn ask(State(app): State<App>, Looking(caller): Looking) -> Result<Response, Fault> {
    let here = caller.here(&app);
    let replaces = match caller.params.value("replace").map(str::parse) {
        None => None,
        Some(Ok(old)) => Some(old),
        Some(Err(_)) => return not_found(here),
    };
    if let Err(stopped) = settled(here, replaces)? {
        return Ok(stopped);
    }
    begun(here, replaces, Wrong::Nothing)
}

/// `POST /security/totp`
pub async fn bind(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| taken(app, &caller)).await
}

/// Self-service, freshness, and whether the policy accepts apps; otherwise the page that says why not. Who replaces takes
/// something away too.
fn settled(here: Here<'_>, replaces: Option<DeviceId>) -> Result<Result<Settings, Response>, Fault> {
    let (permission, settings) = here.permitted(Change::Bind)?;
    if permission != Permission::Granted {
        return refused(here, permission).map(Err);
    }
    if replaces.is_some() {
        let (permission, _) = here.permitted(Change::Unbind)?;
        if permission != Permission::Granted {
            return refused(here, permission).map(Err);
        }
    }
    if !Possessions::of(here)?.ordinary.accepts(Method::Totp) {
        let problem = troubles::not_accepted(here.t(), settings.contact.as_deref());
        return with_problem(here, StatusCode::CONFLICT, problem).map(Err);
    }
    Ok(Ok(settings))
}

/// A form with a new key.
fn begun(here: Here<'_>, replaces: Option<DeviceId>, wrong: Wrong) -> Result<Response, Fault> {
    let realm = &here.app.realm;
    let account = here.session.account.id;
    let name = Possessions::of(here)?.suggestion(SUGGESTED);
    let parsed = name
        .parse()
        .map_err(|_| Failure::Rendering("a suggested name is no name".into()))?;
    let pending = Pending::new(realm.entropy.as_ref(), parsed)?;
    let begun = match replaces {
        None => Bind::start(realm, account, pending),
        Some(old) => Bind::replacing(realm, account, pending, old),
    };
    match begun {
        Ok((bind, _)) => form(here, &bind, &name, wrong),
        Err(error) => stopped(here, error),
    }
}

/// Why a binding cannot even begin.
fn stopped(here: Here<'_>, error: BindError) -> Result<Response, Fault> {
    match (troubles::of_binding(here.t(), &error), error) {
        (Some(problem), BindError::Device(DeviceError::LimitReached { .. })) => full(here, problem),
        (Some(_), BindError::Device(DeviceError::NotFound)) => not_found(here),
        (Some(problem), _) => with_problem(here, StatusCode::CONFLICT, problem),
        (None, BindError::Flow(error)) => Err(error.into()),
        (None, error) => Err(Failure::Rendering(error.to_string()).into()),
    }
}

/// M07, and the button that does both safely.
fn full(here: Here<'_>, problem: ProblemView) -> Result<Response, Fault> {
    let has = Possessions::of(here)?;
    let apps = has.bound.devices.iter().filter(|one| one.kind == DeviceKind::Totp);
    let view = TotpFullView {
        frame: here.frame(),
        problem,
        apps: apps.map(|one| (one.id.to_string(), one.name.to_string())).collect(),
    };
    let mut response = page(&view, &[], Scripts::None)?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

/// Under this name a binding is sealed: nobody else's session opens it, nor another session of the same person.
fn seal_name(here: Here<'_>) -> String {
    format!("security totp {}", here.session.id)
}

fn opened(here: Here<'_>, sealed: &str) -> Option<Bind> {
    let text: String = here.app.flows.open(&seal_name(here), sealed)?;
    let bind = Bind::from_sealable(&here.app.realm, &SecretText::from(text))?;
    (bind.account() == here.session.account.id).then_some(bind)
}

/// What stands for this key alone, so that it is bound once.
fn once(app: &App, bind: &Bind) -> Result<RequestId, Fault> {
    let key = opaque::hash(bind.shown(&app.realm).key.expose());
    let id = HEXLOWER.encode(key.get(..16).unwrap_or_default());
    let id = id.parse().map_err(|_| Failure::Rendering("a hash is no id".into()))?;
    Ok(id)
}

fn form(here: Here<'_>, bind: &Bind, name: &str, wrong: Wrong) -> Result<Response, Fault> {
    let entropy = here.app.realm.entropy.as_ref();
    let sealed = here
        .app
        .flows
        .seal(entropy, &seal_name(here), bind.to_sealable().expose())
        .map_err(|why| Failure::Rendering(why.to_string()))?;
    let shown = bind.shown(&here.app.realm);
    let has = Possessions::of(here)?;
    let old = bind.replaces().and_then(|old| has.device(&old.to_string()).cloned());
    let is_name_wrong = matches!(wrong, Wrong::Name(_));
    let problem = match wrong {
        Wrong::Nothing => None,
        Wrong::Name(problem) | Wrong::Code(problem) => Some(problem),
    };
    let status = if problem.is_some() {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    let view = TotpView {
        frame: here.frame(),
        csrf: &here.token(),
        binding: &sealed,
        qr: qr::outline(shown.uri.expose()),
        account: here.session.account.name.as_str(),
        key: &shown.key,
        name,
        replaces: old.as_ref().map(|old| old.name.as_str()),
        problem,
        is_name_wrong,
    };
    let mut response = page(&view, &[], Scripts::Own)?;
    *response.status_mut() = status;
    Ok(response)
}

fn taken(app: &App, caller: &Caller) -> Result<Response, Fault> {
    let here = caller.here(app);
    let t = here.t();
    let over = |replaces| {
        let problem = ProblemView::new("code_expired", t.say("security-app-over"));
        begun(here, replaces, Wrong::Code(problem))
    };
    let sealed = caller.field("binding");
    let found = opened(here, sealed);
    let replaces = found.as_ref().and_then(Bind::replaces);
    let settings = match settled(here, replaces)? {
        Ok(settings) => settings,
        Err(stopped) => return Ok(stopped),
    };
    let Some(bind) = found else { return over(None) };
    let typed = caller.field("name");
    let name = match here.named(typed, &settings) {
        Ok(name) => name,
        Err(problem) => return form(here, &bind, typed, Wrong::Name(problem)),
    };
    let (account, session) = (here.session.account.id, here.session.id);
    let (once, until) = (once(app, &bind)?, app.realm.clock.now() + SPENT);
    let mut is_repeated = false;
    let done = bind
        .named(name)
        .answer_and(&app.realm, &caller.authority(), caller.field("code"), &mut |tx| {
            // A form can be sent twice: where several apps may be bound, one key must not become two of them.
            is_repeated = !grants::spend_flow(tx, once, until)?;
            if is_repeated {
                return Err(StoreError::Inconsistent("a key is bound already".into()));
            }
            match replaces {
                Some(old) => sessions::end_born_of(tx, account, old, Some(session)).map(drop),
                None => Ok(()),
            }
        });
    if is_repeated {
        return over(None);
    }
    match done {
        Ok(Answered::Bound { device, recovery }) => {
            let codes = recovery.map(|drawn| drawn.shown()).unwrap_or_default();
            let view = BoundView {
                frame: here.frame(),
                title: t.say("security-device-added"),
                name: Some(device.name.as_str()),
                text: t.say("security-app-bound"),
                codes: &codes,
            };
            page(&view, &[], Scripts::Own)
        }
        Ok(Answered::Again { bind, .. }) => {
            let problem = if bind.clock_is_off() {
                ProblemView::new(BindTrouble::ClockOff.code(), t.say(BindTrouble::ClockOff.text_key()))
            } else {
                ProblemView::new("code_wrong", t.say("security-code-wrong"))
            };
            form(here, &bind, typed, Wrong::Code(problem))
        }
        Ok(Answered::Ended) => over(replaces),
        Err(BindError::Device(error @ DeviceError::NameTaken(_))) => {
            let problem = troubles::of_binding(t, &BindError::Device(error));
            match (problem, opened(here, sealed)) {
                (Some(problem), Some(bind)) => form(here, &bind, typed, Wrong::Name(problem)),
                _ => over(replaces),
            }
        }
        Err(error) => stopped(here, error),
    }
}
