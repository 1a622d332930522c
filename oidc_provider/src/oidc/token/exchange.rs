//! Token exchange (RFC 8693), its narrow part: an access token of ours for another one that can do less, for another API.
//!
//! Everything must be allowed by name: the client for this grant, the client whose token it shows, the API that the new one is
//! for. The new token is of the same person and the same grant, ends no later, covers no more, and says who acts
//! (`act`), unless the operator let this client act as the person themselves. It never comes with a refresh or ID token.
//! A token bound to a key or certificate gives only tokens that are bound too. Custom claims do not exist (oidc.md row 18).

use super::issue::{Granted, IdToken, Mint, Refreshing};
use super::{Asking, Unwritten, narrowed};
use crate::grants::{self, Binding, Found, Grant, Holds, Used};
use crate::http::{Fault, Params};
use crate::oidc::errors::ProtocolError;
use crate::oidc::scope::Scope;
use axum::response::Response;
use samekey_shared::accounts::Groups;
use serde_json::{Map, Value, json};

/// The one type of token that is taken and given.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Whatever is wrong with the token that is shown: never told which.
const UNACCEPTABLE: ProtocolError = ProtocolError::InvalidRequest("the subject_token cannot be exchanged");

/// Exchanges.
pub(super) fn exchange(asking: &Asking<'_>, params: &Params) -> Result<Response, Fault> {
    let app = asking.app;
    types(params)?;
    let subject = params
        .value("subject_token")
        .ok_or(ProtocolError::InvalidRequest("subject_token is missing"))?;
    let found = grants::find(app, subject)?.ok_or(UNACCEPTABLE)?;
    let grant = found
        .grant
        .clone()
        .filter(|_| may_show(asking, &found))
        .ok_or(UNACCEPTABLE)?;
    let scope = without_more(&narrowed(params, &found.token.scope)?, asking)?;
    let granted = Granted {
        client: asking.client.clone(),
        begins: false,
        scope,
        audience: target(asking, params)?,
        binding: asking.binding.clone(),
        act: act(asking, &found),
        expires_at: found
            .token
            .expires_at
            .min(app.realm.clock.now() + app.config.token_seconds),
        refreshing: Refreshing::No,
        id_token: IdToken::No,
        holder: found.holder,
        grant,
    };
    let host = match granted.grant.account {
        Some(account) => grants::host_groups(app, account)?,
        None => Groups::Unknown,
    };
    let mint = Mint::prepare(app)?;
    let minted = app.realm.store.write(|tx| {
        asking.spend_proof(tx)?;
        // It may have ended since it was looked up; and the policy may keep its person away from whoever asks now.
        let Some(grant) = grants::family(tx, granted.grant.id)? else {
            return Ok(None);
        };
        let theirs = Grant {
            client: asking.client.id.clone(),
            ..grant
        };
        match grants::still_holds(app, tx, &theirs, &granted.scope, Some(&host), Used::Access)? {
            Holds::Yes(..) => Ok(Some(mint.write(asking, tx, granted.clone())?)),
            Holds::No(_) | Holds::AskHost(_) => Ok(None),
        }
    });
    let minted = minted.map_err(|why: Unwritten| Fault::from(why))?.ok_or(UNACCEPTABLE)?;
    let mut more = Map::new();
    more.insert("issued_token_type".into(), ACCESS_TOKEN.into());
    minted.answer_with(app, more)
}

/// RFC 8693 section 2.1: access tokens for access tokens; the client that asks is the one that acts.
fn types(params: &Params) -> Result<(), ProtocolError> {
    match params.value("subject_token_type") {
        Some(ACCESS_TOKEN) => {}
        Some(_) => return Err(ProtocolError::InvalidRequest("subject_token_type must be access_token")),
        None => return Err(ProtocolError::InvalidRequest("subject_token_type is missing")),
    }
    if params.value("actor_token").is_some() || params.value("actor_token_type").is_some() {
        return Err(ProtocolError::InvalidRequest("actor_token is not supported"));
    }
    match params.value("requested_token_type") {
        None | Some(ACCESS_TOKEN) => Ok(()),
        Some(_) => Err(ProtocolError::InvalidRequest(
            "requested_token_type must be access_token",
        )),
    }
}

/// Its own token, or one of a client that the operator named; and a bound one only for another bound one.
fn may_show(asking: &Asking<'_>, found: &Found) -> bool {
    let (client, token) = (asking.client, &found.token);
    let named = client.settings.exchange.from.contains(token.client.as_str());
    let keeps = token.binding == Binding::None || asking.binding != Binding::None;
    (token.client == client.id || named) && keeps
}

/// No scope that this client may not have, and none that asks for more than the new token is.
fn without_more(scope: &str, asking: &Asking<'_>) -> Result<String, ProtocolError> {
    let allowed = asking.client.settings.scopes.as_ref();
    let never = [Scope::OfflineAccess.name(), Scope::Administration.name()];
    let fits = |word: &&str| !never.contains(word) && allowed.is_none_or(|allowed| allowed.contains(*word));
    let kept: Vec<&str> = scope.split(' ').filter(|word| !word.is_empty()).filter(fits).collect();
    if kept.is_empty() && !scope.is_empty() {
        return Err(ProtocolError::InvalidScope);
    }
    Ok(kept.join(" "))
}

/// Where the new token is good, by any number of `resource` and `audience` (RFC 8693 section 2.1): what the client is registered for,
/// each once.
fn target(asking: &Asking<'_>, params: &Params) -> Result<Vec<String>, ProtocolError> {
    let registered = &asking.client.settings.resources;
    let named = params.each(&["resource", "audience"]);
    if named.is_empty() {
        return Err(ProtocolError::InvalidRequest("resource or audience is missing"));
    }
    if named.iter().all(|one| registered.contains(one)) {
        Ok(named)
    } else {
        Err(ProtocolError::InvalidTarget)
    }
}

/// Who acts: this client, and behind it whoever acted before (RFC 8693 section 4.1).
fn act(asking: &Asking<'_>, found: &Found) -> Option<Value> {
    if asking.client.settings.exchange.impersonate {
        return found.token.act.clone();
    }
    let mut act = json!({ "sub": asking.client.id.as_str() });
    if let Some(before) = &found.token.act {
        act["act"] = before.clone();
    }
    Some(act)
}
