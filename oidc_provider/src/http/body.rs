//! Forms, bounded and strict.

use super::{Fault, Params};
use crate::pages::problem::Problem;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;

/// Most bytes of a form; the largest is an authorization request with long hints.
const MOST: usize = 16 * 1024;

/// Why a form was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadForm {
    /// Larger than we read.
    TooLarge,
    /// Another content type than `application/x-www-form-urlencoded`.
    NotAForm,
    /// Cut off, wrongly encoded, or with a repeated parameter.
    Malformed,
}

impl From<BadForm> for Fault {
    fn from(bad: BadForm) -> Self {
        match bad {
            BadForm::TooLarge => Problem::TooLarge.into(),
            BadForm::NotAForm | BadForm::Malformed => Problem::BadForm.into(),
        }
    }
}

/// Reads the form of a POST.
pub async fn form(request: Request) -> Result<Params, BadForm> {
    let is_form = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
    if !is_form {
        return Err(BadForm::NotAForm);
    }
    let bytes = to_bytes(request.into_body(), MOST)
        .await
        .map_err(|_| BadForm::TooLarge)?;
    Params::parse(&bytes).map_err(|_| BadForm::Malformed)
}
