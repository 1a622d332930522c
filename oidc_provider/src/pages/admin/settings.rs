//! `/admin/settings` (R32): three groups, shown, and changed one at a time.

use super::overview::fault;
use super::setting_words;
use super::troubles;
use super::view::{Cell, Field, Link, Section, Trouble, deed, sheet};
use crate::admin::Seat;
use crate::app::App;
use crate::http::Fault;
use crate::oidc::authorize::respond;
use crate::pages::problem::Problem;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use samekey_shared::administration::{Draft, FIELDS, Global, Group};
use samekey_shared::roles::Action;
use samekey_shared::texts::Texts;

const PAGE: &str = "/admin/settings";

fn title(t: Texts, group: Group) -> String {
    match group {
        Group::Security => t.say("admin-settings-security"),
        Group::Mfa => t.say("admin-settings-mfa"),
        Group::Network => t.say("admin-settings-network"),
    }
}

/// `GET /admin/settings`
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a path would fix the desk's lifetime"
)]
pub(super) async fn show(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let settings = seat.work(&app, |desk| desk.settings()).await.map_err(fault)?;
    let mut view = sheet(&app, &seat, PAGE, t.say("admin-tab-settings"));
    view.notice = match seat.field("done") {
        "changed" => Some(t.say("admin-done-settings")),
        "nothing" => Some(t.say("admin-done-nothing")),
        _ => None,
    };
    let may_change = seat.may(Action::SettingsChange, None);
    view.sections = Group::ALL
        .iter()
        .map(|group| section(t, *group, &settings, may_change))
        .collect();
    view.show()
}

fn section(t: Texts, group: Group, settings: &Global, may_change: bool) -> Section {
    let fields = FIELDS.iter().filter(|field| field.group == group);
    let modify = Link {
        address: format!("{PAGE}/{}", group.as_str()),
        label: t.say("admin-modify"),
        class: "second",
    };
    Section {
        id: group.as_str(),
        title: title(t, group),
        facts: fields
            .map(|field| {
                let value = setting_words::value(t, field.key, &field.value(settings));
                (setting_words::name(t, field.key), Cell::Plain(value))
            })
            .collect(),
        links: if may_change { vec![modify] } else { Vec::new() },
        ..Section::default()
    }
}

fn group(word: &str) -> Result<Group, Fault> {
    let found = Group::ALL.iter().copied().find(|group| group.as_str() == word);
    found.ok_or_else(|| Problem::NoSuchPage.into())
}

/// `GET /admin/settings/<group>`
pub(super) async fn ask(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(word): Path<String>,
) -> Result<Response, Fault> {
    asked(&app, &seat, group(&word)?, None).await
}

/// `POST /admin/settings/<group>`
pub(super) async fn change(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(word): Path<String>,
) -> Result<Response, Fault> {
    let group = group(&word)?;
    let of_group = FIELDS.iter().filter(|field| field.group == group);
    let draft: Draft = of_group
        .map(|field| (field.key.to_owned(), seat.field(field.key).to_owned()))
        .collect();
    match seat.work(&app, move |desk| desk.change_settings(&draft)).await {
        Ok(true) => respond::see_other("/admin/settings?done=changed"),
        Ok(false) => respond::see_other("/admin/settings?done=nothing"),
        Err(refused) => asked(&app, &seat, group, Some(troubles::told(seat.visitor.t, refused)?)).await,
    }
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a path would fix the desk's lifetime"
)]
async fn asked(app: &App, seat: &Seat, group: Group, problem: Option<Trouble>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let settings = seat.work(app, |desk| desk.settings()).await.map_err(fault)?;
    let typed = problem.is_some();
    let fields = FIELDS.iter().filter(|field| field.group == group).map(|field| {
        let how = setting_words::hint(t, field);
        let key = t.fill("admin-setting-key", [("key", field.key)]);
        let there = field.value(&settings);
        Field {
            name: field.key,
            label: setting_words::name(t, field.key),
            hint: Some(format!("{how} {key}").trim_start().to_owned()),
            options: setting_words::options(t, field, &there),
            value: if typed { seat.field(field.key).to_owned() } else { there },
            required: false,
        }
    });
    let mut view = deed(app, seat, PAGE, title(t, group));
    view.fields = fields.collect();
    view.text = t.say("admin-settings-text");
    view.address = format!("{PAGE}/{}", group.as_str());
    view.button = t.say("admin-modify");
    view.problem = problem;
    view.show()
}
