//! `/revoke`: a client takes a token of its own back (RFC 7009).
//!
//! A refresh token goes with its whole grant, an access token alone. A token that is none, or no longer, is answered like
//! one that was taken back; another client's is refused by name. What could not be written is never told as done
//! (oidc.md row 17).

use super::client_auth::{self, Call};
use super::errors::ProtocolError;
use crate::app::{App, AppState, blocking, routes};
use crate::clients::Client;
use crate::grants::{self, Retraction};
use crate::http::body::form;
use crate::http::{Failure, Fault, Visitor};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::ids::RequestId;
use samekey_shared::secrets::opaque;
use samekey_shared::source::Door;
use samekey_shared::store::{StoreError, Tx};

/// What became of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Revoked {
    /// It was the caller's and is gone.
    Now(RequestId, &'static str),
    /// There was none.
    Nothing,
    /// It is another client's.
    NotTheirs,
}

/// `POST /revoke`
pub async fn endpoint(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let call = Call::of(&app, visitor, &request, routes::REVOKE)?;
    let params = form(request)
        .await
        .map_err(|_| ProtocolError::InvalidRequest("the form cannot be read, or names a parameter twice"))?;
    blocking(&app, move |app| {
        let caller = client_auth::prove(app, &call, &params)?.client;
        let token = params
            .value("token")
            .ok_or(ProtocolError::InvalidRequest("token is missing"))?;
        match revoke(app, &call, &caller, token)? {
            Revoked::Now(..) | Revoked::Nothing => Ok(Response::new(Body::empty())),
            Revoked::NotTheirs => Err(ProtocolError::InvalidGrant.into()),
        }
    })
    .await
}

/// The hint is not needed: a token is found by what it is (RFC 7009 section 2.1).
fn revoke(app: &AppState, call: &Call, caller: &Client, token: &str) -> Result<Revoked, Fault> {
    let now = app.realm.clock.now();
    let retraction = grants::retraction(app, token);
    let refresh = opaque::hash(token);
    let revoked = app.realm.store.write(|tx| {
        let revoked = match of_refresh(tx, caller, &refresh)? {
            Revoked::Nothing => of_access(app, tx, caller, retraction.as_ref())?,
            other => other,
        };
        if let Revoked::Now(grant, kind) = revoked {
            let event = Event::new(EventKind::TokenRevoked, Actor::Client(caller.id.to_string()))
                .request(grant)
                .at(Door::Web, format!("oidc:{}", caller.id))
                .from(&call.visitor.source)
                .detail("token", kind);
            audit::append(tx, &event, now)?;
        }
        Ok(revoked)
    });
    revoked.map_err(|why: StoreError| Fault::as_json(&Failure::from(why)))
}

fn of_refresh(tx: &mut Tx<'_>, caller: &Client, hash: &[u8; 32]) -> Result<Revoked, StoreError> {
    match grants::refresh_token(tx, hash)? {
        None => Ok(Revoked::Nothing),
        Some((_, grant)) if grant.client != caller.id => Ok(Revoked::NotTheirs),
        Some((_, grant)) => {
            grants::end_grant(tx, grant.id)?;
            Ok(Revoked::Now(grant.id, "refresh_token"))
        }
    }
}

fn of_access(
    app: &AppState,
    tx: &mut Tx<'_>,
    caller: &Client,
    retraction: Option<&Retraction>,
) -> Result<Revoked, StoreError> {
    match retraction {
        None => Ok(Revoked::Nothing),
        Some(Retraction::Row(hash, form)) => match grants::by_hash(tx, hash, *form, app.realm.clock.now())? {
            None => Ok(Revoked::Nothing),
            Some((token, _)) if token.client != caller.id => Ok(Revoked::NotTheirs),
            Some((token, _)) => {
                grants::remove_access(tx, hash, *form)?;
                Ok(Revoked::Now(token.grant, "access_token"))
            }
        },
        Some(Retraction::Remembered { client, .. }) if client != caller.id.as_str() => Ok(Revoked::NotTheirs),
        Some(Retraction::Remembered { hash, grant, until, .. }) => {
            grants::remember_revoked(tx, hash, *until)?;
            Ok(Revoked::Now(*grant, "access_token"))
        }
    }
}
