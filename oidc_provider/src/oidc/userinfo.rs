//! `/userinfo` (OpenID Connect Core section 5.3): what the access token allows to be told, as it is now.
//!
//! Every call looks anew: account active, client registered, consent not withdrawn, token not revoked (oidc.md row 16).

use super::claims;
use super::errors::{ProtocolError, Token};
use super::scope::Scope;
use crate::app::App;
use crate::clients::{self, Consent};
use crate::grants::{self, AccessToken, consents};
use crate::http::body::form;
use crate::http::{Failure, Fault};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use samekey_shared::accounts::{self, Account, AccountState};
use samekey_shared::secrets::opaque;
use samekey_shared::store::{StoreError, Tx};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

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
    let now = app.realm.clock.now();
    let hash = opaque::hash(token);
    let found = app.realm.store.read(|tx| match grants::token(tx, &hash, now)? {
        Some(token) => holder(tx, &token),
        None => Ok(None),
    });
    let (token, account, groups) = found
        .map_err(|error: StoreError| Fault::as_json(&Failure::from(error)))?
        .ok_or(ProtocolError::InvalidToken(Token::Wrong))?;
    if !token.scopes.has(Scope::Openid) {
        return Err(ProtocolError::InsufficientScope.into());
    }
    let mut told: Map<String, Value> = claims::about(&account, &groups, &token.scopes, &token.claims);
    told.insert("sub".to_owned(), account.id.to_string().into());
    let mut response = Response::new(Body::from(Value::Object(told).to_string()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

type Holder = (AccessToken, Account, BTreeSet<String>);

/// The token with its person, if it still may tell anything.
fn holder(tx: &mut Tx<'_>, token: &AccessToken) -> Result<Option<Holder>, StoreError> {
    let account = accounts::rows::by_id(tx, token.account)?.filter(|account| account.state == AccountState::Active);
    let client = clients::by_id(tx, token.client.as_str())?;
    let (Some(account), Some(client)) = (account, client) else {
        return Ok(None);
    };
    let agreed = match client.settings.consent {
        Consent::Given => true,
        Consent::Asked => consents::covers(tx, account.id, &client.id, &token.scopes)?,
    };
    if !agreed {
        return Ok(None);
    }
    let groups = if token.scopes.has(Scope::Groups) {
        accounts::rows::groups_of(tx, account.id)?
    } else {
        BTreeSet::new()
    };
    Ok(Some((token.clone(), account, groups)))
}
