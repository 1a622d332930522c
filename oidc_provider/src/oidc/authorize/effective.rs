//! Which parameters count: those of the query, or of a request that was pushed before (RFC 9126).

use super::checks;
use super::request::ReturnTo;
use crate::app::App;
use crate::clients::Client;
use crate::http::{Failure, Params};
use crate::oidc::errors::AuthorizeError;
use crate::oidc::par::{self, Handle, Pushed};
use crate::pages::problem::Problem;

/// Where a request comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a browser, which anybody may have sent: `/authorize`.
    Browser,
    /// By the client itself, proven: `/par`.
    Pushing,
}

/// The parameters that count, and what vouches for them.
#[derive(Debug, Clone)]
pub struct Effective {
    /// The parameters.
    pub params: Params,
    /// Whether the client signed them.
    pub signed: bool,
    /// Under which handle they were pushed.
    pub pushed: Option<Handle>,
    /// Where they came in just now.
    pub way: Way,
}

/// Why a request is not served, and who is told.
#[derive(Debug)]
pub enum Refused {
    /// The person, on a page: nobody knows where else an answer may go.
    Page(Problem),
    /// The application.
    Tell(Box<ReturnTo>, AuthorizeError),
    /// Nobody's request is to blame.
    Failed(Failure),
}

impl Refused {
    /// Tells the application, at the address that the query names, held against the registration.
    fn told(outer: &Params, client: &Client, error: AuthorizeError) -> Self {
        match checks::return_to(outer, client) {
            Ok(to) => Self::Tell(Box::new(to), error),
            Err(problem) => Self::Page(problem),
        }
    }
}

/// Finds the parameters that count.
pub fn read(app: &App, client: &Client, outer: Params, way: Way) -> Result<Effective, Refused> {
    let told = |error| Err(Refused::told(&outer, client, error));
    match (outer.value("request"), outer.value("request_uri")) {
        (None, None) => Ok(Effective {
            params: outer,
            signed: false,
            pushed: None,
            way,
        }),
        (Some(_), Some(_)) => told(AuthorizeError::InvalidRequest(
            "request and request_uri exclude each other",
        )),
        (Some(_), None) => told(AuthorizeError::RequestNotSupported),
        (None, Some(uri)) => match Handle::of(uri) {
            Some(handle) => pushed_before(app, client, handle),
            None => told(AuthorizeError::RequestUriNotSupported),
        },
    }
}

/// What was pushed counts and nothing else: the rest of the query is not even looked at (RFC 9126 section 4).
fn pushed_before(app: &App, client: &Client, handle: Handle) -> Result<Effective, Refused> {
    let now = app.realm.clock.now();
    let found = app.realm.store.read(|tx| par::find(tx, handle, &client.id, now));
    match found {
        Ok(Some(Pushed { params, signed })) => Ok(Effective {
            params,
            signed,
            pushed: Some(handle),
            way: Way::Browser,
        }),
        Ok(None) => Err(Refused::Page(Problem::RequestGone)),
        Err(error) => Err(Refused::Failed(error.into())),
    }
}
