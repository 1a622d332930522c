//! `/userinfo` (OpenID Connect Core section 5.3): what the access token allows to be told, as it is now.
//!
//! Every call looks anew: account, client, consent, policy and token must still hold ([`grants::find`]; oidc.md row 16).

use super::claims;
use super::errors::{ProtocolError, Token};
use super::scope::{Scope, Scopes};
use super::subject::subject;
use crate::app::App;
use crate::grants::{self, Found};
use crate::http::body::form;
use crate::http::{Failure, Fault};
use crate::keys::jws;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use serde_json::Value;

/// `GET /userinfo`
pub async fn by_get(State(app): State<App>, headers: HeaderMap) -> Result<Response, Fault> {
    let token = bearer(&headers)?.ok_or(ProtocolError::InvalidToken(Token::Absent))?;
    tell(&app, token)
}

/// `POST /userinfo`: the token in the header or in the form, not in both (RFC 6750 section 2).
pub async fn by_post(State(app): State<App>, request: Request) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let in_form = if headers.contains_key(CONTENT_TYPE) {
        let params = form(request)
            .await
            .map_err(|_| ProtocolError::InvalidRequest("the form cannot be read"))?;
        params.value("access_token").map(str::to_owned)
    } else {
        None
    };
    match (bearer(&headers)?, in_form) {
        (Some(_), Some(_)) => Err(ProtocolError::InvalidRequest("the access token comes twice").into()),
        (Some(token), None) => tell(&app, token),
        (None, Some(token)) => tell(&app, &token),
        (None, None) => Err(ProtocolError::InvalidToken(Token::Absent).into()),
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ProtocolError> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    let wrong = ProtocolError::InvalidToken(Token::Wrong);
    if lines.next().is_some() {
        return Err(ProtocolError::InvalidRequest("the Authorization header comes twice"));
    }
    let (scheme, token) = line.to_str().ok().and_then(|line| line.split_once(' ')).ok_or(wrong)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Some(token))
    } else {
        Err(wrong)
    }
}

fn tell(app: &App, token: &str) -> Result<Response, Fault> {
    let found = grants::find(app, token)?.ok_or(ProtocolError::InvalidToken(Token::Wrong))?;
    told(app, &found)
}

/// The claims that a token which holds allows: JSON, or signed where the client registered an algorithm for it (OpenID
/// Connect Core 5.3.2).
fn told(app: &App, found: &Found) -> Result<Response, Fault> {
    let (token, issuer) = (&found.token, app.config.issuer.as_str());
    // A token made out to an API alone is not for us, and what an API holds must not open this (RFC 8707 section 2).
    if !token.audience.iter().any(|one| one == issuer) {
        return Err(ProtocolError::InvalidToken(Token::Wrong).into());
    }
    let scopes = Scopes::read(&token.scope);
    let (Some(holder), true) = (&found.holder, scopes.has(Scope::Openid)) else {
        return Err(ProtocolError::InsufficientScope.into());
    };
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
