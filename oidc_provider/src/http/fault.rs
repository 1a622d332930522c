//! What went wrong, and the one place that decides what a stranger learns of it: a sentence and an id. The cause goes to
//! the log.

use crate::keys::{KeysError, PairError};
use crate::oidc::access::AccessError;
use crate::oidc::errors::ProtocolError;
use crate::pages::problem::Problem;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use samekey_shared::entropy::EntropyError;
use samekey_shared::flows::FlowError;
use samekey_shared::store::StoreError;
use std::sync::Arc;

/// A failure of ours: nobody's input is to blame.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sign-in machine.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A signature.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// A page or message that could not be written.
    #[error("cannot write the answer: {0}")]
    Rendering(String),
    /// A worker that ended before it answered.
    #[error("the work was cut off")]
    CutOff,
}

impl Failure {
    /// Whether trying again soon may help.
    fn passing(&self) -> bool {
        let (Self::Store(error) | Self::Flow(FlowError::Store(error))) = self else {
            return false;
        };
        matches!(
            error,
            StoreError::Busy(_) | StoreError::Unavailable(_) | StoreError::Full(_)
        )
    }
}

/// How a request ends when it does not end well.
#[derive(Debug, Clone)]
pub enum Fault {
    /// A page for a person.
    Page {
        /// What to tell.
        problem: Problem,
        /// For the log only.
        cause: Option<String>,
    },
    /// JSON for an application (RFC 6749 section 5.2).
    Json {
        /// What to tell.
        error: ProtocolError,
        /// For the log only.
        cause: Option<String>,
    },
    /// A challenge for whoever presents a token (RFC 6750 section 3).
    Token(AccessError),
}

impl Fault {
    /// The same failure told as JSON: what the endpoints for applications answer.
    pub fn as_json(failure: &Failure) -> Self {
        let error = if failure.passing() {
            ProtocolError::TemporarilyUnavailable
        } else {
            ProtocolError::ServerError
        };
        Self::Json {
            error,
            cause: Some(failure.to_string()),
        }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Page { problem, cause: None }
    }
}

impl From<ProtocolError> for Fault {
    fn from(error: ProtocolError) -> Self {
        Self::Json { error, cause: None }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        let problem = if failure.passing() {
            Problem::Unavailable
        } else {
            Problem::Failed
        };
        Self::Page {
            problem,
            cause: Some(failure.to_string()),
        }
    }
}

macro_rules! failures {
    ($($cause:ty),+) => {$(
        impl From<$cause> for Fault {
            fn from(cause: $cause) -> Self {
                Failure::from(cause).into()
            }
        }
    )+};
}

failures!(StoreError, FlowError, EntropyError);

/// Carries the fault out to [`super::guard`], which knows the request's id and writes the answer.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
