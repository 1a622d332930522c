//! Passkeys and security keys made on the way in: the options for the script, and the answer that it posts.

use crate::app::{App, AppState, blocking};
use crate::http::json::json as answer_json;
use crate::http::{Failure, Fault, Params, Visitor};
use crate::pages::flow::Flow;
use crate::pages::sign_in::Posted;
use crate::pages::turn;
use crate::passkeys::{Ceremony, PATIENCE, Passkeys, Wish};
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use samekey_shared::challenges::{self, ChallengeError, NewChallenge, Purpose};
use samekey_shared::devices::fido::NewCredential;
use samekey_shared::devices::{DeviceError, DeviceName, NameRule};
use samekey_shared::flows::bind::BindError;
use samekey_shared::flows::bind_key::{self, Starting};
use samekey_shared::flows::{Answer, BindTrouble, Created, EnrolStep, KeyTrouble, SignIn, Visit};
use samekey_shared::ids::AccountId;
use samekey_shared::methods::Method;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::policy::DeviceNames;
use samekey_shared::store::StoreError;
use serde_json::json;

/// A name to begin with; valid by every rule.
pub(super) fn suggestion(method: Method) -> &'static str {
    match method {
        Method::Passkey => "passkey",
        _ => "security-key",
    }
}

/// `POST /sign-in/bind`
pub async fn options(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let posted = Posted::of(&app, visitor, request).await?;
    blocking(&app, move |app| {
        let method = match super::asked(&posted.flow) {
            Some((machine, prompt)) => match &prompt.step {
                EnrolStep::Key { method, .. } => Some((machine, *method)),
                _ => None,
            },
            None => None,
        };
        let (Some((machine, method)), Some(passkeys)) = (method, &app.passkeys) else {
            return Ok(refused("method_not_allowed"));
        };
        match starting(app, &posted.flow, machine, &posted.params)? {
            Ok((account, starting)) => begun(app, passkeys, machine, account, (&starting, method)),
            // The script posts the form, whose answer is the page that says why.
            Err(trouble) => Ok(refused(trouble.code())),
        }
    })
    .await
}

fn refused(code: &str) -> Response {
    answer_json(StatusCode::CONFLICT, &json!({"error": code}))
}

fn begun(
    app: &AppState,
    passkeys: &Passkeys,
    machine: &SignIn,
    account: AccountId,
    (starting, method): (&Starting, Method),
) -> Result<Response, Fault> {
    let wish = match method {
        Method::Passkey => Wish::Passkey,
        _ => Wish::SecurityKey,
    };
    let (ceremony, mut options) = passkeys
        .begin_binding(starting, wish, None)
        .map_err(|why| Failure::Rendering(why.to_string()))?;
    let state = serde_json::to_string(&ceremony).map_err(|why| Failure::Rendering(why.to_string()))?;
    let new = NewChallenge {
        purpose: Purpose::Bind,
        account: Some(account),
        binding: &machine.request().to_string(),
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
    options["challenge"] = BASE64URL_NOPAD.encode(&challenge.bytes).into();
    let body = json!({"ceremony": challenge.id.to_string(), "publicKey": options});
    Ok(answer_json(StatusCode::OK, &body))
}

/// Whose, and under which name; or what stands against it.
fn starting(
    app: &AppState,
    flow: &Flow,
    machine: &SignIn,
    params: &Params,
) -> Result<Result<(AccountId, Starting), BindTrouble>, Fault> {
    let doorway = turn::onlooker(flow);
    let visit = Visit {
        realm: &app.realm,
        doorway: &doorway,
    };
    let Some(account) = machine.enrolling(&visit)? else {
        return Ok(Err(BindTrouble::KindNotAccepted));
    };
    let Some(name) = named(app, params.value("name").unwrap_or_default()) else {
        return Ok(Err(BindTrouble::NameInvalid));
    };
    match bind_key::start(&app.realm, account, name, None) {
        Ok(starting) => Ok(Ok((account, starting))),
        Err(BindError::Device(DeviceError::NameTaken(_))) => Ok(Err(BindTrouble::NameTaken)),
        Err(BindError::Device(DeviceError::LimitReached { .. })) => Ok(Err(BindTrouble::LimitReached)),
        Err(BindError::Flow(error)) => Err(error.into()),
        Err(other) => Err(Failure::Rendering(other.to_string()).into()),
    }
}

fn named(app: &AppState, text: &str) -> Option<DeviceName> {
    let rule = match app.settings().map(|settings| settings.device_name) {
        Some(DeviceNames::Unicode) => NameRule::Unicode,
        _ => NameRule::Ascii,
    };
    DeviceName::parse(text, rule).ok()
}

/// What the form of a ceremony tells the machine.
pub(super) fn answer(app: &AppState, flow: &Flow, machine: &SignIn, params: &Params) -> Result<Answer, Fault> {
    let posted = params.value("credential").unwrap_or_default();
    if posted.is_empty() {
        // Whatever stood against the options comes first: the browser knows it only as a failure.
        return Ok(match starting(app, flow, machine, params)? {
            Err(trouble) => Answer::BindRefused(trouble),
            Ok(_) => of_browser(params.value("trouble").unwrap_or_default()),
        });
    }
    Ok(match created(app, flow, machine, params, posted)? {
        Ok((ceremony, credential)) => match named(app, &ceremony.name) {
            Some(name) => Answer::Created(Box::new(Created { name, credential })),
            None => Answer::BindRefused(BindTrouble::NameInvalid),
        },
        Err(error) => Answer::KeyRefused(error),
    })
}

/// Spends the challenge, whatever comes of it, and has the answer verified.
fn created(
    app: &AppState,
    flow: &Flow,
    machine: &SignIn,
    params: &Params,
    posted: &str,
) -> Result<Result<(Ceremony, NewCredential), KeyError>, Fault> {
    let Some(passkeys) = &app.passkeys else {
        return Ok(Err(KeyError::NotAccepted));
    };
    let now = app.realm.clock.now();
    let binding = machine.request().to_string();
    let spent = match params.value("ceremony").unwrap_or_default().parse() {
        Ok(id) => app
            .realm
            .store
            .write(|tx| challenges::spend(tx, id, Purpose::Bind, &binding, now))?,
        Err(_) => None,
    };
    let doorway = turn::onlooker(flow);
    let visit = Visit {
        realm: &app.realm,
        doorway: &doorway,
    };
    let account = machine.enrolling(&visit)?;
    let Some(spent) = spent.filter(|spent| spent.account.is_some() && spent.account == account) else {
        return Ok(Err(KeyError::ChallengeSpent));
    };
    let ceremony: Ceremony = serde_json::from_str(&spent.state.unwrap_or_default())
        .map_err(|why| StoreError::Inconsistent(format!("a ceremony cannot be read: {why}")))?;
    let new = passkeys.created(posted, &ceremony, &spent.bytes, now);
    Ok(new.map(|new| (ceremony, new)))
}

/// What the script says went wrong in the browser.
fn of_browser(word: &str) -> Answer {
    match word {
        "cancelled" => Answer::KeyFailed(KeyTrouble::Cancelled),
        "already-bound" => Answer::BindRefused(BindTrouble::BoundAlready),
        "unsupported" | "unverifiable" => Answer::BindRefused(BindTrouble::KindNotAccepted),
        _ => Answer::KeyFailed(KeyTrouble::Broken),
    }
}
