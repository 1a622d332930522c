//! Binding passkeys and security keys: the options for the script, and the answer that it posts.

use super::caller::{Caller, looking, permitted, token};
use super::list::{Possessions, can_be_updated, rendered};
use super::permission::{Change, Permission};
use super::unbind::refused;
use super::view::{BoundView, ProblemView, UpdateView};
use super::{troubles, view};
use crate::app::{App, blocking};
use crate::http::headers::Scripts;
use crate::http::json::json as answer;
use crate::http::{Failure, Fault, Params, Visitor, language};
use crate::oidc::authorize::respond;
use crate::pages::flow::Then;
use crate::pages::portal;
use crate::pages::problem::Problem;
use crate::pages::{Frame, page, texts};
use crate::passkeys::{Ceremony, PATIENCE, Passkeys, Wish};
use crate::sessions::Session;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use samekey_shared::audit::{self, Event, EventKind};
use samekey_shared::challenges::{self, ChallengeError, NewChallenge, Purpose};
use samekey_shared::devices::fido::{Credential, NewCredential};
use samekey_shared::devices::recovery::Drawn;
use samekey_shared::devices::{DeviceName, NameRule};
use samekey_shared::flows::bind::BindError;
use samekey_shared::flows::bind_key::{self, Finished, Starting};
use samekey_shared::ids::DeviceId;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::policy::{DeviceNames, Settings};
use samekey_shared::source::Door;
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
pub async fn options(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let caller = Caller::of(&app, visitor, request).await?;
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
pub async fn bind(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let caller = Caller::of(&app, visitor, request).await?;
    blocking(&app, move |app| match finish(app, &caller) {
        Ok(finished) => bound(app, &caller, &finished),
        Err(NotBound::Fault(fault)) => Err(fault),
        Err(NotBound::Told(Permission::Granted, problem)) => again(app, &caller, problem),
        Err(NotBound::Told(permission, _)) => refused(app, caller.visitor.t, &caller.session, permission),
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
        return Err(told(troubles::of_browser(caller.field("trouble"))));
    }
    let (ceremony, new) = match created(app, passkeys, caller, posted)? {
        Ok(made) => made,
        Err(error) => {
            note_refusal(app, caller, error)?;
            return Err(told(troubles::of_key(error)));
        }
    };
    let account = caller.session.account.id;
    let name = named(&ceremony.name, &settings)?;
    let done = bind_key::finish(&app.realm, &caller.authority(), account, &name, &new, ceremony.replaces);
    done.map_err(stopped)
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
    let event = Event::new(EventKind::KeyRefused, caller.authority().actor)
        .about(&caller.session.account.name)
        .request(caller.visitor.request)
        .at(Door::Web, "portal:devices")
        .from(&caller.visitor.source)
        .result(error.reason());
    let now = app.realm.clock.now();
    Ok(app.realm.store.write(|tx| audit::append(tx, &event, now).map(drop))?)
}

/// Self-service, freshness, and a relying party at all.
fn may_bind<'a>(app: &'a App, caller: &Caller) -> Result<(&'a Passkeys, Settings), NotBound> {
    let (permission, settings) = permitted(app, &caller.session, Change::Bind)?;
    if permission != Permission::Granted {
        let problem = ProblemView::new("confirmation_required", texts::CONFIRM_FIRST);
        return Err(NotBound::Told(permission, problem));
    }
    let none = || told(ProblemView::new("method_not_allowed", texts::NO_PASSKEYS_AT_ALL));
    Ok((app.passkeys.as_ref().ok_or_else(none)?, settings))
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
    let name = named(caller.field("name"), settings)?;
    let mut starting = bind_key::start(&app.realm, caller.session.account.id, name, replaces).map_err(stopped)?;
    if let Some(device) = replaces {
        // The very key that is updated must not be turned away as one that is bound already.
        let keys = Possessions::of(app, &caller.session)?.keys;
        let old = keys.into_iter().find(|one| one.device == device);
        starting
            .exclude
            .retain(|one| old.as_ref().is_none_or(|old| old.credential_id != one.credential_id));
    }
    Ok(starting)
}

fn named(text: &str, settings: &Settings) -> Result<DeviceName, NotBound> {
    let rule = match settings.device_name {
        DeviceNames::Ascii => NameRule::Ascii,
        DeviceNames::Unicode => NameRule::Unicode,
    };
    DeviceName::parse(text, rule).map_err(|error| told(troubles::of_name(error)))
}

fn stopped(error: BindError) -> NotBound {
    match (troubles::of_binding(&error), error) {
        (Some(problem), _) => told(problem),
        (None, BindError::Flow(error)) => error.into(),
        (None, error) => Failure::Rendering(error.to_string()).into(),
    }
}

/// The page that the form was on, with what went wrong.
fn again(app: &App, caller: &Caller, problem: ProblemView) -> Result<Response, Fault> {
    let session = &caller.session;
    let mut response = match old_key(app, session, caller.field("replaces"))? {
        Some(old) => upgrade(
            app,
            caller.visitor.t,
            session,
            &old,
            caller.params.value("name"),
            Some(problem),
        )?,
        None => rendered(app, caller.visitor.t, session, None, Some(problem))?,
    };
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

fn bound(app: &App, caller: &Caller, finished: &Finished) -> Result<Response, Fault> {
    let codes = finished.recovery.as_ref().map(Drawn::shown).unwrap_or_default();
    let view = BoundView {
        frame: Frame::new(app, caller.visitor.t).signed_in(&caller.session),
        name: finished.device.name.as_str(),
        text: texts::bound_as(finished.device.kind),
        codes: &codes,
    };
    page(&view, &[], Scripts::None)
}

/// `GET /security/update?device=…` (R75, M18)
pub async fn update(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let Some(session) = looking(&app, &headers)? else {
        return portal::begin_for(&app, &headers, Then::Security, "");
    };
    let t = language::of(&headers, None);
    let (permission, _) = permitted(&app, &session, Change::Bind)?;
    if permission != Permission::Granted {
        return refused(&app, t, &session, permission);
    }
    match old_key(&app, &session, params.value("device").unwrap_or_default())? {
        Some(old) => upgrade(&app, t, &session, &old, None, None),
        None => respond::see_other("/security"),
    }
}

/// A key of this very account that is no passkey.
fn old_key(app: &App, session: &Session, id: &str) -> Result<Option<Credential>, Fault> {
    let keys = Possessions::of(app, session)?.keys;
    Ok(keys
        .into_iter()
        .find(|one| one.device.to_string() == id && can_be_updated(one)))
}

fn upgrade(
    app: &App,
    t: Texts,
    session: &Session,
    old: &Credential,
    typed: Option<&str>,
    problem: Option<view::ProblemView>,
) -> Result<Response, Fault> {
    let suggested = Possessions::of(app, session)?.suggestion(&format!("{}-passkey", old.name));
    let view = UpdateView {
        frame: Frame::new(app, t).signed_in(session),
        csrf: &token(app, session),
        device: &old.device.to_string(),
        old_name: old.name.as_str(),
        text: if old.is_old() {
            texts::UPDATE_OLD
        } else {
            texts::UPDATE_TEXT
        },
        name: typed.unwrap_or(&suggested),
        problem,
    };
    page(&view, &[], Scripts::Fetching)
}
