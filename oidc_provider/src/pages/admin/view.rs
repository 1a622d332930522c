//! The administrators' two templates as types: a page of sections to look at, and a deed that asks first.

use crate::admin::Seat;
use crate::app::AppState;
use crate::http::Fault;
use crate::http::headers::Scripts;
use crate::pages::{Frame, page};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::audit::utc;
use samekey_shared::qr::Outline;
use samekey_shared::roles::Action;
use samekey_shared::texts::Texts;

/// One of the tabs over every page.
#[derive(Debug, Clone)]
pub(super) struct Tab {
    pub address: &'static str,
    pub label: String,
    pub current: bool,
}

/// What stands in a table or beside a label.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Plain(String),
    /// What may break anywhere, since it holds hashes and addresses.
    Long(String),
    /// Address and text.
    Link(String, String),
    /// Class and text.
    Badge(&'static str, String),
    Code(String),
    Button(Button),
}

/// A small form of one button.
#[derive(Debug, Clone)]
pub(super) struct Button {
    pub action: &'static str,
    pub field: &'static str,
    pub value: String,
    pub label: String,
    /// What it does to which row, for those who hear it alone.
    pub aria: String,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Plain(number.to_string())
    }
}

/// A table.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub caption: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
    /// What is said where it has no rows.
    pub empty: String,
}

impl Table {
    /// The cells of a row with their columns' names.
    pub(super) fn labelled<'a>(&'a self, row: &'a [Cell]) -> impl Iterator<Item = (&'a String, &'a Cell)> {
        self.columns.iter().zip(row)
    }
}

/// A link that looks like a button.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub address: String,
    pub label: String,
    pub class: &'static str,
}

/// A picture and the same as a table.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub address: &'static str,
    pub alt: String,
    pub summary: String,
    pub table: Table,
}

/// A part of a page.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub id: &'static str,
    pub title: String,
    pub text: Option<String>,
    /// Numbers shown large, and what each counts.
    pub figures: Vec<(String, Cell)>,
    pub facts: Vec<(String, Cell)>,
    /// What a phone's camera takes.
    pub qr: Option<Outline>,
    pub picture: Option<Picture>,
    pub table: Option<Table>,
    pub verbatim: Option<String>,
    pub links: Vec<Link>,
}

/// A field of a form; with options it is a choice.
#[derive(Debug, Clone, Default)]
pub(super) struct Field {
    pub name: &'static str,
    pub label: String,
    pub hint: Option<String>,
    pub value: String,
    pub options: Vec<(String, String)>,
    pub required: bool,
}

/// What went wrong before.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub sentence: String,
    pub code: &'static str,
    pub status: StatusCode,
}

/// A page to look at.
#[derive(Template)]
#[template(path = "admin.html")]
pub(super) struct Sheet<'a> {
    pub frame: Frame<'a>,
    pub tabs: Vec<Tab>,
    pub title: String,
    pub csrf: String,
    pub notice: Option<String>,
    pub problem: Option<Trouble>,
    /// Where the search goes.
    pub address: &'static str,
    pub filter: Vec<Field>,
    /// What the search is called, and its button.
    pub search: (Option<String>, String),
    pub sections: Vec<Section>,
    pub next: Option<String>,
}

/// A change that asks first.
#[derive(Template)]
#[template(path = "admin_deed.html")]
pub(super) struct Deed<'a> {
    pub frame: Frame<'a>,
    pub tabs: Vec<Tab>,
    pub title: String,
    pub csrf: String,
    pub problem: Option<Trouble>,
    pub text: String,
    pub address: String,
    pub fields: Vec<Field>,
    pub button: String,
    pub danger: bool,
    pub back: String,
}

/// Address, key of the label, and who sees it.
const TABS: [(&str, &str, Action); 7] = [
    ("/admin", "admin-tab-overview", Action::OverviewSee),
    ("/admin/accounts", "admin-tab-accounts", Action::AccountsSee),
    ("/admin/sessions", "admin-tab-sessions", Action::SessionsSee),
    ("/admin/clients", "admin-tab-clients", Action::ClientsSee),
    ("/admin/settings", "admin-tab-settings", Action::SettingsSee),
    ("/admin/policy", "admin-tab-policy", Action::PolicySee),
    ("/admin/audit", "admin-tab-audit", Action::AuditSee),
];

fn tabs(seat: &Seat, current: &str) -> Vec<Tab> {
    let seen = TABS.into_iter().filter(|(_, _, action)| seat.may(*action, None));
    seen.map(|(address, key, _)| Tab {
        address,
        label: seat.visitor.t.say(key),
        current: address == current,
    })
    .collect()
}

/// A page under this tab, to be filled.
pub(super) fn sheet<'a>(app: &'a AppState, seat: &Seat, tab: &'static str, title: String) -> Sheet<'a> {
    Sheet {
        frame: Frame::new(app, seat.visitor.t).signed_in(&seat.session).wide(),
        tabs: tabs(seat, tab),
        title,
        csrf: seat.token(app),
        notice: None,
        problem: None,
        address: tab,
        filter: Vec::new(),
        search: (None, seat.visitor.t.say("admin-search")),
        sections: Vec::new(),
        next: None,
    }
}

/// A deed under this tab, to be filled.
pub(super) fn deed<'a>(app: &'a AppState, seat: &Seat, tab: &'static str, title: String) -> Deed<'a> {
    Deed {
        frame: Frame::new(app, seat.visitor.t).signed_in(&seat.session).wide(),
        tabs: tabs(seat, tab),
        title,
        csrf: seat.token(app),
        problem: None,
        text: String::new(),
        address: String::new(),
        fields: Vec::new(),
        button: String::new(),
        danger: false,
        back: tab.to_owned(),
    }
}

impl Sheet<'_> {
    pub(super) fn show(self) -> Result<Response, Fault> {
        let status = self.problem.as_ref().map(|problem| problem.status);
        with_status(page(&self, &[], Scripts::None)?, status)
    }
}

impl Deed<'_> {
    pub(super) fn show(self) -> Result<Response, Fault> {
        let status = self.problem.as_ref().map(|problem| problem.status);
        with_status(page(&self, &[], Scripts::None)?, status)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the end of a chain of results")]
fn with_status(mut response: Response, status: Option<StatusCode>) -> Result<Response, Fault> {
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    Ok(response)
}

/// `2026-05-01 12:00 UTC`
pub(super) fn minute(moment: i64) -> String {
    let text = utc::text(moment).replace('T', " ");
    let end = text.rfind(':').unwrap_or(text.len());
    format!("{} UTC", &text[..end])
}

/// The same, or that it never was.
pub(super) fn minute_or_never(t: Texts, moment: Option<i64>) -> String {
    moment.map_or_else(|| t.say("admin-never"), minute)
}

/// A field of one line.
pub(super) fn text_field(t: Texts, name: &'static str, key: &str, value: impl Into<String>) -> Field {
    Field {
        name,
        label: t.say(key),
        value: value.into(),
        ..Field::default()
    }
}
