//! `/api/v1/audit`: the trail searched and taken away.

use super::{ApiError, ProblemDocument, limit, told};
use crate::admin::Seat;
use crate::app::App;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::response::Response;
use samekey_shared::administration::Search;
use samekey_shared::policy::parse_moment;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Events of one download.
const MOST_LINES: u32 = 10_000;

/// Where the next download begins.
const NEXT: HeaderName = HeaderName::from_static("x-samekey-next");

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// The newest first, each as it was hashed.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Value>,
    /// `before` of the next page, if there is more to look through.
    pub next: Option<i64>,
}

/// What a query looks for; an unknown word is refused rather than passed over.
pub(crate) fn search(seat: &Seat) -> Result<Search, &'static str> {
    let moment = |name: &str| match seat.params.value(name) {
        None => Ok(None),
        Some(text) => parse_moment(text)
            .or_else(|_| text.parse().map_err(|_| "time"))
            .map(Some),
    };
    let kind = seat.params.value("kind").map(str::parse).transpose();
    let request = seat.params.value("request").map(str::parse).transpose();
    Ok(Search {
        account: seat.params.value("account").map(|name| name.trim().to_lowercase()),
        kind: kind.map_err(|_| "kind")?,
        request: request.map_err(|_| "request")?,
        from: moment("from")?,
        until: moment("until")?,
    })
}

/// Searches the trail, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(
    ("account" = Option<String>, Query), ("kind" = Option<String>, Query), ("request" = Option<String>, Query),
    ("from" = Option<String>, Query, description = "a day, a moment, or seconds since 1970"),
    ("until" = Option<String>, Query), ("before" = Option<i64>, Query, description = "the event's number before the page"),
    ("limit" = Option<u32>, Query)), responses((status = 200, body = EventPage), (status = 400, body = ProblemDocument)))]
pub async fn list(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    let search = search(&seat).map_err(|what| ApiError::invalid(format!("{what} cannot be read")))?;
    let before = number(&seat, "before")?;
    let limit = limit(&seat)? as usize;
    let found = seat.work(&app, move |desk| desk.events(&search, before, limit)).await?;
    let events = found.records.iter().map(|record| serde_json::from_str(&record.event));
    told(&EventPage {
        events: events.collect::<Result<_, _>>().map_err(|_| ApiError::failed())?,
        next: found.next,
    })
}

/// Takes events away as JSON lines, each with its hash and the one before it; `X-Samekey-Next` says where to go on.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit",
    params(("after" = Option<i64>, Query, description = "the event's number before the first line")),
    responses((status = 200, description = "JSON lines"), (status = 403, body = ProblemDocument)))]
pub async fn export(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    let after = number(&seat, "after")?.unwrap_or_default();
    let (lines, last) = seat.work(&app, move |desk| desk.export(after, MOST_LINES)).await?;
    let mut response = Response::new(Body::from(lines));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    let file = HeaderValue::from_static("attachment; filename=\"audit.jsonl\"");
    headers.insert(CONTENT_DISPOSITION, file);
    headers.insert(NEXT, HeaderValue::from(last));
    Ok(response)
}

fn number(seat: &Seat, name: &str) -> Result<Option<i64>, ApiError> {
    let number = seat.params.value(name).map(str::parse).transpose();
    number.map_err(|_| ApiError::invalid(format!("{name} is a number")))
}
