//! Binding passkeys and security keys: the options for the script, and the answer that it posts.

use super::caller::{Caller, Here, Looking, Sent};
use super::device::{Possessions, can_be_updated};
use super::list::{Told, not_found, refused, rendered};
use super::permission::{Change, Permission};
use super::view::{BoundView, KeyForm, ProblemView, UpdateView};
use super::{hybrid, troubles};
use crate::app::{App, blocking};
use crate::http::headers::Scripts;
use crate::http::json::json as answer;
use crate::http::{Failure, Fault};
use crate::pages::page;
use crate::pages::problem::Problem;
use crate::passkeys::{Ceremony, PATIENCE, Passkeys, Wish};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::audit::{self, EventKind};
use samekey_shared::challenges::{self, ChallengeError, NewChallenge, Purpose};
use samekey_shared::devices::DeviceKind;
use samekey_shared::devices::fido::{Credential, NewCredential};
use samekey_shared::devices::recovery::Drawn;
use samekey_shared::flows::bind::BindError;
use samekey_shared::flows::bind_key::{self, Finished, Starting};
use samekey_shared::ids::DeviceId;
use samekey_shared::methods::Method;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::policy::Settings;
use samekey_shared::store::StoreError;
use samekey_shared::texts::Texts;
use serde_json::json;

/// Why nothing is bound: something to tell, or a failure of ours.
enum NotBound {
    Told(Permission, ProblemView),
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for NotBound {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

fn told(problem: ProblemView) -> NotBound {
    NotBound::Told(Permission::Granted, problem)
}

/// `POST /security/keys/options`
pub async fn options(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| match begin(app, &caller) {
        Ok(begun) => Ok(answer(StatusCode::OK, &begun)),
        // The script posts the form, whose answer is the page that says why.
        Err(NotBound::Told(_, problem)) => {
            let body = json!({"error": problem.code, "sentence": problem.sentence});
            Ok(answer(StatusCode::CONFLICT, &body))
        }
        Err(NotBound::Fault(fault)) => Err(fault),
    })
    .await
}

fn begin(app: &App, caller: &Caller) -> Result<serde_json::Value, NotBound> {
    let (passkeys, settings) = may_bind(app, caller)?;
    let (wish, replaces) = wanted(caller)?;
    let starting = starting(app, caller, &settings, replaces)?;
    let (ceremony, mut options) = passkeys
        .begin_binding(&starting, wish, replaces)
        .map_err(|why| Failure::Rendering(why.to_string()))?;
    let session = caller.session.id.to_string();
    let state = serde_json::to_string(&ceremony).map_err(|why| Failure::Rendering(why.to_string()))?;
    let new = NewChallenge {
        purpose: Purpose::Bind,
        account: Some(caller.session.account.id),
        binding: &session,
        state: Some(state),
        lives: PATIENCE,
    };
    let realm = &app.realm;
    let challenge = realm
        .store
        .write(|tx| challenges::issue(tx, realm.entropy.as_ref(), &new, realm.clock.now()))
        .map_err(|error| match error {
            ChallengeError::Store(error) => Fault::from(error),
            ChallengeError::Entropy(error) => Fault::from(error),
        })?;
    options["challenge"] = data_encoding::BASE64URL_NOPAD.encode(&challenge.bytes).into();
    Ok(json!({"ceremony": challenge.id.to_string(), "publicKey": options}))
}

/// `POST /security/keys`
pub async fn bind(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| match finish(app, &caller) {
        Ok(finished) => bound(caller.here(app), &finished),
        Err(NotBound::Fault(fault)) => Err(fault),
        Err(NotBound::Told(Permission::Granted, problem)) => again(app, &caller, problem),
        Err(NotBound::Told(permission, _)) => refused(caller.here(app), permission),
    })
    .await
}

fn finish(app: &App, caller: &Caller) -> Result<Finished, NotBound> {
    let (passkeys, settings) = may_bind(app, caller)?;
    let posted = caller.field("credential");
    if posted.is_empty() {
        // Whatever stood against the options comes first: the browser knows it only as a failure.
        let (_, replaces) = wanted(caller)?;
        starting(app, caller, &settings, replaces)?;
        return Err(told(troubles::of_browser(caller.visitor.t, caller.field("trouble"))));
    }
    let (ceremony, new) = match created(app, passkeys, caller, posted)? {
        Ok(made) => made,
        Err(error) => {
            note_refusal(app, caller, error)?;
            return Err(told(troubles::of_key(caller.visitor.t, error)));
        }
    };
    let account = caller.session.account.id;
    let name = caller.here(app).named(&ceremony.name, &settings).map_err(told)?;
    let done = bind_key::finish(&app.realm, &caller.authority(), account, &name, &new, ceremony.replaces);
    done.map_err(|error| stopped(caller.visitor.t, error))
}

/// Spends the challenge, whatever comes of it, and has the answer verified.
fn created(
    app: &App,
    passkeys: &Passkeys,
    caller: &Caller,
    posted: &str,
) -> Result<Result<(Ceremony, NewCredential), KeyError>, Fault> {
    let session = &caller.session;
    let now = app.realm.clock.now();
    let spent = match caller.field("ceremony").parse() {
        Ok(id) => app
            .realm
            .store
            .write(|tx| challenges::spend(tx, id, Purpose::Bind, &session.id.to_string(), now))?,
        Err(_) => None,
    };
    let Some(spent) = spent.filter(|spent| spent.account == Some(session.account.id)) else {
        return Ok(Err(KeyError::ChallengeSpent));
    };
    let ceremony: Ceremony = serde_json::from_str(&spent.state.unwrap_or_default())
        .map_err(|why| StoreError::Inconsistent(format!("a ceremony cannot be read: {why}")))?;
    let new = passkeys.created(posted, &ceremony, &spent.bytes, now);
    Ok(new.map(|new| (ceremony, new)))
}

fn note_refusal(app: &App, caller: &Caller, error: KeyError) -> Result<(), Fault> {
    let event = caller
        .authority()
        .event(EventKind::KeyRefused)
        .about(&caller.session.account.name)
        .result(error.reason());
    let now = app.realm.clock.now();
    Ok(app.realm.store.write(|tx| audit::append(tx, &event, now).map(drop))?)
}

/// Self-service, freshness, a relying party at all, and a policy that accepts what is to be bound.
fn may_bind<'a>(app: &'a App, caller: &Caller) -> Result<(&'a Passkeys, Settings), NotBound> {
    let here = caller.here(app);
    let t = here.t();
    let (permission, settings) = here.permitted(Change::Bind)?;
    if permission != Permission::Granted {
        let problem = ProblemView::new("confirmation_required", t.say("security-confirm-first"));
        return Err(NotBound::Told(permission, problem));
    }
    let none = || {
        told(ProblemView::new(
            "method_not_allowed",
            t.say("security-no-passkeys-at-all"),
        ))
    };
    let passkeys = app.passkeys.as_ref().ok_or_else(none)?;
    let ordinary = Possessions::of(here)?.ordinary;
    // What becomes of a security key is known only when it has answered.
    let accepted = ordinary.accepts(Method::Passkey)
        || (caller.field("kind") != "passkey" && ordinary.accepts(Method::SecurityKey));
    if !accepted {
        return Err(told(troubles::not_accepted(t, settings.contact.as_deref())));
    }
    Ok((passkeys, settings))
}

fn wanted(caller: &Caller) -> Result<(Wish, Option<DeviceId>), NotBound> {
    let wish = match caller.field("kind") {
        "passkey" => Wish::Passkey,
        "security-key" => Wish::SecurityKey,
        _ => return Err(Problem::BadForm.into()),
    };
    let replaces = match caller.params.value("replaces").map(str::parse) {
        None => None,
        Some(Ok(device)) => Some(device),
        Some(Err(_)) => return Err(Problem::BadForm.into()),
    };
    Ok((if replaces.is_some() { Wish::Upgrade } else { wish }, replaces))
}

fn starting(app: &App, caller: &Caller, settings: &Settings, replaces: Option<DeviceId>) -> Result<Starting, NotBound> {
    let here = caller.here(app);
    let name = here.named(caller.field("name"), settings).map_err(told)?;
    let mut starting = bind_key::start(&app.realm, caller.session.account.id, name, replaces)
        .map_err(|error| stopped(here.t(), error))?;
    if let Some(device) = replaces {
        // The very key that is updated must not be turned away as one that is bound already.
        let keys = Possessions::of(here)?.keys;
        let old = keys.into_iter().find(|one| one.device == device);
        starting
            .exclude
            .retain(|one| old.as_ref().is_none_or(|old| old.credential_id != one.credential_id));
    }
    Ok(starting)
}

fn stopped(t: Texts, error: BindError) -> NotBound {
    match (troubles::of_binding(t, &error), error) {
        (Some(problem), _) => told(problem),
        (None, BindError::Flow(error)) => error.into(),
        (None, error) => Failure::Rendering(error.to_string()).into(),
    }
}

/// The page that the form was on, with what went wrong and what was typed.
fn again(app: &App, caller: &Caller, problem: ProblemView) -> Result<Response, Fault> {
    let here = caller.here(app);
    let has = Possessions::of(here)?;
    let typed = caller.field("name");
    let mut response = if let Some(old) = old_key(&has, caller.field("replaces")) {
        upgrade(here, &has, old, Some(typed), Some(problem))?
    } else {
        let is_name = matches!(problem.code, "name_invalid" | "name_taken");
        let told = Told {
            problem: Some(problem),
            typed: is_name.then(|| (caller.field("kind"), typed)),
            ..Told::default()
        };
        rendered(here, told)?
    };
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

fn bound(here: Here<'_>, finished: &Finished) -> Result<Response, Fault> {
    let t = here.t();
    let codes = finished.recovery.as_ref().map(Drawn::shown).unwrap_or_default();
    let view = BoundView {
        frame: here.frame(),
        title: t.say("security-device-added"),
        name: Some(finished.device.name.as_str()),
        text: match finished.device.kind {
            DeviceKind::Passkey => t.say("devices-bound-as-passkey"),
            DeviceKind::SecurityKey => t.say("devices-bound-as-security-key"),
            _ => t.say("devices-bound"),
        },
        codes: &codes,
    };
    let mut response = page(&view, &[], Scripts::Own)?;
    if finished.device.kind == DeviceKind::Passkey {
        hybrid::taken(&mut response);
    }
    Ok(response)
}

/// `GET /security/update?device=…` (R75, M18)
pub async fn update(State(app): State<App>, Looking(caller): Looking) -> Result<Response, Fault> {
    let here = caller.here(&app);
    let (permission, _) = here.permitted(Change::Bind)?;
    if permission != Permission::Granted {
        return refused(here, permission);
    }
    let has = Possessions::of(here)?;
    match old_key(&has, caller.field("device")) {
        Some(old) => upgrade(here, &has, old, None, None),
        None => not_found(here),
    }
}

/// A key of this very account that is no passkey.
fn old_key<'a>(has: &'a Possessions, id: &str) -> Option<&'a Credential> {
    has.key(id).filter(|one| can_be_updated(one))
}

fn upgrade(
    here: Here<'_>,
    has: &Possessions,
    old: &Credential,
    typed: Option<&str>,
    problem: Option<ProblemView>,
) -> Result<Response, Fault> {
    let t = here.t();
    let view = UpdateView {
        frame: here.frame(),
        csrf: &here.token(),
        device: &old.device.to_string(),
        old_name: old.name.as_str(),
        text: if old.is_old() {
            t.say("security-update-old")
        } else {
            t.say("security-update-text")
        },
        form: KeyForm {
            kind: "security-key",
            name: typed.map_or_else(|| has.suggestion(&format!("{}-passkey", old.name)), str::to_owned),
            is_wrong: problem.is_some(),
            button: t.say("frame-ok"),
        },
        problem,
    };
    page(&view, &[], Scripts::Fetching)
}
