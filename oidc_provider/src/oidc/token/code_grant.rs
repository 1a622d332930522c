//! The authorization code grant (RFC 6749 section 4.1.3, OpenID Connect Core 3.1.3).
//!
//! ```text
//! client proven ─► its code? ─► its redirect_uri? ─► PKCE, key fit? ─► spent by one UPDATE ─► still holds? ─► tokens
//!                                                                            │ spent before
//!                                                                            ▼
//!                                                           every token of the grant is revoked
//! ```
//!
//! The order matters: a stranger who caught a code, but has neither the client's secret nor the verifier, can neither spend
//! it nor make us revoke anything (oidc.md row 5).

use super::issue::{First, Granted, Mint, Minted};
use super::{Asking, Unwritten, failed, pkce, resources};
use crate::grants::{self, Binding, Code, Grant, Holds, Used};
use crate::http::{Fault, Params};
use crate::oidc::errors::ProtocolError;
use axum::response::Response;
use samekey_shared::audit::{self, EventKind};
use samekey_shared::flows::FlowError;
use samekey_shared::secrets::opaque;

/// What redeeming a code came to.
enum Redeemed {
    Tokens(Box<Minted>),
    Reused,
    Dead(&'static str),
}

/// Redeems a code.
pub(super) fn redeem(asking: &Asking<'_>, params: &Params) -> Result<Response, Fault> {
    let (app, client) = (asking.app, asking.client);
    let code = params
        .value("code")
        .ok_or(ProtocolError::InvalidRequest("code is missing"))?;
    let hash = opaque::hash(code);
    // Looked at first without the writer's lock, so that guesses cost nobody else anything.
    let looked = app.realm.store.read(|tx| {
        let found = grants::code(tx, &hash)?;
        let name = grants::to_ask_about(app, tx, found.as_ref().map(|code| code.account))?;
        Ok::<_, FlowError>((found, name))
    });
    let (found, name) = looked.map_err(failed)?;
    let code = found
        .filter(|code| is_theirs(code, asking, params))
        .ok_or(ProtocolError::InvalidGrant)?;
    let named = resources(params, &code.details.resources, app)?;
    let host = grants::groups_of_host(name.as_ref());
    let mint = Mint::prepare(app)?;
    let now = app.realm.clock.now();
    let grant = grant_of(&code);
    let redeemed = app.realm.store.write(|tx| {
        asking.spend_proof(tx)?;
        if !grants::use_code(tx, &hash, now)? {
            grants::end_grant(tx, code.grant)?;
            let event = asking.event(EventKind::CodeReuseDetected, &grant);
            audit::append(tx, &event, now)?;
            return Ok(Redeemed::Reused);
        }
        if code.expires_at <= now {
            return Ok(Redeemed::Dead("expired"));
        }
        let holder = match grants::still_holds(app, tx, &grant, &grant.scope, Some(&host), Used::Code)? {
            Holds::Yes(_, Some(holder)) => *holder,
            Holds::No(why) => return Ok(Redeemed::Dead(why)),
            Holds::Yes(_, None) | Holds::AskHost(_) => return Ok(Redeemed::Dead("nobody")),
        };
        let first = First {
            client,
            holder,
            session: code.session,
            grant: code.grant,
            details: &code.details,
            resources: &named,
            binding: asking.binding.clone(),
        };
        let granted = Granted::first(app, tx, first)?;
        let minted = mint.write(asking, tx, granted)?;
        Ok::<_, Unwritten>(Redeemed::Tokens(Box::new(minted)))
    });
    match redeemed? {
        Redeemed::Tokens(minted) => minted.answer(app),
        Redeemed::Reused => {
            tracing::warn!(request = %asking.call.visitor.request, %client.id, "a code came a second time; its tokens are revoked");
            Err(ProtocolError::InvalidGrant.into())
        }
        Redeemed::Dead(why) => {
            tracing::info!(request = %asking.call.visitor.request, %client.id, why, "a code gave nothing");
            Err(ProtocolError::InvalidGrant.into())
        }
    }
}

fn is_theirs(code: &Code, asking: &Asking<'_>, params: &Params) -> bool {
    let promised = code.details.dpop_jkt.as_ref();
    code.client == asking.client.id
        && params.value("redirect_uri") == Some(code.redirect_uri.as_str())
        && pkce::fits(code.challenge.as_deref(), params.value("code_verifier"))
        && promised.is_none_or(|jkt| asking.binding == Binding::Dpop(jkt.clone()))
}

/// What the code will be, for asking whether it still holds.
fn grant_of(code: &Code) -> Grant {
    Grant {
        id: code.grant,
        client: code.client.clone(),
        account: Some(code.account),
        session: Some(code.session),
        offline: false,
        scope: code.details.scopes.to_string(),
        details: Some(code.details.clone()),
        given_at: code.expires_at,
        ends_at: code.expires_at,
    }
}
