//! `/token`: client authentication first, then the grant (RFC 6749 section 3.2).

pub mod access_jwt;
mod client_credentials;
mod code_grant;
mod exchange;
pub mod issue;
pub mod pkce;
mod refresh_grant;
mod span;
pub mod trial;

pub use issue::{First, Granted, Mint, Minted};

use super::client_auth::{self, Call};
use super::device;
use super::dpop::{self, Unspent};
use super::errors::ProtocolError;
use super::sender;
use crate::app::{App, AppState, blocking, routes};
use crate::clients::{AccessTokenForm, Client, GrantType};
use crate::grants::{Binding, Grant};
use crate::http::body::form;
use crate::http::{Failure, Fault, Params, Visitor};
use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use samekey_shared::audit::{Actor, Event, EventKind};
use samekey_shared::flows::FlowError;
use samekey_shared::source::Door;
use samekey_shared::store::{StoreError, Tx};
use std::collections::BTreeSet;

/// The grants that are served here.
pub const SUPPORTED: [GrantType; 5] = [
    GrantType::AuthorizationCode,
    GrantType::RefreshToken,
    GrantType::ClientCredentials,
    GrantType::DeviceCode,
    GrantType::TokenExchange,
];

/// Who asks for tokens, proven, and by which grant.
#[derive(Debug, Clone)]
pub struct Asking<'a> {
    /// The application's state.
    pub app: &'a AppState,
    /// The request.
    pub call: &'a Call,
    /// The client.
    pub client: &'a Client,
    /// What the tokens will be bound to.
    pub binding: Binding,
    /// The proof of it that this call came with, not spent yet.
    pub proof: Option<Unspent>,
    /// `grant_type`, for the trail.
    pub grant_type: GrantType,
}

/// Why a grant wrote nothing: its unit of work is undone.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// The proof was accepted before, or a moment ago with another call.
    #[error("the DPoP proof was used before")]
    ProofUsed,
    /// Ours.
    #[error(transparent)]
    Failed(#[from] FlowError),
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Unwritten> for Fault {
    fn from(why: Unwritten) -> Self {
        match why {
            Unwritten::ProofUsed => dpop::USED.into(),
            Unwritten::Failed(error) => failed(error),
        }
    }
}

impl Asking<'_> {
    /// Spends the proof: first of all in the unit of work of every grant that gives tokens. Of calls at once with one proof
    /// only one goes on; the others change nothing.
    pub fn spend_proof(&self, tx: &mut Tx<'_>) -> Result<(), Unwritten> {
        match &self.proof {
            Some(proof) if !proof.spend(tx)? => Err(Unwritten::ProofUsed),
            _ => Ok(()),
        }
    }

    /// A line of the trail about what this client did with this grant.
    pub fn event(&self, kind: EventKind, grant: &Grant) -> Event {
        Event::new(kind, Actor::Client(self.client.id.to_string()))
            .request(grant.id)
            .at(Door::Web, format!("oidc:{}", self.client.id))
            .from(&self.call.visitor.source)
    }
}

/// `POST /token`
pub async fn endpoint(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let call = Call::of(&app, visitor, &request, routes::TOKEN)?;
    let params = form(request)
        .await
        .map_err(|_| ProtocolError::InvalidRequest("the form cannot be read, or names a parameter twice"))?;
    let mut proven = None;
    if waits_for_nobody(&call, &params) {
        let client = client_auth::prove(&app, &call, &params)?.client;
        if client.settings.access_token == AccessTokenForm::Jwt {
            return give(&app, &call, &client, &params);
        }
        proven = Some(client);
    }
    blocking(&app, move |app| {
        let client = match proven {
            Some(client) => client,
            None => client_auth::prove(app, &call, &params)?.client,
        };
        give(app, &call, &client, &params)
    })
    .await
}

/// Whether this asks for no more than a row and a signature, if the client has JWTs: to go to another thread and back takes
/// longer than all of it but an RSA signature, and a TLS handshake makes one of those on these threads, too.
fn waits_for_nobody(call: &Call, params: &Params) -> bool {
    params.value("grant_type") == Some(GrantType::ClientCredentials.name())
        && client_auth::shows_a_secret(call, params)
        && !call.headers.contains_key(dpop::HEADER)
}

/// Gives a client that is proven what its grant is good for.
fn give(app: &App, call: &Call, client: &Client, params: &Params) -> Result<Response, Fault> {
    let grant_type = grant_type(params)?;
    if !client.may_use(grant_type) {
        return Err(ProtocolError::UnauthorizedClient.into());
    }
    let (binding, proof) = sender::binding(app, call, client)?;
    let asking = Asking {
        app,
        call,
        client,
        binding,
        proof,
        grant_type,
    };
    match grant_type {
        GrantType::AuthorizationCode => code_grant::redeem(&asking, params),
        GrantType::RefreshToken => refresh_grant::refresh(&asking, params),
        GrantType::ClientCredentials => client_credentials::grant(&asking, params),
        GrantType::TokenExchange => exchange::exchange(&asking, params),
        GrantType::DeviceCode => device::poll::redeem(&asking, params),
    }
}

fn grant_type(params: &Params) -> Result<GrantType, ProtocolError> {
    let named = params
        .value("grant_type")
        .ok_or(ProtocolError::InvalidRequest("grant_type is missing"))?;
    named.parse().map_err(|_| ProtocolError::UnsupportedGrantType)
}

/// A failure of ours, told as JSON.
fn failed(error: impl Into<Failure>) -> Fault {
    Fault::as_json(&error.into())
}

/// The scope that is asked for, no more than `granted`; all of it where none is asked for.
fn narrowed(params: &Params, granted: &str) -> Result<String, ProtocolError> {
    let Some(asked) = params.value("scope") else {
        return Ok(granted.to_owned());
    };
    let granted: BTreeSet<&str> = granted.split(' ').collect();
    let asked: BTreeSet<&str> = asked.split(' ').filter(|word| !word.is_empty()).collect();
    if asked.is_subset(&granted) {
        Ok(asked.into_iter().collect::<Vec<_>>().join(" "))
    } else {
        Err(ProtocolError::InvalidScope)
    }
}

/// The APIs that a token request names (RFC 8707 section 2.2): of those granted, or the provider itself.
pub(in crate::oidc) fn resources(
    params: &Params,
    granted: &[String],
    app: &AppState,
) -> Result<Vec<String>, ProtocolError> {
    let own = app.config.issuer.as_str();
    let named = params.each(&["resource"]);
    if named.iter().all(|one| one == own || granted.contains(one)) {
        Ok(named)
    } else {
        Err(ProtocolError::InvalidTarget)
    }
}
