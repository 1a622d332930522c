//! The administrators' JSON API, `/api/v1`: thin handlers over the desk, described by utoipa from their own types.
//!
//! A program signs in as a person does and sends its session's cookie; what changes something also sends the form token
//! that `GET /api/v1/me` tells, in the header `X-Samekey-Csrf`, and needs a proof of the last minutes. Or it brings an access
//! token of an administrator, bound to its key or certificate, with the scope `samekey:admin` (decision 19). Making is `PUT` to
//! the thing's own name, so that a retry makes nothing twice.

pub mod accounts;
pub mod clients;
pub mod description;
pub mod devices;
mod problem;
pub mod realm;
pub mod sessions;
pub mod trail;

pub use problem::{ApiError, ProblemDocument};

use super::Seat;
use crate::http::json::json;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::accounts::LoginName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// Items of a page, unless asked for fewer.
const LIMIT: u32 = 100;

/// What a change came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// Whether anything is other than before.
    pub changed: bool,
}

/// 200 with this.
fn told(value: &impl Serialize) -> Result<Response, ApiError> {
    let value = serde_json::to_value(value).map_err(|_| ApiError::failed())?;
    Ok(json(StatusCode::OK, &value))
}

/// 200 with whether something was changed.
fn changed(changed: bool) -> Result<Response, ApiError> {
    told(&Changed { changed })
}

/// The body, of exactly this shape.
fn body<T: DeserializeOwned>(seat: &Seat) -> Result<T, ApiError> {
    let text: &[u8] = if seat.json.is_empty() { b"{}" } else { &seat.json };
    serde_json::from_slice(text).map_err(|why| ApiError::invalid(why.to_string()))
}

/// The account that a path names.
fn named(name: &str) -> Result<LoginName, ApiError> {
    name.parse().map_err(|_| ApiError::not_found())
}

fn limit(seat: &Seat) -> Result<u32, ApiError> {
    match seat.params.value("limit") {
        None => Ok(LIMIT),
        Some(text) => match text.parse() {
            Ok(limit @ 1..=1000) => Ok(limit),
            _ => Err(ApiError::invalid("limit is a number from 1 to 1000".into())),
        },
    }
}
