//! `/par`: an application leaves its authorization request here and sends the browser on with a handle alone (RFC 9126).
//!
//! ```text
//! POST /par ─► client proven ─► what it says, checked as /authorize checks it ─► kept for LIFETIME, 201 with the handle
//!                                                                                      │
//! GET /authorize?client_id&request_uri ◄───────────────────────────────────────────────┘
//!      looks as often as it is loaded; the code that answers it spends it, in the same unit of work
//! ```

mod handle;
mod rows;

pub use handle::Handle;
pub use rows::{find, spend, sweep};

use super::authorize::effective::{Effective, Refused, Way};
use super::authorize::{admitted, effective};
use super::client_auth::{Call, prove};
use super::errors::ProtocolError;
use super::sender;
use crate::app::{App, blocking, routes};
use crate::clients::{Client, ClientKind};
use crate::http::body::{BadForm, form};
use crate::http::{Failure, Fault, Params, Visitor};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use samekey_shared::secrets::opaque::Token;
use samekey_shared::store::StoreError;
use serde_json::json;

/// Seconds in which the browser must come with the handle; FAPI 2.0 wants less than 600 (section 5.3.2.2).
pub const LIFETIME: i64 = 300;
/// Requests of one public client that may wait from one network: more than an office of a thousand has in progress at nine in the
/// morning, and a few megabytes of store.
pub const MOST_FROM_ONE: i64 = 300;
/// The same from everywhere: what many networks together may fill.
const MOST: i64 = 20_000;
/// Random bytes of a handle.
const SECRET_BYTES: usize = 32;
/// What proves the client, and is no part of its request.
const OF_CLIENT: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// A request as it was left here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// What counts of it.
    pub params: Params,
    /// Whether the client signed it.
    pub signed: bool,
}

/// `POST /par`
pub async fn endpoint(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let call = Call::of(&app, visitor, &request, routes::PAR)?;
    let params = form(request).await.map_err(|bad| match bad {
        BadForm::TooLarge => ProtocolError::TooLarge,
        BadForm::NotAForm | BadForm::Malformed => {
            ProtocolError::InvalidRequest("the form cannot be read, or names a parameter twice")
        }
    })?;
    blocking(&app, move |app| push(app, &call, &params)).await
}

fn push(app: &App, call: &Call, params: &Params) -> Result<Response, Fault> {
    let client = prove(app, call, params)?.client;
    let pushed = checked(app, call, &client, params)?;
    let now = app.realm.clock.now();
    let failed = |failure: Failure| Fault::as_json(&failure);
    let secret = Token::draw(app.realm.entropy.as_ref(), SECRET_BYTES).map_err(|why| failed(why.into()))?;
    let uri = Handle::uri(secret.text());
    let handle = Handle::of(&uri).ok_or(ProtocolError::ServerError)?;
    // Whoever proves who it is answers for what it leaves here; a public client's id is known to everybody.
    let source = (client.kind == ClientKind::Public).then(|| network(call));
    let kept = app.realm.store.write(|tx| {
        if let Some(source) = &source {
            let (from_there, from_everywhere) = rows::waiting(tx, &client.id, source, now)?;
            if from_there >= MOST_FROM_ONE || from_everywhere >= MOST {
                return Ok(false);
            }
        }
        rows::insert(tx, handle, &client.id, &pushed, source.as_deref(), now + LIFETIME)?;
        Ok::<_, StoreError>(true)
    });
    if !kept.map_err(|why| failed(why.into()))? {
        return Err(ProtocolError::TooMany(
            "too many pushed requests of this client wait to be used; try again in minutes",
        )
        .into());
    }
    let body = json!({ "request_uri": uri, "expires_in": LIFETIME });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What counts as one place; callers that cannot be told apart share one.
fn network(call: &Call) -> String {
    let source = &call.visitor.source;
    source
        .network()
        .map_or_else(|| source.to_string(), |network| network.to_string())
}

/// Holds the request against everything that `/authorize` asks, and gives what is kept of it.
fn checked(app: &App, call: &Call, client: &Client, params: &Params) -> Result<Pushed, Fault> {
    let wrong = |why| Fault::from(ProtocolError::InvalidRequest(why));
    if params.value("request_uri").is_some() {
        return Err(wrong(
            "request_uri has no place in a pushed request (RFC 9126 section 2.1)",
        ));
    }
    if params
        .value("client_id")
        .is_some_and(|named| named != client.id.as_str())
    {
        return Err(wrong("client_id is not the client that authenticates"));
    }
    let said = params.without(&OF_CLIENT).with("client_id", client.id.as_str());
    let effective = effective::read(app, client, said, Way::Pushing).map_err(refused)?;
    admitted(app, client, &effective).map_err(refused)?;
    let Effective { params, signed, .. } = effective;
    // Looked at last, since a proof is good once.
    let params = match sender::promised(app, call, params.value("dpop_jkt"))? {
        Some(jkt) => params.with("dpop_jkt", &jkt),
        None => params,
    };
    Ok(Pushed { params, signed })
}

fn refused(refused: Refused) -> Fault {
    match refused {
        Refused::Page(_) => ProtocolError::InvalidRequest("redirect_uri is missing, or not registered").into(),
        Refused::Tell(_, error) => ProtocolError::Authorization(error).into(),
        Refused::Failed(failure) => Fault::as_json(&failure),
    }
}
