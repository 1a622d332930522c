//! The device code grant at `/token` (RFC 8628 sections 3.4 and 3.5): asked again and again until its person has decided.
//!
//! ```text
//! its own code? ─► in time? ─► denied │ pending: not too often? │ approved: spent by one UPDATE ─► all still holds? ─► tokens
//! ```

use super::{Approved, State, rows};
use crate::clients::Client;
use crate::grants::{self, Grant, Holds, Used};
use crate::http::{Failure, Fault, Params};
use crate::oidc::errors::ProtocolError;
use crate::oidc::token::{self, Asking, First, Granted, Mint, Minted, Unwritten};
use axum::response::Response;
use samekey_shared::flows::FlowError;
use samekey_shared::ids::AccountId;
use samekey_shared::secrets::opaque;

/// What came of a device that its person signed in.
enum Redeemed {
    Tokens(Box<Minted>),
    Dead(&'static str),
}

/// Answers a poll.
pub fn redeem(asking: &Asking<'_>, params: &Params) -> Result<Response, Fault> {
    let (app, client) = (asking.app, asking.client);
    let code = params
        .value("device_code")
        .ok_or(ProtocolError::InvalidRequest("device_code is missing"))?;
    let hash = opaque::hash(code);
    // Looked at first without the writer's lock, so that guesses cost nobody else anything.
    let found = app
        .realm
        .store
        .read(|tx| Ok::<_, FlowError>(rows::by_device_code(tx, &hash)?))
        .map_err(failed)?;
    let found = found
        .filter(|found| found.client == client.id)
        .ok_or(ProtocolError::InvalidGrant)?;
    let now = app.realm.clock.now();
    match (found.state, found.account) {
        (State::Denied, _) => Err(ProtocolError::AccessDenied.into()),
        (State::Pending | State::Approved, _) if found.expires_at <= now => Err(ProtocolError::ExpiredToken.into()),
        (State::Pending, _) => {
            let noted = app
                .realm
                .store
                .write(|tx| Ok::<_, FlowError>(rows::note_poll(tx, found.id, now)?));
            let in_time = noted.map_err(failed)?;
            let told = if in_time {
                ProtocolError::AuthorizationPending
            } else {
                ProtocolError::SlowDown
            };
            Err(told.into())
        }
        (State::Approved, Some(account)) => tokens(asking, &found, account, params),
        (State::Approved | State::Redeemed, _) => Err(ProtocolError::InvalidGrant.into()),
    }
}

/// What the device's person gave it, once.
fn tokens(asking: &Asking<'_>, found: &rows::Polled, account: AccountId, params: &Params) -> Result<Response, Fault> {
    let (app, client) = (asking.app, asking.client);
    let named = token::resources(params, &found.resources, app)?;
    let host = grants::host_groups(app, account)?;
    let mint = Mint::prepare(app)?;
    let redeemed = app.realm.store.write(|tx| {
        asking.spend_proof(tx)?;
        let Some(given) = rows::redeem(tx, found.id)? else {
            return Ok(Redeemed::Dead("spent"));
        };
        let grant = grant_of(client, &given);
        let holder = match grants::still_holds(app, tx, &grant, &grant.scope, Some(&host), Used::Code)? {
            Holds::Yes(_, Some(holder)) => *holder,
            Holds::No(why) => return Ok(Redeemed::Dead(why)),
            Holds::Yes(_, None) | Holds::AskHost(_) => return Ok(Redeemed::Dead("nobody")),
        };
        let first = First {
            client,
            holder,
            session: given.session,
            grant: given.grant,
            details: &given.details,
            resources: &named,
            binding: asking.binding.clone(),
        };
        let granted = Granted::first(app, tx, first)?;
        let minted = mint.write(asking, tx, granted)?;
        Ok::<_, Unwritten>(Redeemed::Tokens(Box::new(minted)))
    });
    match redeemed? {
        Redeemed::Tokens(minted) => minted.answer(app),
        Redeemed::Dead(why) => {
            tracing::info!(request = %asking.call.visitor.request, %client.id, why, "a device got nothing");
            Err(ProtocolError::InvalidGrant.into())
        }
    }
}

/// What the device's grant will be, for asking whether it still holds.
fn grant_of(client: &Client, given: &Approved) -> Grant {
    Grant {
        id: given.grant,
        client: client.id.clone(),
        account: Some(given.account),
        session: Some(given.session),
        offline: false,
        scope: given.details.scopes.to_string(),
        details: Some(given.details.clone()),
        given_at: given.details.auth_time,
        ends_at: given.details.auth_time,
    }
}

fn failed(error: FlowError) -> Fault {
    Fault::as_json(&Failure::from(error))
}
