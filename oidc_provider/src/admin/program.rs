//! Administrators' programs: an access token in the place of the session's cookie, for `/api/v1` and nothing else.
//!
//! ```text
//! bound token, scope samekey:admin ─► its person's role ─► what its sign-in had shown, against the rules of admin:<action> ─► seat
//!      │ bearer: refused                   │ not allowed              │ insufficient_user_authentication (RFC 9470)
//! ```
//!
//! A token that anybody could copy out of a log never administers: it must be bound to a key or a certificate. What was proven
//! is what was shown when the token was given, not what the browser has shown since: whoever holds a token of a weaker sign-in
//! does not rise with its person (oidc.md row 24). No browser sends a token by itself, so there is no form token to check.

use crate::app::App;
use crate::grants::{self, Binding, Found};
use crate::http::{Failure, Fault};
use crate::oidc::access::{self, AccessError, Asked, Scheme, StepUp};
use crate::oidc::client_auth::Call;
use crate::oidc::scope::Scope;
use crate::pages::flow::Administering;
use crate::pages::problem::Problem;
use crate::sessions::Session;
use axum::http::{Method, Uri};
use samekey_shared::flows::{self, FlowError, Lacking};
use samekey_shared::roles::{Action, may};

/// A request that comes with a token.
pub(super) struct Program {
    /// The call.
    pub call: Call,
    /// Its method.
    pub method: Method,
    /// Its address.
    pub uri: Uri,
    /// What it is.
    pub action: Action,
    /// Whether it changes something.
    pub changes: bool,
}

/// Whoever stands behind the token, as a session of theirs would tell it.
pub(super) enum Admitted {
    /// They may, and have shown enough.
    Yes(Box<Session>),
    /// Their role does not reach so far.
    NotAllowed(Box<Session>),
}

/// Holds the token against all that a session is held against.
pub(super) fn admitted(app: &App, program: &Program) -> Result<Admitted, Fault> {
    let asked = Asked {
        method: program.method.as_str(),
        uri: &program.uri,
        form: None,
        scope: Scope::Administration,
    };
    let found = access::presented(app, &program.call, &asked)?;
    let scheme = access::scheme_of(&found.token.binding);
    if found.token.binding == Binding::None {
        return Err(AccessError::Token(Scheme::Dpop).into());
    }
    let (session, shown) = person(&found).ok_or(AccessError::Token(scheme))?;
    if !may(session.account.role, program.action, None) {
        return Ok(Admitted::NotAllowed(Box::new(session)));
    }
    let what = Administering {
        service: Administering::service(program.action, program.changes),
        back: String::new(),
        fresh: program.changes,
    };
    let host = grants::host_groups(app, session.account.id)?;
    let lacking = app.realm.store.read(|tx| {
        flows::lacking(
            &app.realm,
            tx,
            (&session.account, &what.service),
            (shown, host.clone()),
            &what.asked(),
        )
    });
    match lacking.map_err(|error: FlowError| Fault::as_json(&Failure::from(error)))? {
        Lacking::Nothing => Ok(Admitted::Yes(Box::new(session))),
        Lacking::Proof { level, max_age } => {
            let level = Some(level);
            Err(AccessError::Authentication(scheme, StepUp { level, max_age }).into())
        }
        Lacking::Leave => Err(Problem::NotAllowed.into()),
    }
}

/// The person of a token, under the session that it was given in; `None` where a client speaks for itself, or for somebody
/// while they are away, or passes on what another was given.
fn person(found: &Found) -> Option<(Session, &flows::Shown)> {
    let (grant, holder) = (found.grant.as_ref()?, found.holder.as_ref()?);
    if grant.offline || found.token.act.is_some() || found.token.client != grant.client {
        return None;
    }
    let details = grant.details.as_ref()?;
    let shown = details.shown.as_ref()?;
    let prior = shown.prior(details.auth_time);
    let session = Session {
        id: grant.session?,
        account: holder.account.clone(),
        first: prior.first,
        first_at: prior.first_at,
        evidence: prior.evidence,
    };
    Some((session, shown))
}
