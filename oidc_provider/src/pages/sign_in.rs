//! `/sign-in`: shows what the flow's machine asks, gives it what the person says.
//!
//! GET shows the stage that the sealed cookie holds and changes nothing; POST takes an answer and comes back by redirect,
//! so that reloading a page never sends an answer twice.

use super::announcement::Announcement;
use super::flow::{Flow, Question, Stage};
use super::frame::whom_to_ask;
use super::problem::Problem;
use super::questions::{self, Shown};
use super::security::hybrid;
use super::turn::{self, Person, Turn};
use super::view::{RememberBox, SignInView};
use super::{About, Frame, bind, check_devices, consent, page_with, passkey, refusal, weak_password};
use crate::app::{App, blocking};
use crate::clients::redirect;
use crate::clients::{self, Client};
use crate::http::body::form;
use crate::http::headers::Scripts;
use crate::http::{Fault, Params, Visitor, csrf};
use crate::passkeys::signal;
use crate::passwords;
use crate::sessions;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use samekey_shared::flows::sign_in::PasswordSource;
use samekey_shared::flows::{Answer, SignIn};
use samekey_shared::methods::Method;
use samekey_shared::secrets::SecretText;
use samekey_shared::texts::Texts;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// `GET /sign-in?flow=…`
pub async fn show(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let flow = Flow::load(&app, &headers, params.value("flow"))?;
    let client = client(&app, &flow)?;
    let targets: Vec<String> = flow
        .request()
        .and_then(|request| redirect::origin(&request.return_to.redirect_uri))
        .into_iter()
        .collect();
    let application = client.as_ref().map(About::of);
    let t = flow.texts(&headers);
    let settings = app.settings();
    if let Some(asked) = bind::asked(&flow) {
        return bind::show(&app, t, &flow, asked, application.map(|about| about.name), &targets);
    }
    let Shown {
        step,
        problem,
        passkeys,
        other_way_first,
    } = match &flow.stage {
        Stage::Name { .. } | Stage::Asking { .. } => questions::shown(&app, t, &flow, settings.as_ref(), &headers),
        Stage::Consent(_) => return consent::show(&app, t, &flow, application, &targets),
        Stage::CheckDevices(_) => return check_devices::show(&app, t, &flow, &targets),
        Stage::WeakPassword(stage) => return weak_password::show(&app, t, &flow, stage, &targets),
        Stage::Refused(refused) => return refusal::show(&app, t, &flow, refused, &targets),
    };
    let unknown = flow.beside.as_ref().and_then(|beside| beside.unknown.as_deref());
    let signal = app
        .passkeys
        .as_ref()
        .and_then(|passkeys| unknown.map(|id| signal::unknown(passkeys.party(), id)));
    let contact = settings.as_ref().and_then(|settings| settings.contact.clone());
    let whom = whom_to_ask(t, contact.as_deref());
    let cannot_use_device = t.fill("sign-in-cannot-use-device", [("contact", whom.as_str())]);
    let view = SignInView {
        frame: Frame::with_contact(&app, t, contact),
        application,
        announcement: match &flow.ticket {
            Some(ticket) if !ticket.is_empty() => Some(t.say("bind-ticket-brought")),
            _ => settings.and_then(|settings| settings.announcement),
        }
        .map(|text| Announcement::read(&text)),
        cannot_use_device,
        problem,
        flow: &flow.id.to_string(),
        csrf: &flow.csrf(&app),
        step,
        passkeys,
        other_way_first,
        signal,
        remember: remember_box(t, &flow),
        can_restart: !flow.purpose.is_confirmation(),
        can_cancel: flow.request().is_some() || flow.purpose.is_confirmation(),
    };
    let scripts = if view.passkeys.is_some() {
        Scripts::Fetching
    } else {
        Scripts::None
    };
    let pictures: Vec<String> = application.and_then(|about| about.pictures()).into_iter().collect();
    page_with(&view, &targets, &pictures, scripts)
}

/// The box of M01, where the policy remembers this browser after the proof that is asked.
fn remember_box(t: Texts, flow: &Flow) -> Option<RememberBox> {
    let Stage::Asking {
        machine,
        question: Question::Code { .. } | Question::Key { .. },
    } = &flow.stage
    else {
        return None;
    };
    let seconds = machine.offers_to_remember()?;
    Some(RememberBox {
        label: match seconds {
            days if days % DAY == 0 && days > DAY => t.fill("sign-in-remember-days", [("days", days / DAY)]),
            hours if hours % HOUR == 0 && hours > HOUR => t.fill("sign-in-remember-hours", [("hours", hours / HOUR)]),
            other => t.fill("sign-in-remember-minutes", [("minutes", (other / 60).max(1))]),
        },
        ticked: machine.wishes_to_be_remembered(),
    })
}

/// The application that asked, if it is still registered.
pub(super) fn client(app: &App, flow: &Flow) -> Result<Option<Client>, Fault> {
    let Some(request) = flow.request() else { return Ok(None) };
    let found = app
        .realm
        .store
        .read(|tx| clients::by_id(tx, request.return_to.client.as_str()))?;
    Ok(found)
}

/// A form of the sign-in pages whose token was right.
pub(super) struct Posted {
    pub headers: HeaderMap,
    pub params: Params,
    pub flow: Flow,
    pub person: Person,
}

impl Posted {
    pub(super) async fn of(app: &App, visitor: Visitor, request: Request) -> Result<Self, Fault> {
        let headers = request.headers().clone();
        let params = form(request).await?;
        let flow = Flow::load(app, &headers, params.value("flow"))?;
        let shown = params.value(csrf::FIELD);
        let issuer = app.config.issuer.as_str();
        app.csrf
            .check("sign-in", &flow.id.to_string(), shown, &headers, issuer)?;
        let session = app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))?;
        Ok(Self {
            headers,
            params,
            flow,
            person: Person { visitor, session },
        })
    }
}

/// `POST /sign-in`
pub async fn submit(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let mut posted = Posted::of(&app, visitor, request).await?;
    posted.flow.beside = None;
    blocking(&app, move |app| {
        let Posted {
            headers,
            params,
            flow,
            person,
        } = posted;
        if params.value("action") == Some("passkey") {
            return passkey::tried(app, &headers, &person, flow, &params);
        }
        let turn = take(app, &person, flow, &params)?;
        let mut response = turn::answer(app, &headers, turn)?;
        hybrid::note(app, &params, &mut response)?;
        Ok(response)
    })
    .await
}

/// Gives the form to the stage that is open. A form that belongs to another stage changes nothing: the page shows again.
fn take(app: &App, person: &Person, mut flow: Flow, params: &Params) -> Result<Turn, Fault> {
    let action = params.value("action").unwrap_or_default();
    if let Stage::Asking { machine, .. } = &mut flow.stage {
        machine.wish_to_be_remembered(params.value("remember").is_some());
    }
    match (action, flow.stage.clone()) {
        ("restart", _) if flow.purpose.is_confirmation() => Ok(turn::left(flow)),
        ("restart", Stage::Name { .. } | Stage::Asking { .. } | Stage::Refused(_)) => {
            flow.stage = Stage::name("");
            Ok(Turn::Show(Box::new(flow)))
        }
        ("cancel", stage) => cancel(app, person, flow, stage),
        (
            _,
            Stage::Asking {
                machine,
                question: Question::Enrol(prompt),
            },
        ) => match bind::answer(app, &flow, (&machine, &prompt), params)? {
            Some(answer) => turn::advance(app, person, flow, *machine, answer),
            None => Ok(Turn::Show(Box::new(flow))),
        },
        ("name", Stage::Name { .. }) => named(app, person, flow, params.value("username").unwrap_or_default()),
        (
            "password",
            Stage::Asking {
                machine,
                question: Question::Password(_),
            },
        ) => password(app, person, flow, *machine, params),
        (
            "code",
            Stage::Asking {
                machine,
                question: Question::Code { .. },
            },
        ) => match params.value("code") {
            Some(code) => turn::advance(app, person, flow, *machine, Answer::Code(SecretText::from(code))),
            None => Ok(Turn::Show(Box::new(flow))),
        },
        (
            "key",
            Stage::Asking {
                machine,
                question: Question::Key { challenge, .. },
            },
        ) => match passkey::answer(app, &flow, &machine, challenge, params)? {
            Some(answer) => turn::advance(app, person, flow, *machine, answer),
            None => Ok(Turn::Show(Box::new(flow))),
        },
        ("go-on", Stage::CheckDevices(stage)) => check_devices::go_on(app, person, flow, stage),
        ("go-on", Stage::WeakPassword(stage)) => weak_password::go_on(app, person, flow, stage),
        ("allow", Stage::Consent(proven)) => consent::allow(app, person, flow, &proven),
        (
            choice,
            Stage::Asking {
                machine,
                question: Question::Code { .. } | Question::Key { .. },
            },
        ) => {
            match choice
                .strip_prefix("choose-")
                .and_then(|word| word.parse::<Method>().ok())
            {
                Some(method) => turn::advance(app, person, flow, *machine, Answer::Choose(method)),
                None => Ok(Turn::Show(Box::new(flow))),
            }
        }
        _ => Ok(Turn::Show(Box::new(flow))),
    }
}

fn cancel(app: &App, person: &Person, flow: Flow, stage: Stage) -> Result<Turn, Fault> {
    // The machine writes down that the person gave up.
    if let Stage::Asking { machine, .. } = stage {
        return turn::advance(app, person, flow, *machine, Answer::GiveUp);
    }
    Ok(turn::left(flow))
}

fn named(app: &App, person: &Person, mut flow: Flow, name: &str) -> Result<Turn, Fault> {
    let name = name.trim();
    if name.is_empty() {
        flow.stage = Stage::Name {
            typed: String::new(),
            missing: true,
        };
        return Ok(Turn::Show(Box::new(flow)));
    }
    let client = client(app, &flow)?;
    if client.is_none() && flow.request().is_some() {
        return Err(Problem::UnknownApplication.into());
    }
    turn::start(app, person, client.as_ref(), flow, name, None)
}

fn password(app: &App, person: &Person, mut flow: Flow, machine: SignIn, params: &Params) -> Result<Turn, Fault> {
    let Some(typed) = params.value("password").map(SecretText::from) else {
        return Ok(Turn::Show(Box::new(flow)));
    };
    // Who only confirms that it is they was told when they signed in.
    let is_told = !flow.purpose.is_confirmation();
    flow.weak = is_told
        .then(|| passwords::weak::notice(app, machine.typed(), &typed))
        .flatten();
    let answer = match app.config.passwords {
        PasswordSource::Store => Answer::Password(typed),
        PasswordSource::System => {
            let name = machine.typed().to_owned();
            Answer::SystemPassword(passwords::system_verdict(app, &name, &typed, &person.visitor.source))
        }
    };
    turn::advance(app, person, flow, machine, answer)
}
