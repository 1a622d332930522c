//! Refresh tokens (RFC 6749 section 6, RFC 9700 section 4.14.2, OpenID Connect Core section 12).
//!
//! ```text
//! client proven ─► its token? ─► spent before? ─► still holds? ─► spent by one UPDATE ─► the next one
//!                                     │ yes                             │ somebody was faster
//!                                     ▼                                 ▼
//!                               the whole family ends             the whole family ends
//! ```
//!
//! A refresh token works once. **There is no grace for an answer that got lost**: who sends a spent token again, a thief or
//! its owner after a broken connection, ends the family, and the person signs in again. A grace of seconds would be the
//! thief's too. A client that cannot live with that is confidential and of the `fapi2` profile, whose tokens are not
//! rotated: there the client's own key, shown at each use, is what a thief lacks (FAPI 2.0 section 5.3.2.1).

use super::issue::{Granted, IdToken, Mint, Minted, Refreshing, audience};
use super::span::refresh_span;
use super::{Asking, Unwritten, failed, narrowed, resources};
use crate::clients::ClientKind;
use crate::grants::{self, Grant, Holds, RefreshToken, Spent, Used};
use crate::http::{Fault, Params};
use crate::oidc::errors::ProtocolError;
use crate::oidc::scope::{Scope, Scopes};
use axum::response::Response;
use samekey_shared::accounts::{Groups, LoginName};
use samekey_shared::audit::{self, EventKind};
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::FlowError;
use samekey_shared::secrets::opaque;
use samekey_shared::store::Tx;

/// What a refresh came to.
enum Refreshed {
    Tokens(Box<Minted>),
    /// Not asked as this client may ask with this token.
    Wrong(ProtocolError),
    Reused,
    Dead(&'static str),
}

/// Why a unit of work was given up, with nothing written.
enum GivenUp {
    /// A rule looks at the system's groups, and the name service is not asked inside a unit of work.
    AskHost(LoginName),
    Unwritten(Unwritten),
}

impl<E: Into<Unwritten>> From<E> for GivenUp {
    fn from(why: E) -> Self {
        Self::Unwritten(why.into())
    }
}

/// A refresh in progress.
struct Refresh<'a> {
    asking: &'a Asking<'a>,
    params: &'a Params,
    text: &'a str,
    hash: [u8; 32],
    /// What the name service said; `None` as long as nobody asked it.
    host: Option<Groups>,
}

/// Gives new tokens for a refresh token.
pub(super) fn refresh(asking: &Asking<'_>, params: &Params) -> Result<Response, Fault> {
    let app = asking.app;
    let text = params
        .value("refresh_token")
        .ok_or(ProtocolError::InvalidRequest("refresh_token is missing"))?;
    let mut refresh = Refresh {
        asking,
        params,
        text,
        hash: opaque::hash(text),
        host: None,
    };
    // Whoever proved nothing gets no turn to write for a text that is no token: with many they could keep everybody waiting.
    if asking.client.kind == ClientKind::Public && !refresh.is_known()? {
        return Err(ProtocolError::InvalidGrant.into());
    }
    let mint = Mint::prepare(app)?;
    // All that is to be known is read where it is written. To look first, as is done for a code, would cost every refresh
    // another read for the few policies that ask the host.
    let refreshed = loop {
        match app.realm.store.write(|tx| refresh.write(tx, &mint)) {
            Ok(refreshed) => break refreshed,
            Err(GivenUp::AskHost(name)) => refresh.host = Some(grants::groups_of_host(Some(&name))),
            Err(GivenUp::Unwritten(why)) => return Err(why.into()),
        }
    };
    let (request, client) = (asking.call.visitor.request, &asking.client.id);
    match refreshed {
        Refreshed::Tokens(minted) => minted.answer(app),
        Refreshed::Wrong(error) => Err(error.into()),
        Refreshed::Reused => {
            tracing::warn!(%request, %client, "a refresh token came a second time; its family is revoked");
            Err(ProtocolError::InvalidGrant.into())
        }
        Refreshed::Dead(why) => {
            tracing::info!(%request, %client, why, "a refresh token gave nothing");
            Err(ProtocolError::InvalidGrant.into())
        }
    }
}

/// What new tokens are to be for.
struct Wanted {
    scope: String,
    /// The APIs that the request names.
    named: Vec<String>,
    /// All APIs that were granted and still may be asked for.
    granted: Vec<String>,
}

/// The APIs that were granted, as far as the client is still registered for them.
fn granted_resources(asking: &Asking<'_>, grant: &Grant) -> Vec<String> {
    let granted = grant.details.iter().flat_map(|details| &details.resources);
    let still = |one: &&String| asking.client.settings.resources.contains(*one);
    granted.filter(still).cloned().collect()
}

impl Refresh<'_> {
    fn is_known(&self) -> Result<bool, Fault> {
        let looked = self
            .asking
            .app
            .realm
            .store
            .read(|tx| grants::refresh_token(tx, &self.hash));
        Ok(looked.map_err(failed)?.is_some())
    }

    fn write(&self, tx: &mut Tx<'_>, mint: &Mint) -> Result<Refreshed, GivenUp> {
        let (app, now) = (self.asking.app, self.asking.app.realm.clock.now());
        let theirs = |(token, grant): &(RefreshToken, Grant)| {
            grant.client == self.asking.client.id && token.binding.allows(&self.asking.binding)
        };
        let Some((token, grant)) = grants::refresh_token(tx, &self.hash)?.filter(theirs) else {
            return Ok(Refreshed::Wrong(ProtocolError::InvalidGrant));
        };
        let Wanted { scope, named, granted } = match self.wanted(&grant) {
            Ok(wanted) => wanted,
            Err(error) => return Ok(Refreshed::Wrong(error)),
        };
        self.asking.spend_proof(tx)?;
        if token.used_at.is_some() {
            return Ok(self.reused(tx, &grant, now)?);
        }
        if token.expires_at <= now || grant.ends_at <= now {
            return Ok(Refreshed::Dead("expired"));
        }
        // What does not hold now may hold again: a directory that is down comes back. So nothing is spent for it.
        let holder = match grants::still_holds(app, tx, &grant, &scope, self.host.as_ref(), Used::Refresh)? {
            Holds::Yes(_, Some(holder)) => *holder,
            Holds::No(why) => return Ok(Refreshed::Dead(why)),
            Holds::AskHost(name) if self.host.is_none() => return Err(GivenUp::AskHost(name)),
            Holds::Yes(_, None) | Holds::AskHost(_) => return Ok(Refreshed::Dead("nobody")),
        };
        let Some(until) = self.until(tx, &grant, now)? else {
            return Ok(Refreshed::Dead("not_for_this_client"));
        };
        let rotates = self.asking.client.rotates_refresh_tokens();
        let spent = if rotates {
            grants::spend_refresh(tx, &self.hash, now)?
        } else {
            grants::renew_refresh(tx, &self.hash, until)?
        };
        if spent == Spent::Before {
            return Ok(self.reused(tx, &grant, now)?);
        }
        let scopes = Scopes::read(&scope);
        let granted = Granted {
            client: self.asking.client.clone(),
            begins: false,
            holder: Some(holder),
            audience: audience(app, &scopes, &granted, &named),
            scope,
            binding: self.asking.binding.clone(),
            act: None,
            expires_at: grant.ends_at.min(now + app.config.token_seconds),
            refreshing: if rotates {
                Refreshing::New(until)
            } else {
                Refreshing::Same(self.text.to_owned())
            },
            id_token: if scopes.has(Scope::Openid) {
                IdToken::Again
            } else {
                IdToken::No
            },
            grant,
        };
        let minted = mint.write(self.asking, tx, granted)?;
        Ok(Refreshed::Tokens(Box::new(minted)))
    }

    /// What is asked for, of what was granted.
    fn wanted(&self, grant: &Grant) -> Result<Wanted, ProtocolError> {
        let granted = granted_resources(self.asking, grant);
        Ok(Wanted {
            scope: narrowed(self.params, &grant.scope)?,
            named: resources(self.params, &granted, self.asking.app)?,
            granted,
        })
    }

    /// When the next one ends if it idles; never after the grant. `None` where the client may not refresh any more.
    fn until(&self, tx: &mut Tx<'_>, grant: &Grant, now: UnixTime) -> Result<Option<UnixTime>, FlowError> {
        let Some(session) = grant.session else {
            return Ok(None);
        };
        let scopes = Scopes::read(&grant.scope);
        let span = refresh_span(self.asking.app, tx, self.asking.client, &scopes, session)?;
        Ok(span.map(|span| span.next(now).min(grant.ends_at)))
    }

    fn reused(&self, tx: &mut Tx<'_>, grant: &Grant, now: UnixTime) -> Result<Refreshed, FlowError> {
        grants::end_grant(tx, grant.id)?;
        let event = self.asking.event(EventKind::RefreshReuseDetected, grant);
        audit::append(tx, &event, now)?;
        Ok(Refreshed::Reused)
    }
}
