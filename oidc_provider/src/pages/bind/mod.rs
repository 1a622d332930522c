//! Binding a device on the way in (R33 to R39), as a part of the sign-in page: what the machine asks, and what the forms
//! tell it. `/bind` is where tickets lead.

mod key;
mod view;

use super::flow::{Flow, Purpose, Stage, Then};
use super::problem::Problem;
use super::turn::{self, Turn};
use super::{Frame, page};
use crate::app::{App, AppState};
use crate::http::headers::Scripts;
use crate::http::{Fault, Params};
use crate::pages::flow::Question;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use samekey_shared::audit::utc;
use samekey_shared::flows::{Answer, BindTrouble, EnrolPrompt, EnrolStep, Notice, SignIn, Visit, Why};
use samekey_shared::methods::Method;
use samekey_shared::methods::comparison::{Compared, badge, compared};
use samekey_shared::qr;
use samekey_shared::secrets::SecretText;
use samekey_shared::texts::Texts;
use view::{BindView, ChoiceView, StepView, WayView};

pub use key::options;

/// Longest ticket that a link may bring.
const LONGEST_TICKET: usize = 128;

/// The line above the codes in the file that a person keeps.
const FILE_NAME: &str = "attachment; filename=\"recovery-codes.txt\"";

/// `GET /bind?ticket=…`: sign-in with user name and password, on the way to a binding. The ticket alone opens nothing.
pub async fn begin(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let mut flow = Flow::begin(&app, Purpose::Portal(Then::Security), Stage::name(""))?;
    let brought = params
        .value("ticket")
        .map(|ticket| ticket.chars().take(LONGEST_TICKET).collect());
    flow.ticket = Some(brought.unwrap_or_default());
    turn::answer(&app, &headers, Turn::Show(Box::new(flow)))
}

/// `GET /sign-in/recovery-codes?flow=…`: the codes as a file, as long as their page waits.
pub async fn codes(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let flow = Flow::load(&app, &headers, params.value("flow"))?;
    let Stage::Asking { machine, .. } = &flow.stage else {
        return Err(Problem::SignInGone.into());
    };
    let codes = machine.recovery_codes();
    if codes.is_empty() {
        return Err(Problem::SignInGone.into());
    }
    let t = flow.texts(&headers);
    let mut text = format!("{} · {}\n\n", app.realm.names.realm, t.say("bind-codes-title"));
    for code in &codes {
        text.push_str(code.expose());
        text.push('\n');
    }
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let name = HeaderValue::from_static(FILE_NAME);
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], text).into_response())
}

/// The page of this question.
pub(super) fn show(
    app: &App,
    t: Texts,
    flow: &Flow,
    (machine, prompt): (&SignIn, &EnrolPrompt),
    application: Option<&str>,
    targets: &[String],
) -> Result<Response, Fault> {
    let step = step(app, t, flow, machine, &prompt.step)?;
    let scripts = match &step {
        StepView::Key { .. } => Scripts::Fetching,
        StepView::App { .. } | StepView::Codes { .. } => Scripts::Own,
        StepView::Ticket | StepView::Choose { .. } => Scripts::None,
    };
    let code = prompt.notice.and_then(|notice| match notice {
        Notice::Binding(trouble) => Some(trouble.code()),
        _ => None,
    });
    let view = BindView {
        frame: Frame::new(app, t),
        application,
        problem: prompt.notice.map(|notice| super::questions::sentence(t, notice)),
        code,
        flow: &flow.id.to_string(),
        csrf: &flow.csrf(app),
        step,
        can_cancel: flow.request().is_some() || matches!(flow.purpose, Purpose::Devices),
    };
    page(&view, targets, scripts)
}

fn step(app: &App, t: Texts, flow: &Flow, machine: &SignIn, step: &EnrolStep) -> Result<StepView, Fault> {
    Ok(match step {
        // A page leads nowhere else and vouches for nothing: that is asked only of terminals.
        EnrolStep::Ticket | EnrolStep::GoTo(_) | EnrolStep::Vouch => StepView::Ticket,
        EnrolStep::Choose { why, methods } => StepView::Choose {
            title: title(t, *why),
            text: reason(t, *why, app.realm.clock.now()),
            choices: known(methods).map(|known| choice(t, known)).collect(),
            can_wait: why.can_wait(),
        },
        EnrolStep::App { others } => {
            let onlooker = turn::onlooker(flow);
            let visit = Visit {
                realm: &app.realm,
                doorway: &onlooker,
            };
            let shown = machine.to_scan(&visit).ok_or(Problem::SignInGone)?;
            let login = machine.login(&visit).ok_or(Problem::SignInGone)?;
            StepView::App {
                account: login.to_string(),
                qr: qr::outline(shown.uri.expose()),
                key: shown.key,
                others: ways(t, others),
            }
        }
        EnrolStep::Key { method, others } => StepView::Key {
            word: method.as_str(),
            title: t.say(if *method == Method::Passkey {
                "bind-passkey-title"
            } else {
                "bind-key-title"
            }),
            text: t.say(if *method == Method::Passkey {
                "bind-passkey-text"
            } else {
                "bind-key-text"
            }),
            button: t.say(if *method == Method::Passkey {
                "bind-passkey-button"
            } else {
                "bind-key-button"
            }),
            name: key::suggestion(*method).to_owned(),
            others: ways(t, others),
        },
        EnrolStep::Keep => StepView::Codes {
            codes: machine.recovery_codes(),
        },
    })
}

fn title(t: Texts, why: Why) -> String {
    match why {
        Why::SecondKind { .. } => t.say("bind-second-title"),
        Why::Required | Why::Grace { .. } | Why::Ticket => t.say("bind-choose-title"),
    }
}

/// M02, M03, M04.
fn reason(t: Texts, why: Why, now: i64) -> String {
    match why {
        Why::Required => t.say("bind-required"),
        Why::Grace { until } => {
            let moment = utc::text(until);
            let date = moment.split('T').next().unwrap_or_default().to_owned();
            let days = (until - now).max(0) / 86_400;
            t.fill("bind-grace", [("date", date), ("days", days.to_string())])
        }
        Why::SecondKind { required: false } => t.say("bind-second-text"),
        Why::SecondKind { required: true } => t.say("bind-second-required"),
        Why::Ticket => t.say("bind-by-ticket"),
    }
}

/// In the order given, what is known about each.
fn known(methods: &[Method]) -> impl Iterator<Item = Compared> {
    methods
        .iter()
        .filter_map(|method| compared().into_iter().find(|one| one.method == *method))
}

fn choice(t: Texts, known: Compared) -> ChoiceView {
    ChoiceView {
        word: known.method.as_str(),
        name: t.say(known.name),
        level: t.say(badge(known.level)),
        class: known.level.as_str(),
        advice: t.say(known.advice),
    }
}

fn ways(t: Texts, others: &[Method]) -> Vec<WayView> {
    let way = |other: Compared| WayView {
        word: other.method.as_str(),
        label: t.fill("bind-instead", [("kind", t.say(other.name))]),
    };
    known(others).map(way).collect()
}

/// What a form of these pages tells the machine; `None` for a form that does not fit the page.
pub(super) fn answer(
    app: &AppState,
    flow: &Flow,
    (machine, prompt): (&SignIn, &EnrolPrompt),
    params: &Params,
) -> Result<Option<Answer>, Fault> {
    let action = params.value("action").unwrap_or_default();
    if let Some(method) = action
        .strip_prefix("bind-")
        .and_then(|word| word.parse::<Method>().ok())
    {
        return Ok(Some(Answer::Bind(method)));
    }
    Ok(match (&prompt.step, action) {
        (_, "later") => Some(Answer::Later),
        (EnrolStep::Ticket, "ticket") => {
            let shown = params.value("ticket").unwrap_or_default();
            Some(Answer::Ticket(SecretText::from(shown)))
        }
        (EnrolStep::App { .. }, "code") => params.value("code").map(|text| Answer::Code(SecretText::from(text))),
        (EnrolStep::Key { .. }, "create") => Some(key::answer(app, flow, machine, params)?),
        (EnrolStep::Keep, "kept") if params.value("kept") == Some("yes") => Some(Answer::Kept),
        (EnrolStep::Keep, "kept") => Some(Answer::BindRefused(BindTrouble::NotKept)),
        _ => None,
    })
}

/// What the machine of this flow is asked about binding, if it is.
pub(super) fn asked(flow: &Flow) -> Option<(&SignIn, &EnrolPrompt)> {
    match &flow.stage {
        Stage::Asking {
            machine,
            question: Question::Enrol(prompt),
        } => Some((machine, prompt)),
        _ => None,
    }
}
