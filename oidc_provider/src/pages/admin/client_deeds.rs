//! What is hard to undo about an application: a new secret, and its removal.

use super::clients::{LIST, shown_once};
use super::deeds::confirmation;
use super::overview::fault;
use super::troubles;
use super::view::{Trouble, deed, text_field};
use crate::admin::{Seat, clients};
use crate::app::App;
use crate::clients::ClientId;
use crate::http::Fault;
use crate::oidc::authorize::respond;
use crate::pages::problem::Problem;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use samekey_shared::administration::AdministrationError;
use samekey_shared::flows::unbind::CONFIRMATION;

/// `GET /admin/clients/<id>/secret`
pub(super) async fn ask_secret(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    ask(&app, &seat, &id, Ask::Secret, None)
}

/// `POST /admin/clients/<id>/secret`
pub(super) async fn new_secret(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let id: ClientId = id.parse().map_err(|_| Problem::NoSuchPage)?;
    let wanted = id.clone();
    let overlap = overlap(seat.field("overlap"));
    let done = seat
        .work(&app, move |desk| Ok(clients::new_secret(desk, &wanted, overlap)))
        .await
        .map_err(fault)?;
    match done {
        Ok(secret) => shown_once(&app, &seat, &id, &secret.0),
        Err(error) => {
            let problem = troubles::of_client(seat.visitor.t, error)?;
            ask(&app, &seat, id.as_str(), Ask::Secret, Some(problem))
        }
    }
}

/// For how long the old secret is good too: one of these, and no other is heard.
const OVERLAPS: [(&str, i64); 4] = [("0h", 0), ("1h", 3600), ("24h", 86_400), ("7d", 7 * 86_400)];

fn overlap(word: &str) -> i64 {
    let known = OVERLAPS.iter().find(|(known, _)| *known == word);
    known.map_or(0, |(_, seconds)| *seconds)
}

/// `GET /admin/clients/<id>/remove`
pub(super) async fn ask_remove(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    ask(&app, &seat, &id, Ask::Remove, None)
}

/// `POST /admin/clients/<id>/remove`
pub(super) async fn remove(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let wanted: ClientId = id.parse().map_err(|_| Problem::NoSuchPage)?;
    if !seat.field("confirmation").trim().eq_ignore_ascii_case(CONFIRMATION) {
        let unsure = AdministrationError::NotConfirmed;
        return ask(&app, &seat, &id, Ask::Remove, Some(troubles::told(t, unsure.into())?));
    }
    match seat
        .work(&app, move |desk| Ok(clients::remove(desk, &wanted)))
        .await
        .map_err(fault)?
    {
        Ok(()) => respond::see_other("/admin/clients?done=removed"),
        Err(error) => ask(&app, &seat, &id, Ask::Remove, Some(troubles::of_client(t, error)?)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Secret,
    Remove,
}

fn ask(app: &App, seat: &Seat, id: &str, what: Ask, problem: Option<Trouble>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let id: ClientId = id.parse().map_err(|_| Problem::NoSuchPage)?;
    let (title, text, path) = match what {
        Ask::Secret => (
            t.say("admin-client-secret"),
            t.fill("admin-client-secret-text", [("id", id.as_str())]),
            "secret",
        ),
        Ask::Remove => (
            t.say("admin-remove"),
            t.fill("admin-client-remove-text", [("id", id.as_str())]),
            "remove",
        ),
    };
    let mut view = deed(app, seat, LIST, title.clone());
    view.text = text;
    view.button = title;
    view.danger = true;
    view.fields = if what == Ask::Remove {
        vec![confirmation(t)]
    } else {
        let mut field = text_field(t, "overlap", "admin-client-overlap", "0h");
        field.options = OVERLAPS.map(|(word, _)| (word.to_owned(), word.to_owned())).into();
        vec![field]
    };
    view.address = format!("{LIST}/{id}/{path}");
    view.back = format!("{LIST}/{id}");
    view.problem = problem;
    view.show()
}
