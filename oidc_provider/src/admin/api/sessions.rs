//! `/api/v1/sessions`: browser sessions, listed and ended.

use super::{ApiError, Changed, ProblemDocument, changed, limit, named, told};
use crate::admin::{Seat, sessions};
use crate::app::App;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// A live browser session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionEntry {
    /// Its id: `sid` in tokens.
    pub id: String,
    /// The account's name.
    pub account: String,
    /// What its browser calls itself.
    pub browser: String,
    /// Where it was signed in.
    pub source: String,
    /// When its person signed in.
    pub signed_in_at: i64,
    /// When it was last used.
    pub seen_at: i64,
    /// When it ends.
    pub expires_at: i64,
}

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionPage {
    /// In the order of their ids.
    pub sessions: Vec<SessionEntry>,
    /// `after` of the next page, if there is one.
    pub next: Option<String>,
}

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedSessions {
    /// How many.
    pub ended: u64,
}

fn entry(session: sessions::Listed) -> SessionEntry {
    SessionEntry {
        id: session.id.to_string(),
        account: session.account.to_string(),
        browser: session.browser,
        source: session.source,
        signed_in_at: session.signed_in_at,
        seen_at: session.seen_at,
        expires_at: session.expires_at,
    }
}

/// Lists live browser sessions, page by page.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions", params(
    ("after" = Option<String>, Query, description = "the id before the page"), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = SessionPage), (status = 403, body = ProblemDocument)))]
pub async fn list(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    let limit = limit(&seat)?;
    let after = seat.field("after").to_owned();
    let page = seat.work(&app, move |desk| sessions::page(desk, &after, limit)).await?;
    told(&SessionPage {
        sessions: page.items.into_iter().map(entry).collect(),
        next: page.next,
    })
}

/// Lists the live browser sessions of an account.
#[utoipa::path(get, path = "/api/v1/accounts/{name}/sessions", tag = "sessions", params(("name" = String, Path)),
    responses((status = 200, body = SessionPage), (status = 404, body = ProblemDocument)))]
pub async fn of_account(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let found = seat.work(&app, move |desk| sessions::of_account(desk, &name)).await?;
    told(&SessionPage {
        sessions: found.into_iter().map(entry).collect(),
        next: None,
    })
}

/// Ends a session with every code and token given under it.
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", tag = "sessions", params(("session" = String, Path)),
    responses((status = 200, body = Changed), (status = 404, body = ProblemDocument)))]
pub async fn end(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(session): Path<String>,
) -> Result<Response, ApiError> {
    let session = session.parse().map_err(|_| ApiError::not_found())?;
    seat.work(&app, move |desk| sessions::end(desk, session)).await?;
    changed(true)
}

/// Signs an account out everywhere.
#[utoipa::path(delete, path = "/api/v1/accounts/{name}/sessions", tag = "sessions", params(("name" = String, Path)),
    responses((status = 200, body = EndedSessions), (status = 403, body = ProblemDocument)))]
pub async fn end_all(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let ended = seat.work(&app, move |desk| desk.sign_out(&name)).await?;
    told(&EndedSessions { ended })
}
