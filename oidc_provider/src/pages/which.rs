//! "Which one should I choose?" (R102, R103): the methods side by side, from the data that the policy decides by.

use super::{Frame, page};
use crate::app::App;
use crate::http::headers::Scripts;
use crate::http::{Fault, Params};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use samekey_shared::flows::FlowError;
use samekey_shared::ids::RequestId;
use samekey_shared::methods::comparison::{Compared, badge, compared};
use samekey_shared::methods::{Level, Method};
use samekey_shared::texts::Texts;

/// Where it is.
pub const PAGE: &str = "/methods";

/// A level as its badge shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// The class: the level's word.
    pub class: &'static str,
    /// In words.
    pub words: String,
}

impl Badge {
    /// The badge of what this method proves.
    pub fn of(t: Texts, method: Method) -> Self {
        let level = method.level();
        Self {
            class: match level {
                Level::None | Level::Single => "low",
                Level::Medium => "medium",
                Level::High => "high",
                Level::Highest | Level::Hardware => "highest",
            },
            words: t.say(badge(level)),
        }
    }
}

/// The line that advises on a method (R102).
pub fn advice(t: Texts, method: Method) -> String {
    let found = compared().into_iter().find(|one| one.method == method);
    found.map(|one| t.say(one.advice)).unwrap_or_default()
}

/// One row.
struct Row {
    method: Compared,
    badge: Badge,
    /// Whether the policy accepts it where no rule says otherwise.
    accepted: bool,
}

#[derive(Template)]
#[template(path = "which.html")]
struct WhichView<'a> {
    frame: Frame<'a>,
    rows: Vec<Row>,
    back: Option<String>,
}

/// `GET /methods`
pub async fn show(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let accepted = app.realm.store.read(|tx| {
        let policy = app.realm.policy(tx)?;
        Ok::<_, FlowError>(policy.accepted().clone())
    })?;
    // Whence somebody came is shown only as an id of ours.
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let flow = params.value("flow").and_then(|flow| flow.parse::<RequestId>().ok());
    let frame = Frame::of(&app, &headers).wide();
    let t = frame.t;
    let view = WhichView {
        rows: compared()
            .into_iter()
            .map(|method| Row {
                badge: Badge::of(t, method.method),
                accepted: accepted.contains(&method.method),
                method,
            })
            .collect(),
        back: flow.map(|flow| format!("/sign-in?flow={flow}")),
        frame,
    };
    page(&view, &[], Scripts::None)
}
