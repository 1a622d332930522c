//! The client credentials grant (RFC 6749 section 4.4): a client speaks for itself. No person, no ID token, no refresh
//! token; `sub` is the client's id (RFC 9068 section 2.2; oidc.md section 7, 13).
//!
//! A JWT of this kind has no row: nothing is written for it, and its `jti` is remembered only when it is taken back. How
//! many a client had is added up in the trail ([`crate::operations::own_tokens`]). A DPoP proof that comes along is spent
//! all the same.

use super::issue::{self, Granted, IdToken, Mint, Refreshing};
use super::{Asking, Unwritten, access_jwt};
use crate::clients::{AccessTokenForm, ClientKind};
use crate::grants::Grant;
use crate::http::{Failure, Fault, Params};
use crate::oidc::errors::ProtocolError;
use crate::oidc::scope::Scope;
use axum::response::Response;
use samekey_shared::ids::RequestId;
use serde_json::Map;
use std::collections::BTreeSet;

/// Gives a client a token of its own.
pub(super) fn grant(asking: &Asking<'_>, params: &Params) -> Result<Response, Fault> {
    let (app, client) = (asking.app, asking.client);
    if client.kind != ClientKind::Confidential {
        return Err(ProtocolError::UnauthorizedClient.into());
    }
    let id = RequestId::draw(app.realm.entropy.as_ref()).map_err(|why| Fault::as_json(&Failure::from(why)))?;
    let now = app.realm.clock.now();
    let expires_at = now + app.config.token_seconds;
    let scope = scope(asking, params)?;
    let granted = Granted {
        client: client.clone(),
        grant: Grant {
            id,
            client: client.id.clone(),
            account: None,
            session: None,
            offline: false,
            scope: scope.clone(),
            details: None,
            given_at: now,
            ends_at: expires_at,
        },
        begins: true,
        holder: None,
        scope,
        audience: audience(asking, params)?,
        binding: asking.binding.clone(),
        act: None,
        expires_at,
        refreshing: Refreshing::No,
        id_token: IdToken::No,
    };
    match client.settings.access_token {
        AccessTokenForm::Jwt => unstored(asking, &granted),
        AccessTokenForm::Opaque => {
            let mint = Mint::prepare(app)?;
            let minted = app.realm.store.write(|tx| {
                asking.spend_proof(tx)?;
                Ok::<_, Unwritten>(mint.write(asking, tx, granted.clone())?)
            })?;
            minted.answer(app)
        }
    }
}

fn unstored(asking: &Asking<'_>, granted: &Granted) -> Result<Response, Fault> {
    let now = granted.grant.given_at;
    if asking.proof.is_some() {
        asking.app.realm.store.write(|tx| asking.spend_proof(tx))?;
    }
    let token = issue::signed(asking.app, granted, access_jwt::unstored(granted.grant.id), now)?;
    asking.app.figures.own_tokens.count(&granted.client.id);
    let mut body = Map::new();
    body.insert("access_token".into(), token.into());
    body.insert("token_type".into(), granted.binding.token_type().into());
    body.insert("expires_in".into(), (granted.expires_at - now).into());
    if !granted.scope.is_empty() {
        body.insert("scope".into(), granted.scope.as_str().into());
    }
    Ok(issue::response(body))
}

/// What the operator allowed the client, or the part of it that it asks for. Scopes about a person are nobody's here.
fn scope(asking: &Asking<'_>, params: &Params) -> Result<String, ProtocolError> {
    let about_people = |word: &&str| Scope::ALL.iter().any(|scope| scope.name() == *word);
    let allowed = asking.client.settings.scopes.as_ref();
    let allowed: BTreeSet<&str> = allowed
        .into_iter()
        .flatten()
        .map(String::as_str)
        .filter(|word| !about_people(word))
        .collect();
    let asked: BTreeSet<&str> = match params.value("scope") {
        Some(asked) => asked.split(' ').filter(|word| !word.is_empty()).collect(),
        None => allowed.clone(),
    };
    if !asked.is_subset(&allowed) {
        return Err(ProtocolError::InvalidScope);
    }
    Ok(asked.into_iter().collect::<Vec<_>>().join(" "))
}

/// The API that it names, or all that it is registered for; the provider itself where it is registered for none.
fn audience(asking: &Asking<'_>, params: &Params) -> Result<Vec<String>, ProtocolError> {
    let registered = &asking.client.settings.resources;
    let named = super::resources(params, registered, asking.app)?;
    Ok(match (named.is_empty(), registered.is_empty()) {
        (false, _) => named,
        (true, false) => registered.clone(),
        (true, true) => vec![asking.app.config.issuer.as_str().to_owned()],
    })
}
