//! `/sign-in`: shows what the flow's machine asks, gives it what the person says.
//!
//! GET shows the stage that the sealed cookie holds and changes nothing; POST takes an answer and comes back by redirect,
//! so that reloading a page never sends an answer twice.

use super::flow::{Flow, Question, Stage, Told};
use super::problem::Problem;
use super::turn::{self, Outcome, Person, Turn};
use super::view::{OtherMethod, SignInView, StepView};
use super::{consent, page, refusal, texts};
use crate::app::{App, blocking};
use crate::clients;
use crate::clients::redirect;
use crate::http::body::form;
use crate::http::headers::Scripts;
use crate::http::{Fault, Params, Visitor, csrf};
use crate::oidc::errors::AuthorizeError;
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

/// `GET /sign-in?flow=…`
pub async fn show(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let flow = Flow::load(&app, &headers, params.value("flow"))?;
    let client = match flow.request() {
        Some(request) => app
            .realm
            .store
            .read(|tx| clients::by_id(tx, request.return_to.client.as_str()))?,
        None => None,
    };
    let targets: Vec<String> = flow
        .request()
        .and_then(|request| redirect::origin(&request.return_to.redirect_uri))
        .into_iter()
        .collect();
    let csrf = flow.csrf(&app);
    let application = client.as_ref().map(|client| client.name.as_str());
    let (step, problem) = match &flow.stage {
        Stage::Name { typed, missing } => (
            StepView::Name { typed: typed.clone() },
            missing.then_some(texts::NAME_MISSING),
        ),
        Stage::Asking { machine, question } => asked(machine, question),
        Stage::Consent(_) => return consent::show(&app, &flow, application, &targets),
        Stage::Refused(refused) => return refusal::show(&app, &flow, refused, &targets),
    };
    let view = SignInView {
        realm: &app.realm.names.realm,
        contact: app.contact(),
        application,
        announcement: app.settings().and_then(|settings| settings.announcement),
        problem,
        flow: &flow.id.to_string(),
        csrf: &csrf,
        step,
        can_cancel: flow.request().is_some(),
    };
    page(&view, &targets, Scripts::None)
}

fn asked(machine: &SignIn, question: &Question) -> (StepView, Option<&'static str>) {
    let name = machine.typed().to_owned();
    match question {
        Question::Password(told) => (StepView::Password { name }, told.map(sentence)),
        Question::Code { method, others, told } => {
            let (label, hint) = match method {
                Method::Totp => (texts::TOTP_LABEL, texts::TOTP_HINT),
                Method::RecoveryCode => (texts::RECOVERY_LABEL, texts::RECOVERY_HINT),
                _ => (texts::CODE_LABEL, texts::CODE_HINT),
            };
            let others = others.iter().map(|other| OtherMethod {
                word: other.as_str(),
                label: match other {
                    Method::Totp => texts::TOTP_OTHER,
                    Method::RecoveryCode => texts::RECOVERY_OTHER,
                    _ => texts::CODE_OTHER,
                },
            });
            let step = StepView::Code {
                name,
                label,
                hint,
                numeric: *method == Method::Totp,
                others: others.collect(),
            };
            (step, told.map(sentence))
        }
        // Not asked of a door that said it cannot.
        Question::Key(prompt) => {
            let step = StepView::Code {
                name,
                label: texts::CODE_LABEL,
                hint: texts::CODE_HINT,
                numeric: false,
                others: Vec::new(),
            };
            (step, prompt.notice.map(|_| texts::NOT_OFFERED))
        }
    }
}

fn sentence(told: Told) -> &'static str {
    match told {
        Told::CodeWrong => texts::CODE_WRONG,
        Told::CodeReplayed => texts::CODE_REPLAYED,
        Told::PasswordWrong => texts::PASSWORD_WRONG,
        Told::NotOffered => texts::NOT_OFFERED,
        Told::KeyRefused(error) => error.sentence(),
        Told::KeyFailed(trouble) => trouble.sentence(),
    }
}

/// `POST /sign-in`
pub async fn submit(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let params = form(request).await?;
    let flow = Flow::load(&app, &headers, params.value("flow"))?;
    let origin = app.config.issuer.as_str();
    app.csrf.check(
        "sign-in",
        &flow.id.to_string(),
        params.value(csrf::FIELD),
        &headers,
        origin,
    )?;
    let session = app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))?;
    let person = Person { visitor, session };
    blocking(&app, move |app| {
        let turn = take(app, &person, flow, &params)?;
        turn::answer(app, &headers, turn)
    })
    .await
}

/// Gives the form to the stage that is open. A form that belongs to another stage changes nothing: the page shows again.
fn take(app: &App, person: &Person, mut flow: Flow, params: &Params) -> Result<Turn, Fault> {
    let action = params.value("action").unwrap_or_default();
    match (action, flow.stage.clone()) {
        ("restart", Stage::Name { .. } | Stage::Asking { .. } | Stage::Refused(_)) => {
            flow.stage = Stage::name("");
            Ok(Turn::Show(Box::new(flow)))
        }
        ("cancel", stage) => cancel(app, person, flow, stage),
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
        ("allow", Stage::Consent(proven)) => consent::allow(app, person, flow, &proven),
        (
            choice,
            Stage::Asking {
                machine,
                question: Question::Code { .. },
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
    let outcome = flow
        .request()
        .map_or(Outcome::Portal, |_| Outcome::Error(AuthorizeError::AccessDenied));
    Ok(turn::finished(flow, None, outcome))
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
    let client = match flow.request() {
        Some(request) => {
            let found = app
                .realm
                .store
                .read(|tx| clients::by_id(tx, request.return_to.client.as_str()))?;
            Some(found.ok_or(Problem::UnknownApplication)?)
        }
        None => None,
    };
    turn::start(app, person, client.as_ref(), flow, name, None)
}

fn password(app: &App, person: &Person, flow: Flow, machine: SignIn, params: &Params) -> Result<Turn, Fault> {
    let Some(typed) = params.value("password").map(SecretText::from) else {
        return Ok(Turn::Show(Box::new(flow)));
    };
    let answer = match app.config.passwords {
        PasswordSource::Store => Answer::Password(typed),
        PasswordSource::System => {
            let name = machine.typed().to_owned();
            Answer::SystemPassword(passwords::system_verdict(app, &name, &typed, &person.visitor.source))
        }
    };
    turn::advance(app, person, flow, machine, answer)
}
