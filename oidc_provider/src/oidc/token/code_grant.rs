//! The authorization code grant (RFC 6749 section 4.1.3, OpenID Connect Core 3.1.3).
//!
//! ```text
//! client proven ─► its code? ─► its redirect_uri? ─► PKCE fits? ─► spent by one UPDATE ─► alive? ─► tokens
//!                                                                       │ spent before
//!                                                                       ▼
//!                                                      every token of the grant is revoked
//! ```
//!
//! The order matters: a stranger who caught a code, but has neither the client's secret nor the verifier, can neither spend
//! it nor make us revoke anything (oidc.md row 5).

use super::pkce;
use crate::app::App;
use crate::clients::Client;
use crate::grants::{self, AccessToken, Code};
use crate::http::{Failure, Fault, Params, Visitor};
use crate::keys::jws;
use crate::oidc::claims;
use crate::oidc::errors::ProtocolError;
use crate::oidc::id_token::{self, IdTokenClaims};
use crate::sessions;
use axum::body::Body;
use axum::http::HeaderName;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use samekey_shared::accounts::{self, Account, AccountState};
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::clock::UnixTime;
use samekey_shared::secrets::opaque::{self, Token};
use samekey_shared::source::Door;
use samekey_shared::store::{StoreError, Tx};
use serde_json::json;
use std::collections::BTreeSet;

/// What redeeming a code came to.
enum Redeemed {
    Tokens(Box<Account>, BTreeSet<String>),
    Reused,
    Dead,
}

/// Redeems a code.
pub(super) fn redeem(app: &App, visitor: &Visitor, client: &Client, params: &Params) -> Result<Response, Fault> {
    let code = params
        .value("code")
        .ok_or(ProtocolError::InvalidRequest("code is missing"))?;
    let hash = opaque::hash(code);
    let failed = |error: StoreError| Fault::as_json(&Failure::from(error));
    // Looked at first without the writer's lock, so that guesses cost nobody else anything.
    let found = app.realm.store.read(|tx| grants::code(tx, &hash)).map_err(failed)?;
    let code = found
        .filter(|code| is_theirs(code, client, params))
        .ok_or(ProtocolError::InvalidGrant)?;
    let token = Token::draw(app.realm.entropy.as_ref(), grants::SECRET_BYTES)
        .map_err(|error| Fault::as_json(&Failure::from(error)))?;
    let now = app.realm.clock.now();
    let redeemed = app.realm.store.write(|tx| {
        if !grants::use_code(tx, &hash, now)? {
            grants::revoke_grant(tx, code.grant)?;
            audit::append(tx, &event(EventKind::CodeReuseDetected, visitor, client, &code), now)?;
            return Ok(Redeemed::Reused);
        }
        let Some((account, groups)) = still_good(tx, &code, now)? else {
            return Ok(Redeemed::Dead);
        };
        grants::insert_token(tx, &token.hash(), &access_token(app, &code, now))?;
        audit::append(
            tx,
            &event(EventKind::TokenIssued, visitor, client, &code).about(&account.name),
            now,
        )?;
        Ok(Redeemed::Tokens(Box::new(account), groups))
    });
    match redeemed.map_err(failed)? {
        Redeemed::Tokens(account, groups) => tokens(app, client, &code, &account, &groups, token.text(), now),
        Redeemed::Reused => {
            tracing::warn!(request = %visitor.request, %client.id, "a code came a second time; its tokens are revoked");
            Err(ProtocolError::InvalidGrant.into())
        }
        Redeemed::Dead => Err(ProtocolError::InvalidGrant.into()),
    }
}

fn is_theirs(code: &Code, client: &Client, params: &Params) -> bool {
    code.client == client.id
        && params.value("redirect_uri") == Some(code.redirect_uri.as_str())
        && pkce::fits(code.challenge.as_deref(), params.value("code_verifier"))
}

/// The code's person, if the code is not too old and neither session nor account has ended since.
fn still_good(tx: &mut Tx<'_>, code: &Code, now: UnixTime) -> Result<Option<(Account, BTreeSet<String>)>, StoreError> {
    if code.expires_at <= now || !sessions::is_live(tx, code.session, now)? {
        return Ok(None);
    }
    let account = accounts::rows::by_id(tx, code.account)?.filter(|account| account.state == AccountState::Active);
    match account {
        Some(account) => {
            let groups = accounts::rows::groups_of(tx, account.id)?;
            Ok(Some((account, groups)))
        }
        None => Ok(None),
    }
}

fn access_token(app: &App, code: &Code, now: UnixTime) -> AccessToken {
    AccessToken {
        grant: code.grant,
        client: code.client.clone(),
        account: code.account,
        session: code.session,
        scopes: code.details.scopes.clone(),
        claims: code.details.claims.userinfo.clone(),
        expires_at: now + app.config.token_seconds,
    }
}

fn event(kind: EventKind, visitor: &Visitor, client: &Client, code: &Code) -> Event {
    Event::new(kind, Actor::Client(client.id.to_string()))
        .request(code.grant)
        .at(Door::Web, format!("oidc:{}", client.id))
        .from(&visitor.source)
}

fn tokens(
    app: &App,
    client: &Client,
    code: &Code,
    account: &Account,
    groups: &BTreeSet<String>,
    token: &str,
    now: UnixTime,
) -> Result<Response, Fault> {
    let json_failure = |failure: Failure| Fault::as_json(&failure);
    let published = app.published();
    let key = published
        .keys
        .active(client.settings.id_token_alg)
        .map_err(|why| json_failure(why.into()))?;
    let details = &code.details;
    let none = crate::oidc::scope::Scopes::default();
    let claims = IdTokenClaims {
        iss: app.config.issuer.as_str(),
        sub: &account.id.to_string(),
        aud: client.id.as_str(),
        exp: now + app.config.token_seconds,
        iat: now,
        auth_time: details.auth_time,
        acr: details.acr.as_deref(),
        amr: &details.amr,
        nonce: details.nonce.as_deref(),
        at_hash: jws::half_hash(key.alg, token),
        sid: &code.session.to_string(),
        // What scopes allow is told at /userinfo; only what was asked by name comes here too.
        about: claims::about(account, groups, &none, &details.claims.id_token),
    };
    let id_token = id_token::mint(key, &claims).map_err(|why| json_failure(why.into()))?;
    let body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": app.config.token_seconds,
        "scope": details.scopes.to_string(),
        "id_token": id_token,
    });
    let mut response = Response::new(Body::from(body.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("pragma"), HeaderValue::from_static("no-cache"));
    Ok(response)
}
