//! Refusals as `application/problem+json` (RFC 9457), each with a stable code of requirements 3.1.

use crate::admin::Refused;
use crate::admin::clients::ClientError;
use crate::clients::RegistrationError;
use crate::http::Fault;
use crate::http::json::json;
use crate::pages::problem::Problem;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use samekey_shared::accounts::AccountError;
use samekey_shared::administration::AdministrationError;
use samekey_shared::texts::Texts;
use serde::Serialize;
use utoipa::ToSchema;

/// What a refusal says.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// Always `about:blank`: the code tells more.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The status.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// The stable code (requirements 3.1).
    pub code: &'static str,
}

/// Why a call came to nothing.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
        }
    }

    /// Nobody is signed in.
    pub fn sign_in_required() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign_in_required", "sign in at /login first")
    }

    /// The proof is too old, or too weak.
    pub fn confirmation_required() -> Self {
        let told = "prove a second factor once more: open /admin in the same browser session";
        Self::new(StatusCode::FORBIDDEN, "confirmation_required", told)
    }

    /// Something that was sent is not what it should be.
    pub fn invalid(detail: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    /// What was named does not exist.
    pub fn not_found() -> Self {
        AdministrationError::NotFound.into()
    }

    /// We failed.
    pub fn failed() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            "something failed on our side",
        )
    }
}

impl From<AdministrationError> for ApiError {
    fn from(error: AdministrationError) -> Self {
        let status = match &error {
            AdministrationError::NotAllowed | AdministrationError::OnOneself => StatusCode::FORBIDDEN,
            AdministrationError::NotFound | AdministrationError::Account(AccountError::NotFound) => {
                StatusCode::NOT_FOUND
            }
            AdministrationError::LastAdministrator
            | AdministrationError::HardRule
            | AdministrationError::Document
            | AdministrationError::ChangedMeanwhile
            | AdministrationError::Refused(_)
            | AdministrationError::Account(AccountError::NameTaken(_)) => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.code(), error.to_string())
    }
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        let error = match error {
            ClientError::Administration(error) => return Refused::from(error).into(),
            ClientError::Registration(error) => error,
        };
        let detail = error.to_string();
        match error {
            RegistrationError::Store(error) => Refused::from(AdministrationError::from(error)).into(),
            RegistrationError::Entropy(_) => Self::failed(),
            RegistrationError::Absent => Self::new(StatusCode::NOT_FOUND, "not_found", detail),
            RegistrationError::Exists | RegistrationError::KindChanged => {
                Self::new(StatusCode::CONFLICT, "name_taken", detail)
            }
            _ => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Told(error) => error.into(),
            Refused::Failed(fault) => fault.into(),
        }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::new(problem.status(), problem.code(), problem.text(Texts::ENGLISH))
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Page { problem, cause } => {
                if let Some(cause) = cause {
                    tracing::error!(cause, "a call of the API could not be answered");
                }
                problem.into()
            }
            Fault::Json { .. } | Fault::Token(_) => Self::failed(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let document = ProblemDocument {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code,
        };
        let value = serde_json::to_value(&document).unwrap_or_default();
        let mut response = json(self.status, &value);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}
