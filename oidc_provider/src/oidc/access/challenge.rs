//! What a request with a wrong access token, or with none, is answered: status, `WWW-Authenticate`, and the same as JSON
//! (RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470 section 3).

use super::Scheme;
use crate::http::Fault;
use crate::keys::Alg;
use crate::oidc::dpop::ALGS;
use crate::oidc::scope::Scope;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use samekey_shared::methods::{self, Level};
use std::fmt::Write;

/// What a token would have to be made of (RFC 9470 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepUp {
    /// At least this level.
    pub level: Option<Level>,
    /// Proven within so many seconds.
    pub max_age: Option<i64>,
}

/// Why a token gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessError {
    /// There was none: RFC 6750 section 3.1 wants bare challenges.
    Absent,
    /// It came twice, or in the query.
    Request(&'static str),
    /// It is unknown, expired, revoked, or not whose it was shown as; never told which.
    Token(Scheme),
    /// It came with a proof that is none, or with none at all.
    Proof(&'static str),
    /// Its proof must hold the nonce of this answer.
    Nonce,
    /// It does not cover this.
    Scope(Scheme, Scope),
    /// What it was given for was not proven well enough, or not lately enough.
    Authentication(Scheme, StepUp),
}

impl From<AccessError> for Fault {
    fn from(error: AccessError) -> Self {
        Self::Token(error)
    }
}

impl AccessError {
    /// The answer's status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::Scope(..) => StatusCode::FORBIDDEN,
            Self::Absent | Self::Token(_) | Self::Proof(_) | Self::Nonce | Self::Authentication(..) => {
                StatusCode::UNAUTHORIZED
            }
        }
    }

    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Request(_) => "invalid_request",
            Self::Absent | Self::Token(_) => "invalid_token",
            Self::Proof(_) => "invalid_dpop_proof",
            Self::Nonce => "use_dpop_nonce",
            Self::Scope(..) => "insufficient_scope",
            Self::Authentication(..) => "insufficient_user_authentication",
        }
    }

    /// A sentence for the application's developer.
    pub fn description(self) -> &'static str {
        match self {
            Self::Request(what) | Self::Proof(what) => what,
            Self::Absent => "there is no access token",
            Self::Token(Scheme::Bearer) => {
                "the access token is expired, revoked or unknown, or bound to another certificate"
            }
            Self::Token(Scheme::Dpop) => {
                "the access token is expired, revoked or unknown, or not bound to this DPoP key"
            }
            Self::Nonce => "the DPoP proof must hold the nonce of this answer",
            Self::Scope(..) => "the access token does not cover this",
            Self::Authentication(..) => "the person must prove more, or prove it anew",
        }
    }

    /// The challenges, one to a line.
    pub fn challenges(self) -> Vec<HeaderValue> {
        let scheme = match self {
            Self::Absent => return told(&["Bearer".to_owned(), dpop("")]),
            Self::Request(_) => return Vec::new(),
            Self::Proof(_) | Self::Nonce => Scheme::Dpop,
            Self::Token(scheme) | Self::Scope(scheme, _) | Self::Authentication(scheme, _) => scheme,
        };
        let mut members = format!(
            " error=\"{}\", error_description=\"{}\"",
            self.code(),
            self.description()
        );
        match self {
            Self::Scope(_, scope) => add(&mut members, "scope", &format!("\"{}\"", scope.name())),
            Self::Authentication(_, step_up) => {
                if let Some(level) = step_up.level {
                    add(&mut members, "acr_values", &format!("\"{}\"", names(level)));
                }
                if let Some(age) = step_up.max_age {
                    add(&mut members, "max_age", &age.to_string());
                }
            }
            _ => {}
        }
        told(&[match scheme {
            Scheme::Bearer => format!("Bearer{members}"),
            Scheme::Dpop => dpop(&members),
        }])
    }

    /// The answer as JSON.
    pub fn response(self) -> Response {
        let body = serde_json::json!({ "error": self.code(), "error_description": self.description() });
        let mut response = (self.status(), body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(HeaderName::from_static("pragma"), HeaderValue::from_static("no-cache"));
        for challenge in self.challenges() {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn add(members: &mut String, name: &str, value: &str) {
    let _ = write!(members, ", {name}={value}");
}

/// Any of these names will do: that level's, and those of the levels above it.
fn names(least: Level) -> String {
    let enough = Level::ALL.into_iter().filter(|level| *level >= least);
    enough.filter_map(methods::acr).collect::<Vec<_>>().join(" ")
}

fn dpop(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!("DPoP{members}{comma} algs=\"{}\"", ALGS.map(Alg::name).join(" "))
}

fn told(lines: &[String]) -> Vec<HeaderValue> {
    lines
        .iter()
        .filter_map(|line| HeaderValue::from_str(line).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn algs() -> String {
        format!("algs=\"{}\"", ALGS.map(Alg::name).join(" "))
    }

    fn lines(error: AccessError) -> Vec<String> {
        let challenges = error.challenges();
        challenges
            .iter()
            .map(|line| line.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn challenges_are_those_of_their_specifications() {
        assert_eq!(
            lines(AccessError::Absent),
            ["Bearer".to_owned(), format!("DPoP {}", algs())],
            "RFC 6750 section 3.1: no error where there was no token"
        );
        assert!(lines(AccessError::Request("x")).is_empty());
        assert!(lines(AccessError::Token(Scheme::Bearer))[0].starts_with("Bearer error=\"invalid_token\", "));
        let nonce = &lines(AccessError::Nonce)[0];
        assert!(nonce.starts_with("DPoP error=\"use_dpop_nonce\", ") && nonce.ends_with(&algs()));
        assert!(lines(AccessError::Scope(Scheme::Bearer, Scope::Openid))[0].ends_with("scope=\"openid\""));
        let step_up = StepUp {
            level: Some(Level::Highest),
            max_age: Some(600),
        };
        let asked = &lines(AccessError::Authentication(Scheme::Bearer, step_up))[0];
        assert!(
            asked.starts_with("Bearer error=\"insufficient_user_authentication\", ")
                && asked.ends_with("acr_values=\"phr phrh\", max_age=600"),
            "{asked}"
        );
    }
}
