//! `/device_authorization` (RFC 8628 sections 3.1 and 3.2): a program that proves which client it is gets two codes.

use super::{GRANT_TYPE, LIFETIME, MOST_WAITING, PAGE, PAUSE, State, UserCode, Waiting, rows};
use crate::app::{App, AppState, blocking, routes};
use crate::clients::{Client, GrantType};
use crate::grants::SECRET_BYTES;
use crate::http::body::form;
use crate::http::json::json;
use crate::http::{Failure, Fault, Params, Visitor};
use crate::oidc::client_auth::{Call, prove};
use crate::oidc::errors::ProtocolError;
use crate::oidc::scope::{Scope, Scopes};
use axum::Extension;
use axum::extract::{Request, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::ids::RequestId;
use samekey_shared::secrets::opaque::Token;
use samekey_shared::store::StoreError;
use serde_json::json as object;

/// Draws before we give up finding a user code that is free; two of them in a row being taken is a broken generator.
const TRIES: usize = 3;

/// `POST /device_authorization`
pub async fn endpoint(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let call = Call::of(&app, visitor, &request, routes::DEVICE_AUTHORIZATION)?;
    let params = form(request)
        .await
        .map_err(|_| ProtocolError::InvalidRequest("the form cannot be read, or names a parameter twice"))?;
    blocking(&app, move |app| {
        let client = prove(app, &call, &params)?.client;
        begin(app, &call.visitor, &client, &params)
    })
    .await
}

fn begin(app: &AppState, visitor: &Visitor, client: &Client, params: &Params) -> Result<Response, Fault> {
    if !client.settings.grant_types.contains(&GrantType::DeviceCode) {
        return Err(ProtocolError::UnauthorizedClient.into());
    }
    let scopes = scopes(client, params)?;
    let entropy = app.realm.entropy.as_ref();
    let ours = |failure: Failure| Fault::as_json(&failure);
    let device = Token::draw(entropy, SECRET_BYTES).map_err(|why| ours(why.into()))?;
    let now = app.realm.clock.now();
    let waiting = Waiting {
        id: RequestId::draw(entropy).map_err(|why| ours(why.into()))?,
        client: client.id.clone(),
        scopes,
        resources: resources(client, params)?,
        source: visitor.source.to_string(),
        agent: visitor.browser.clone(),
        state: State::Pending,
        created_at: now,
        expires_at: now + LIFETIME,
    };
    for _ in 0..TRIES {
        let code = UserCode::draw(entropy).map_err(|why| ours(why.into()))?;
        let made = app.realm.store.write(|tx| {
            if rows::count(tx, &client.id, now)? >= MOST_WAITING {
                return Ok(None);
            }
            rows::insert(tx, &waiting, &device.hash(), &code.hash(), PAUSE).map(Some)
        });
        match made.map_err(|error: StoreError| ours(error.into()))? {
            Some(true) => return Ok(told(app, &device, &code)),
            Some(false) => {}
            None => break,
        }
    }
    Err(ProtocolError::TemporarilyUnavailable.into())
}

/// What the client may ask of what it asks.
fn scopes(client: &Client, params: &Params) -> Result<Scopes, ProtocolError> {
    let asked = Scopes::read(params.value("scope").unwrap_or("openid"));
    // Nobody is talked into administering by a code that somebody sent (RFC 8628 section 5.4).
    let may = |scope: &Scope| client.may_ask(*scope) && *scope != Scope::Administration;
    let kept: Vec<&str> = asked.iter().filter(may).map(Scope::name).collect();
    if kept.is_empty() {
        return Err(ProtocolError::InvalidScope);
    }
    Ok(Scopes::read(&kept.join(" ")))
}

/// The APIs that its tokens will be for (RFC 8707): none but the client's own.
fn resources(client: &Client, params: &Params) -> Result<Vec<String>, ProtocolError> {
    let named = params.each(&["resource"]);
    if named.iter().all(|one| client.settings.resources.contains(one)) {
        Ok(named)
    } else {
        Err(ProtocolError::InvalidTarget)
    }
}

fn told(app: &AppState, device: &Token, code: &UserCode) -> Response {
    let page = app.config.issuer.at(PAGE);
    let body = object!({
        "device_code": device.text(),
        "user_code": code.to_string(),
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={code}"),
        "expires_in": LIFETIME,
        "interval": PAUSE,
    });
    tracing::debug!(grant_type = GRANT_TYPE, "a device waits to be signed in");
    json(StatusCode::OK, &body)
}
