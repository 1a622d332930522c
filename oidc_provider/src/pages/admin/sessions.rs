//! `/admin/sessions`: every live browser session, ended one by one.

use super::overview::fault;
use super::troubles;
use super::view::{Button, Cell, Section, Table, Trouble, minute, sheet};
use crate::admin::sessions::{self, Listed};
use crate::admin::{Refused, Seat};
use crate::app::App;
use crate::http::Fault;
use crate::oidc::authorize::respond;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use samekey_shared::administration::{AdministrationError, PAGE};
use samekey_shared::roles::Action;
use samekey_shared::texts::Texts;

const LIST: &str = "/admin/sessions";

/// `GET /admin/sessions`
pub(super) async fn list(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    shown(&app, &seat, None).await
}

/// `POST /admin/sessions`
pub(super) async fn end(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let Ok(id) = seat.field("session").parse() else {
        let gone = Refused::Told(AdministrationError::NotFound);
        return shown(&app, &seat, Some(troubles::told(t, gone)?)).await;
    };
    match seat.work(&app, move |desk| sessions::end(desk, id)).await {
        Ok(()) => respond::see_other("/admin/sessions?done=ended"),
        Err(refused) => shown(&app, &seat, Some(troubles::told(t, refused)?)).await,
    }
}

async fn shown(app: &App, seat: &Seat, problem: Option<Trouble>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let after = seat.field("after").to_owned();
    let found = seat
        .work(app, move |desk| sessions::page(desk, &after, PAGE))
        .await
        .map_err(fault)?;
    let mut view = sheet(app, seat, LIST, t.say("admin-tab-sessions"));
    view.notice = (seat.field("done") == "ended").then(|| t.say("admin-done-signed-out"));
    view.problem = problem;
    view.sections.push(Section {
        id: "live",
        title: t.say("admin-sessions-live"),
        table: Some(table(t, seat, &found.items)),
        ..Section::default()
    });
    view.next = found.next.map(|next| format!("{LIST}?after={next}"));
    view.show()
}

fn table(t: Texts, seat: &Seat, items: &[Listed]) -> Table {
    let row = |one: &Listed| {
        let mut cells = vec![
            Cell::Link(format!("/admin/accounts/{}", one.account), one.account.to_string()),
            one.browser.clone().into(),
            one.source.clone().into(),
            minute(one.signed_in_at).into(),
            minute(one.seen_at).into(),
        ];
        cells.push(if one.id == seat.session.id {
            Cell::Badge("good", t.say("admin-this-session"))
        } else if seat.may(Action::SessionsEnd, None) {
            Cell::Button(Button {
                action: LIST,
                field: "session",
                value: one.id.to_string(),
                label: t.say("admin-end"),
                aria: t.fill("admin-end-of", [("name", one.account.as_str())]),
            })
        } else {
            "".into()
        });
        cells
    };
    let columns = [
        "admin-user-name",
        "admin-browser",
        "admin-source",
        "admin-signed-in-at",
        "admin-seen-at",
        "admin-operation",
    ];
    Table {
        caption: t.say("admin-sessions-live"),
        columns: columns.map(|key| t.say(key)).into(),
        rows: items.iter().map(row).collect(),
        empty: t.say("admin-no-sessions"),
    }
}
