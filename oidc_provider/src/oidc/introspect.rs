//! `/introspect`: what a token that an API was shown is good for (RFC 7662), as JSON or signed (RFC 9701).
//!
//! Whoever asks proves to be a confidential client. It learns of its own tokens, of those made out to an API that it is
//! registered for, and of those made out to no API in particular; of all others only `"active": false`, as of tokens that
//! have ended (RFC 7662 section 4).

use super::client_auth::{self, Call};
use super::errors::{ClientScheme, ProtocolError};
use super::subject::subject;
use super::token::access_jwt;
use crate::app::{App, AppState, blocking, routes};
use crate::clients::{Client, ClientKind};
use crate::grants::{self, Found, Grant, Holds, RefreshToken, Used};
use crate::http::body::form;
use crate::http::{Failure, Fault, Visitor};
use crate::keys::{Alg, jws};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};
use axum::response::Response;
use samekey_shared::flows::FlowError;
use samekey_shared::secrets::opaque;
use serde_json::{Map, Value, json};

/// Media type and, without its first part, `typ` of a signed answer (RFC 9701 section 5).
const SIGNED: &str = "application/token-introspection+jwt";
const TYP: &str = "token-introspection+jwt";

/// `POST /introspect`
pub async fn endpoint(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let call = Call::of(&app, visitor, &request, routes::INTROSPECT)?;
    let params = form(request)
        .await
        .map_err(|_| ProtocolError::InvalidRequest("the form cannot be read, or names a parameter twice"))?;
    blocking(&app, move |app| {
        let caller = client_auth::prove(app, &call, &params)?.client;
        if caller.kind != ClientKind::Confidential {
            return Err(ProtocolError::InvalidClient(ClientScheme::Form).into());
        }
        let token = params
            .value("token")
            .ok_or(ProtocolError::InvalidRequest("token is missing"))?;
        let told = told(app, &caller, token)?;
        answer(app, &caller, &call.headers, told)
    })
    .await
}

/// The hint is not needed: a token is found by what it is (RFC 7662 section 2.1).
fn told(app: &AppState, caller: &Client, token: &str) -> Result<Map<String, Value>, Fault> {
    if let Some(found) = grants::find(app, token)? {
        return Ok(if may_know(app, caller, &found) {
            of_access(app, &found)
        } else {
            inactive()
        });
    }
    Ok(match refresh_token(app, caller, token)? {
        Some((refresh, grant)) => of_refresh(app, caller, &refresh, &grant),
        None => inactive(),
    })
}

fn inactive() -> Map<String, Value> {
    Map::from_iter([("active".to_owned(), Value::Bool(false))])
}

fn may_know(app: &AppState, caller: &Client, found: &Found) -> bool {
    let (token, issuer) = (&found.token, app.config.issuer.as_str());
    let resources = &caller.settings.resources;
    let serves = token.audience.iter().any(|one| resources.contains(one));
    token.client == caller.id || serves || token.audience.iter().all(|one| one == issuer)
}

fn of_access(app: &AppState, found: &Found) -> Map<String, Value> {
    let token = &found.token;
    let mut told = Map::from_iter([
        ("active".to_owned(), Value::Bool(true)),
        ("iss".to_owned(), app.config.issuer.as_str().into()),
        ("client_id".to_owned(), token.client.as_str().into()),
        ("token_type".to_owned(), token.binding.token_type().into()),
        ("iat".to_owned(), token.issued_at.into()),
        ("exp".to_owned(), token.expires_at.into()),
        ("aud".to_owned(), access_jwt::audience_value(&token.audience)),
    ]);
    if !token.scope.is_empty() {
        told.insert("scope".into(), token.scope.as_str().into());
    }
    match &found.holder {
        Some(holder) => {
            told.insert("sub".into(), subject(app, &found.client, holder.account.id).into());
            told.insert("username".into(), holder.account.name.as_str().into());
        }
        None => {
            told.insert("sub".into(), token.client.as_str().into());
        }
    }
    // RFC 9470 section 6.2: with these an API knows whether to ask for more.
    if let Some(details) = found.grant.as_ref().and_then(|grant| grant.details.as_ref()) {
        told.insert("auth_time".into(), details.auth_time.into());
        if let Some(acr) = &details.acr {
            told.insert("acr".into(), acr.as_str().into());
        }
    }
    let more = [("cnf", token.binding.cnf()), ("act", token.act.clone())];
    for (name, value) in more {
        if let Some(value) = value {
            told.insert(name.to_owned(), value);
        }
    }
    told
}

/// A refresh token is known to its own client only, and only while it could be used.
fn refresh_token(app: &AppState, caller: &Client, token: &str) -> Result<Option<(RefreshToken, Grant)>, Fault> {
    let (hash, now) = (opaque::hash(token), app.realm.clock.now());
    let failed = |error: FlowError| Fault::as_json(&Failure::from(error));
    let found = app
        .realm
        .store
        .read(|tx| Ok(grants::refresh_token(tx, &hash)?))
        .map_err(failed)?;
    let live = |(refresh, grant): &(RefreshToken, Grant)| {
        grant.client == caller.id && refresh.used_at.is_none() && refresh.expires_at > now && grant.ends_at > now
    };
    let Some((refresh, grant)) = found.filter(live) else {
        return Ok(None);
    };
    let host = match grant.account {
        Some(account) => grants::host_groups(app, account)?,
        None => return Ok(None),
    };
    let holds = app
        .realm
        .store
        .read(|tx| grants::still_holds(app, tx, &grant, &grant.scope, Some(&host), Used::Refresh))
        .map_err(failed)?;
    Ok(matches!(holds, Holds::Yes(..)).then_some((refresh, grant)))
}

fn of_refresh(app: &AppState, caller: &Client, refresh: &RefreshToken, grant: &Grant) -> Map<String, Value> {
    let mut told = Map::from_iter([
        ("active".to_owned(), Value::Bool(true)),
        ("iss".to_owned(), app.config.issuer.as_str().into()),
        ("client_id".to_owned(), grant.client.as_str().into()),
        ("scope".to_owned(), grant.scope.as_str().into()),
        ("exp".to_owned(), refresh.expires_at.into()),
        ("iat".to_owned(), grant.given_at.into()),
    ]);
    if let Some(account) = grant.account {
        told.insert("sub".into(), subject(app, caller, account).into());
    }
    told
}

/// As JSON; signed where the API asks for that, or is registered for it.
fn answer(app: &AppState, caller: &Client, headers: &HeaderMap, told: Map<String, Value>) -> Result<Response, Fault> {
    let wants = |line: &HeaderValue| line.to_str().is_ok_and(|line| line.contains(SIGNED));
    let (kind, body) = if headers.get_all(ACCEPT).iter().any(wants) {
        (SIGNED, signed(app, caller, &told)?)
    } else {
        ("application/json", Value::Object(told).to_string())
    };
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

fn signed(app: &AppState, caller: &Client, told: &Map<String, Value>) -> Result<String, Fault> {
    let claims = json!({
        "iss": app.config.issuer.as_str(),
        "aud": caller.id.as_str(),
        "iat": app.realm.clock.now(),
        "token_introspection": told,
    });
    let published = app.published();
    let alg = caller.settings.introspection_alg.unwrap_or(Alg::Rs256);
    let signed = published
        .keys
        .active(alg)
        .map_err(Failure::from)
        .and_then(|key| Ok(jws::sign_typed(key, TYP, &claims)?));
    signed.map_err(|failure| Fault::as_json(&failure))
}
