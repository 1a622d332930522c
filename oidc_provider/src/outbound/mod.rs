//! Calls that we make to addresses which others chose: `jwks_uri`, `request_uri`, `sector_identifier_uri`, back-channel logout
//! (oidc.md row 36).
//!
//! https only; addresses of the public internet only; no redirects; bounded in size and time; no proxy of the environment.
//! The address that was looked at is the one that is spoken to: there is no second look-up in between. A host that the
//! operator names in `[provider] outbound-allow` may lie inside, and on this machine itself may speak plain http.
//!
//! These calls block: make them from the pool of [`crate::app::blocking`].

mod address;
mod agent;

pub use agent::Outbound;

use crate::app::AppState;
use crate::http::params::encode;
use std::time::Duration;

/// How much may come, and how long it may take from the look-up of the name to the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the body.
    pub bytes: u64,
    /// Longest time.
    pub time: Duration,
}

/// For a document: a key set, a request object, a list of addresses.
pub const DOCUMENT: Limits = Limits {
    bytes: 64 * 1024,
    time: Duration::from_secs(5),
};

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// HTTP's status, whatever it is; a redirect is not followed.
    pub status: u16,
    /// `Content-Type` without its parameters, in lower case; empty where there is none.
    pub kind: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Fetched {
    /// The body of a plain success.
    pub fn document(self) -> Result<Vec<u8>, OutboundError> {
        match self.status {
            200 => Ok(self.body),
            other => Err(OutboundError::Status(other)),
        }
    }
}

/// Why nothing came. For the log; an application learns only that its document could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Not an address that we call at all.
    #[error(
        "an address that we call is https and names a host without a user (http only on this machine, where allowed)"
    )]
    Address,
    /// It lies inside, and the operator did not name it.
    #[error(
        "the host lies at an address that is not of the public internet; `[provider] outbound-allow` names those that may"
    )]
    NotPublic,
    /// Another status than was wanted.
    #[error("the answer's status is {0}")]
    Status(u16),
    /// More than was allowed.
    #[error("the answer is too large")]
    TooLarge,
    /// It took too long.
    #[error("the answer took too long")]
    TooSlow,
    /// Anything else on the way.
    #[error("{0}")]
    Unreachable(String),
}

/// Whether this is an address that could be called, as far as can be told without calling: for registration.
pub fn acceptable(app: &AppState, address: &str) -> bool {
    app.outbound.acceptable(address)
}

/// Fetches a document.
pub fn get(app: &AppState, address: &str, limits: Limits) -> Result<Fetched, OutboundError> {
    app.outbound.call(address, None, limits)
}

/// Posts a form.
pub fn post_form(
    app: &AppState,
    address: &str,
    fields: &[(&str, &str)],
    limits: Limits,
) -> Result<Fetched, OutboundError> {
    app.outbound
        .call(address, Some(&encode(fields.iter().copied())), limits)
}
