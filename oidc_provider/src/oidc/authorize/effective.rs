//! Which parameters count: those of the query; of a request object, by value or by reference (RFC 9101, OpenID Connect Core
//! section 6); or of a request that was pushed before (RFC 9126).
//!
//! Who must sign is bound by what was signed alone (RFC 9101 section 6.3), and so is whatever was pushed. Any other client
//! could as well have signed nothing, and gets the merging of OpenID Connect Core 6.1: what is in the object counts.

use super::checks;
use super::request::ReturnTo;
use crate::app::App;
use crate::clients::Client;
use crate::http::{Failure, Params};
use crate::oidc::errors::AuthorizeError;
use crate::oidc::fapi2;
use crate::oidc::par::{self, Handle, Pushed};
use crate::oidc::request_object::{self, Carried, Trouble};
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
    /// Tells the application, at the address that the query names, or else the object that could not be believed: either
    /// is held against the registration.
    fn told(outer: &Params, said: Option<&Params>, client: &Client, error: AuthorizeError) -> Self {
        let from = match said {
            Some(said) if outer.value("redirect_uri").is_none() => said.over(outer),
            _ => outer.clone(),
        };
        match checks::return_to(&from, client) {
            Ok(to) => Self::Tell(Box::new(to), error),
            Err(problem) => Self::Page(problem),
        }
    }
}

/// Finds the parameters that count.
pub fn read(app: &App, client: &Client, outer: Params, way: Way) -> Result<Effective, Refused> {
    let told = |error| Err(Refused::told(&outer, None, client, error));
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
        (Some(object), None) => of_object(app, client, &outer, (object, Carried::Value), way),
        (None, Some(uri)) => match Handle::of(uri) {
            Some(handle) => pushed_before(app, client, handle),
            None => match request_object::fetch(app, client, uri) {
                Ok(object) => of_object(app, client, &outer, (&object, Carried::Reference), way),
                Err(error) => told(error),
            },
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

fn of_object(
    app: &App,
    client: &Client,
    outer: &Params,
    (object, carried): (&str, Carried),
    way: Way,
) -> Result<Effective, Refused> {
    let said = request_object::said(object);
    let told = |error| Refused::told(outer, said.as_ref(), client, error);
    let read = request_object::verified(app, client, object, carried).map_err(|trouble| match trouble {
        Trouble::Wrong(error) => told(error),
        Trouble::Ours(failure) => Refused::Failed(failure),
    })?;
    let params = if way == Way::Pushing || fapi2::must_sign(client) {
        read.params.with("client_id", client.id.as_str())
    } else {
        let named = |params: &Params| params.value("response_type").map(str::to_owned);
        if let (Some(inner), Some(outer)) = (named(&read.params), named(outer))
            && inner != outer
        {
            return Err(told(AuthorizeError::InvalidRequest(
                "response_type is another one in the request object",
            )));
        }
        read.params.over(&outer.without(&["request", "request_uri"]))
    };
    Ok(Effective {
        params,
        signed: read.signed,
        pushed: None,
        way,
    })
}
