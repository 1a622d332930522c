//! Keys on the sign-in pages: what the script asks one with, and what becomes of its answer.
//!
//! A passkey tried beside a page's own question (the name, the password) lives in a cookie of its own: the page's cookie stays
//! as it is, so that an answer that comes late takes nothing back.

use super::conclusion::Conclusion;
use super::flow::{Beside, Flow, Purpose, Question, Stage};
use super::problem::Problem;
use super::security::hybrid;
use super::sign_in::{Posted, client};
use super::turn::{self, Person, Turn};
use crate::app::{App, blocking};
use crate::http::cookies::{self, BESIDE_PREFIX};
use crate::http::json::json as answer_json;
use crate::http::{Failure, Fault, Params, Visitor};
use crate::passkeys::{Answered, PATIENCE, request_options};
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use samekey_shared::challenges;
use samekey_shared::devices::fido;
use samekey_shared::flows::{Answer, KeyAsk, KeyTrouble, Notice, Prompt, RefusalCode, SignIn, Step, Visit, step_up};
use samekey_shared::ids::{ChallengeId, RequestId};
use samekey_shared::methods::fido::KeyError;
use samekey_shared::store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Longest credential id, in bytes, that the page sends back for the browser's store to forget.
const LONGEST_SIGNALLED: usize = 256;

/// A passkey's machine, sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    flow: RequestId,
    machine: Box<SignIn>,
    challenge: ChallengeId,
}

/// `POST /sign-in/passkey`
pub async fn options(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let posted = Posted::of(&app, visitor, request).await?;
    blocking(&app, move |app| match posted.flow.stage.clone() {
        Stage::Asking {
            machine,
            question: Question::Key { method, .. },
        } => {
            let Posted {
                headers, flow, person, ..
            } = posted;
            let turn = turn::advance_with(app, &person, flow, *machine, Answer::Choose(method))?;
            asked_again(app, &headers, turn)
        }
        Stage::Name { .. }
        | Stage::Asking {
            question: Question::Password(_),
            ..
        } => begun(app, &posted.person, &posted.flow),
        _ => Err(Problem::BadForm.into()),
    })
    .await
}

/// The second factor's key: a fresh challenge for each ceremony.
fn asked_again(app: &App, headers: &HeaderMap, (turn, ask): (Turn, Option<KeyAsk>)) -> Result<Response, Fault> {
    let Turn::Show(flow) = turn else {
        return Ok(none());
    };
    let mut response = match &ask {
        Some(ask) => offered(app, ask)?,
        None => none(),
    };
    for cookie in flow.keep(app, headers)? {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A passkey beside the page's own question.
fn begun(app: &App, person: &Person, flow: &Flow) -> Result<Response, Fault> {
    let Ok(asked) = turn::asked(app, flow, client(app, flow)?.as_ref()) else {
        return Ok(none());
    };
    let doorway = turn::doorway(&person.visitor, &flow.purpose);
    let visit = Visit {
        realm: &app.realm,
        doorway: &doorway,
    };
    let (mut machine, step) = match (&flow.purpose, &person.session) {
        (Purpose::Devices | Purpose::Administration(_) | Purpose::Connect(_), Some(session)) => {
            step_up::start_with_passkey(&visit, session.account.name.as_str(), asked, turn::means(app))?
        }
        (Purpose::Devices | Purpose::Administration(_) | Purpose::Connect(_), None) => return Ok(none()),
        _ => SignIn::start_with_passkey(&visit, asked, turn::means(app))?,
    };
    let Step::Ask(Prompt::Key(prompt)) = step else {
        return Ok(none());
    };
    machine.recognise(person.visitor.shows.clone());
    let kept = Kept {
        flow: flow.id,
        machine: Box::new(machine),
        challenge: prompt.ask.challenge_id,
    };
    let name = cookie_name(flow.id);
    let sealed = app
        .flows
        .seal(app.realm.entropy.as_ref(), &name, &kept)
        .map_err(|why| Failure::Rendering(why.to_string()))?;
    let mut response = offered(app, &prompt.ask)?;
    let cookie = cookies::set(&name, &sealed, Some(PATIENCE));
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

fn offered(app: &App, ask: &KeyAsk) -> Result<Response, Fault> {
    let passkeys = app.passkeys.as_ref().ok_or(Problem::NoSuchPage)?;
    let options = request_options(passkeys, &ask.challenge, &ask.allow, ask.user_verification);
    Ok(answer_json(StatusCode::OK, &json!({"publicKey": options})))
}

/// Nothing to ask a key now; the script posts the form, whose answer says why.
fn none() -> Response {
    answer_json(StatusCode::CONFLICT, &json!({"error": "method_not_allowed"}))
}

/// The form of a passkey that was tried beside the page's own question.
pub(super) fn tried(
    app: &App,
    headers: &HeaderMap,
    person: &Person,
    flow: Flow,
    params: &Params,
) -> Result<Response, Fault> {
    let name = cookie_name(flow.id);
    let kept: Option<Kept> = cookies::value(headers, &name).and_then(|sealed| app.flows.open(&name, sealed));
    let open = matches!(
        flow.stage,
        Stage::Name { .. }
            | Stage::Asking {
                question: Question::Password(_),
                ..
            }
    );
    let turn = match kept.filter(|kept| open && kept.flow == flow.id) {
        Some(kept) => ended(app, person, flow, kept, params)?,
        // The cookie is gone, or there were no options: the page says so and asks its own question again.
        None if open && params.value("credential").is_some() => {
            shown(flow, Notice::KeyRefused(KeyError::ChallengeSpent), None)
        }
        None if open => match trouble(params.value("trouble")) {
            Some(trouble) => shown(flow, Notice::KeyFailed(trouble), None),
            None => Turn::Show(Box::new(flow)),
        },
        None => Turn::Show(Box::new(flow)),
    };
    let mut response = turn::answer(app, headers, turn)?;
    hybrid::note(app, params, &mut response)?;
    response
        .headers_mut()
        .extend(cookies::end(&name).map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

fn ended(app: &App, person: &Person, flow: Flow, kept: Kept, params: &Params) -> Result<Turn, Fault> {
    let mut machine = *kept.machine;
    let Some(answer) = answer(app, &flow, &machine, kept.challenge, params)? else {
        return Ok(Turn::Show(Box::new(flow)));
    };
    let unknown = match &answer {
        Answer::Key(assertion) if assertion.credential_id.len() <= LONGEST_SIGNALLED => {
            Some(BASE64URL_NOPAD.encode(&assertion.credential_id))
        }
        _ => None,
    };
    let mut conclusion = Conclusion::prepare(app, person, &flow.purpose)?;
    let doorway = turn::doorway(&person.visitor, &flow.purpose);
    let visit = Visit {
        realm: &app.realm,
        doorway: &doorway,
    };
    let step = machine.answer(&visit, answer, &mut |tx, grant| conclusion.write(tx, grant))?;
    let notice = match &step {
        Step::Ask(Prompt::Key(prompt)) => prompt.notice,
        Step::Refused(refusal) => match refusal.code {
            RefusalCode::KeyRefused(error) => Some(Notice::KeyRefused(error)),
            RefusalCode::KeyFailed(trouble) => Some(Notice::KeyFailed(trouble)),
            _ => None,
        },
        _ => None,
    };
    match notice {
        // The next try begins with a new challenge and a new machine.
        Some(notice) => Ok(shown(flow, notice, unknown)),
        None => turn::taken(flow, machine, step, conclusion),
    }
}

fn shown(mut flow: Flow, notice: Notice, id: Option<String>) -> Turn {
    let unknown = id.filter(|_| notice == Notice::KeyRefused(KeyError::UnknownCredential));
    flow.beside = Some(Beside { notice, unknown });
    Turn::Show(Box::new(flow))
}

/// What the form of a ceremony tells the machine; `None` for a form without anything in it. webauthn-rs is heard first.
pub(super) fn answer(
    app: &App,
    flow: &Flow,
    machine: &SignIn,
    challenge: ChallengeId,
    params: &Params,
) -> Result<Option<Answer>, Fault> {
    let Some(posted) = params.value("credential") else {
        return Ok(trouble(params.value("trouble")).map(Answer::KeyFailed));
    };
    let answered = match Answered::read(posted) {
        Ok(answered) => answered,
        Err(error) => return Ok(Some(Answer::KeyRefused(error))),
    };
    Ok(Some(match second_opinion(app, flow, machine, challenge, &answered)? {
        Ok(()) => Answer::Key(Box::new(answered.assertion)),
        Err(error) => Answer::KeyRefused(error),
    }))
}

/// What is not known, or not good any more, the machine refuses for reasons of its own.
fn second_opinion(
    app: &App,
    flow: &Flow,
    machine: &SignIn,
    challenge: ChallengeId,
    answered: &Answered,
) -> Result<Result<(), KeyError>, Fault> {
    let Some(passkeys) = &app.passkeys else {
        return Ok(Err(KeyError::NotAccepted));
    };
    let (now, binding) = (app.realm.clock.now(), machine.request().to_string());
    let (challenge, credential) = app.realm.store.read(|tx| {
        let challenge = challenges::peek(tx, challenge, flow.purpose.of_challenge(), &binding, now)?;
        let credential = fido::by_credential_id(tx, &answered.assertion.credential_id)?;
        Ok::<_, StoreError>((challenge, credential))
    })?;
    Ok(match (challenge, credential) {
        (Some(challenge), Some(credential)) => {
            // Whether user verification is demanded, the machine knows; a passkey beside a question always is.
            let alone = matches!(
                flow.stage,
                Stage::Name { .. }
                    | Stage::Asking {
                        question: Question::Password(_),
                        ..
                    }
            );
            passkeys.second_opinion(answered, &credential, &challenge.bytes, alone)
        }
        _ => Ok(()),
    })
}

/// The script's word for what went wrong in the browser.
fn trouble(word: Option<&str>) -> Option<KeyTrouble> {
    Some(match word? {
        "cancelled" => KeyTrouble::Cancelled,
        // No options, an address that is not ours, a browser that cannot: another way helps in each case.
        _ => KeyTrouble::Broken,
    })
}

fn cookie_name(flow: RequestId) -> String {
    format!("{BESIDE_PREFIX}{flow}")
}
