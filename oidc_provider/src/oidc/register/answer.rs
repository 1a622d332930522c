//! The answers of `/register`: RFC 7591 section 3.2, RFC 7592 section 3.

use crate::clients::{BadMember, Client, InitialTokenError, RegistrationError, metadata};
use crate::http::{Failure, Fault};
use crate::oidc::errors::{ProtocolError, Token};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use samekey_shared::entropy::EntropyError;
use samekey_shared::secrets::SecretText;
use samekey_shared::store::StoreError;
use serde_json::{Value, json};

/// Why nothing is registered, told or changed.
#[derive(Debug)]
pub(super) enum Refused {
    /// The document: one of RFC 7591's codes, and a sentence that repeats nothing of it.
    Document {
        /// The code.
        code: &'static str,
        /// The sentence.
        why: String,
    },
    /// No token where one is needed.
    NoToken,
    /// A token that is none, or none any more, or another client's: never told which.
    WrongToken,
    /// A request that is none.
    Request(&'static str),
    /// Too many strangers have registered.
    Full,
    /// We failed.
    Failed(Failure),
}

impl Refused {
    pub(super) fn metadata(why: impl Into<String>) -> Self {
        Self::Document {
            code: "invalid_client_metadata",
            why: why.into(),
        }
    }

    pub(super) fn statement() -> Self {
        Self::Document {
            code: "unapproved_software_statement",
            why: "software statements are not accepted here".to_owned(),
        }
    }

    /// As an answer, or as the fault that our own failures are.
    pub(super) fn told(self) -> Result<Response, Fault> {
        match self {
            Self::Failed(failure) => Err(Fault::as_json(&failure)),
            other => Ok(other.response()),
        }
    }

    pub(super) fn response(self) -> Response {
        match self {
            Self::Document { code, why } => {
                // RFC 6749 section 5.2: no quotes, no backslashes, nothing but ASCII.
                let plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
                let why: String = why.chars().filter(plain).collect();
                answer(
                    StatusCode::BAD_REQUEST,
                    &json!({ "error": code, "error_description": why }),
                )
            }
            Self::NoToken => ProtocolError::InvalidToken(Token::Absent).response(),
            Self::WrongToken => ProtocolError::InvalidToken(Token::Wrong).response(),
            Self::Request(why) => ProtocolError::InvalidRequest(why).response(),
            Self::Full => ProtocolError::TemporarilyUnavailable.response(),
            Self::Failed(failure) => {
                tracing::error!(%failure, "an application could not be registered");
                ProtocolError::ServerError.response()
            }
        }
    }
}

impl From<BadMember> for Refused {
    fn from(bad: BadMember) -> Self {
        Self::metadata(bad.to_string())
    }
}

impl From<RegistrationError> for Refused {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::Store(error) => error.into(),
            RegistrationError::Entropy(error) => error.into(),
            RegistrationError::Redirect { why, .. } => Self::Document {
                code: "invalid_redirect_uri",
                why: why.to_string(),
            },
            RegistrationError::NoRedirect => Self::Document {
                code: "invalid_redirect_uri",
                why: error.to_string(),
            },
            RegistrationError::Alias(_) => Self::metadata("an unknown level"),
            RegistrationError::KindChanged => {
                Self::metadata("token_endpoint_auth_method: a public client stays public, another never becomes it")
            }
            other => Self::metadata(other.to_string()),
        }
    }
}

impl From<InitialTokenError> for Refused {
    fn from(error: InitialTokenError) -> Self {
        Self::Failed(Failure::Rendering(error.to_string()))
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<EntropyError> for Refused {
    fn from(error: EntropyError) -> Self {
        Self::Failed(error.into())
    }
}

/// The token of the `Authorization` header (RFC 6750 section 2.1), the only place that is looked at.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<SecretText>, Refused> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(Refused::Request("the Authorization header comes twice"));
    }
    let (scheme, token) = line
        .to_str()
        .ok()
        .and_then(|line| line.split_once(' '))
        .ok_or(Refused::WrongToken)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Some(SecretText::from(token)))
    } else {
        Err(Refused::WrongToken)
    }
}

/// What a client information response holds beside the metadata.
pub(super) struct Told<'a> {
    /// Where the client manages itself.
    pub address: String,
    /// With what.
    pub access: &'a str,
    /// Its secret, where it was given out or shown in this very request.
    pub secret: Option<&'a str>,
}

impl Told<'_> {
    pub(super) fn response(&self, client: &Client, status: StatusCode) -> Response {
        let mut members = metadata(client);
        members.insert("client_id".to_owned(), client.id.as_str().into());
        members.insert("client_id_issued_at".to_owned(), client.created_at.into());
        members.insert("registration_client_uri".to_owned(), self.address.as_str().into());
        members.insert("registration_access_token".to_owned(), self.access.into());
        if let Some(secret) = self.secret {
            members.insert("client_secret".to_owned(), secret.into());
            members.insert("client_secret_expires_at".to_owned(), 0.into());
        }
        answer(status, &Value::Object(members))
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("pragma"), HeaderValue::from_static("no-cache"));
    response
}
