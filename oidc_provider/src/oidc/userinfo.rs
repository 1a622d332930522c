//! `/userinfo` (OpenID Connect Core section 5.3): what the access token allows to be told, as it is now.
//!
//! Every call looks anew: account, client, consent, policy and token must still hold ([`access::presented`]; oidc.md row 16).

use super::access::{self, AccessError, Asked};
use super::claims;
use super::client_auth::Call;
use super::dpop;
use super::errors::ProtocolError;
use super::scope::{Scope, Scopes};
use super::subject::subject;
use crate::app::{App, blocking, routes};
use crate::grants::Found;
use crate::http::body::form;
use crate::http::{Failure, Fault, Params, Visitor};
use crate::keys::jws;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use serde_json::Value;

/// `GET /userinfo`
pub async fn by_get(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let call = Call::of(&app, visitor, &request, routes::USERINFO)?;
    let uri = request.uri().clone();
    tell(app, call, "GET", uri, None).await
}

/// `POST /userinfo`: the token in the header or in the form, not in both (RFC 6750 section 2).
pub async fn by_post(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let call = Call::of(&app, visitor, &request, routes::USERINFO)?;
    let uri = request.uri().clone();
    let sent = if call.headers.contains_key(CONTENT_TYPE) {
        let params = form(request).await;
        Some(params.map_err(|_| ProtocolError::InvalidRequest("the form cannot be read"))?)
    } else {
        None
    };
    tell(app, call, "POST", uri, sent).await
}

async fn tell(app: App, call: Call, method: &'static str, uri: Uri, form: Option<Params>) -> Result<Response, Fault> {
    let proves = call.headers.contains_key(dpop::HEADER);
    let answer = move |app: &App| {
        let asked = Asked {
            method,
            uri: &uri,
            form: form.as_ref(),
            scope: Scope::Openid,
        };
        told(app, &access::presented(app, &call, &asked)?)
    };
    // Spending a proof writes; everything else is a read of a row or two.
    if proves {
        blocking(&app, answer).await
    } else {
        answer(&app)
    }
}

/// The claims that a token which holds allows: JSON, or signed where the client registered an algorithm for it (OpenID
/// Connect Core 5.3.2).
fn told(app: &App, found: &Found) -> Result<Response, Fault> {
    let (token, issuer) = (&found.token, app.config.issuer.as_str());
    let scopes = Scopes::read(&token.scope);
    // A client that speaks for itself has nobody to tell of.
    let scheme = access::scheme_of(&token.binding);
    let holder = found.holder.as_ref().ok_or(AccessError::Scope(scheme, Scope::Openid))?;
    let details = found.grant.as_ref().and_then(|grant| grant.details.as_ref());
    let named = details
        .map(|details| details.claims.userinfo.clone())
        .unwrap_or_default();
    let mut told = claims::told(&app.realm.store, &holder.account, &scopes, &named)
        .map_err(|error| Fault::as_json(&Failure::from(error)))?;
    told.insert("sub".to_owned(), subject(app, &found.client, holder.account.id).into());
    let Some(alg) = found.client.settings.userinfo_alg else {
        return Ok(answer("application/json", Value::Object(told).to_string()));
    };
    told.insert("iss".to_owned(), issuer.into());
    told.insert("aud".to_owned(), found.client.id.as_str().into());
    let published = app.published();
    let signed = published.keys.active(alg).map_err(Failure::from).and_then(|key| {
        let signed = jws::sign(key, &Value::Object(told))?;
        Ok(signed)
    });
    let signed = signed.map_err(|failure| Fault::as_json(&failure))?;
    Ok(answer("application/jwt", signed))
}

fn answer(kind: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
