//! Which application calls: RFC 6749 section 2.3, OpenID Connect Core section 9, RFC 7523, RFC 8705.
//!
//! ```text
//! what the request shows (one way, exactly) ─► the client it names ─► its own method? ─► proven ─► Proven
//! ```
//!
//! A client may use the one method it is registered with and no other; `client_secret` leaves open where the secret stands. Whatever is wrong, the answer is `invalid_client` and
//! the same; the log tells the operator what it was.

mod advertised;
mod assertion;
mod certificate;
mod peer;
mod shown;

pub use advertised::{advertised, methods};
pub use certificate::ClientCertificate;
pub(crate) use certificate::distinguished;
pub use peer::PeerCertificates;

use crate::app::App;
use crate::clients::{self, AuthMethod, Client, KeysProblem, Secrets};
use crate::http::{Failure, Fault, Params, Visitor};
use crate::oidc::errors::ProtocolError;
use axum::extract::Request;
use axum::http::HeaderMap;
use samekey_shared::secrets::opaque;
use samekey_shared::store::StoreError;
use shown::{Credential, Shown};
use subtle::ConstantTimeEq;

/// One request of an application, as every protocol endpoint sees it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who calls, as the guard found out.
    pub visitor: Visitor,
    /// Its headers.
    pub headers: HeaderMap,
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// The certificate that came with the connection, or that a trusted proxy passed on.
    pub certificate: Option<ClientCertificate>,
}

impl Call {
    /// Reads what surrounds the request.
    pub fn of(app: &App, visitor: Visitor, request: &Request, endpoint: &'static str) -> Result<Self, Fault> {
        Ok(Self {
            certificate: peer::certificate(app, request)?,
            visitor,
            headers: request.headers().clone(),
            endpoint,
        })
    }

    /// The endpoint's path.
    pub fn path(&self) -> &str {
        self.endpoint
    }
}

/// A client that proved who it is.
#[derive(Debug, Clone)]
pub struct Proven {
    /// Which.
    pub client: Client,
    /// How.
    pub method: AuthMethod,
}

/// Why a client is not believed. For the log.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("no such client")]
    Unknown,
    #[error("it authenticates by another method than the one it is registered with, {0}")]
    Method(AuthMethod),
    #[error("its secret is wrong")]
    Secret,
    #[error("its assertion: {0}")]
    Assertion(&'static str),
    #[error("its assertion: {0}")]
    Keys(#[from] KeysProblem),
    #[error("its certificate: {0}")]
    Certificate(&'static str),
    /// Not its fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The client that this request proves to come from. May fetch keys and writes spent assertions: call it from the pool for
/// blocking work, unless [`shows_a_secret`].
pub fn prove(app: &App, call: &Call, params: &Params) -> Result<Proven, Fault> {
    let shown = shown::read(&call.headers, params)?;
    match proven(app, call, &shown) {
        Ok(proven) => Ok(proven),
        Err(Refusal::Store(error)) => Err(Fault::as_json(&Failure::from(error))),
        Err(why) => {
            tracing::info!(request = %call.visitor.request, client = ?shown.id, endpoint = call.endpoint, %why, "an application was refused");
            Err(ProtocolError::InvalidClient(shown.scheme).into())
        }
    }
}

/// Whether the client shows a secret, which a row is enough to hold against.
pub fn shows_a_secret(call: &Call, params: &Params) -> bool {
    let shown = shown::read(&call.headers, params);
    shown.is_ok_and(|shown| matches!(shown.credential, Credential::Secret { .. }))
}

fn proven(app: &App, call: &Call, shown: &Shown<'_>) -> Result<Proven, Refusal> {
    let found = app.realm.store.read(|tx| clients::with_secrets(tx, &shown.id))?;
    let (client, secrets) = found.map_or((None, Secrets::default()), |(client, secrets)| (Some(client), secrets));
    // Held against something even where there is no client, so that an unknown one takes as long.
    let right_secret = match &shown.credential {
        Credential::Secret { secret, .. } => is_right(secret.expose(), &secrets, app.realm.clock.now()),
        Credential::Assertion(_) | Credential::None => false,
    };
    let client = client.ok_or(Refusal::Unknown)?;
    let method = client.auth_method();
    match (&shown.credential, method) {
        (Credential::Secret { method: used, .. }, _) if method.takes_secret_by(*used) => {
            right_secret.then_some(()).ok_or(Refusal::Secret)?;
        }
        (Credential::Assertion(token), AuthMethod::PrivateKeyJwt) => assertion::check(app, call, &client, token)?,
        (Credential::None, AuthMethod::TlsClientAuth | AuthMethod::SelfSignedTlsClientAuth) => {
            certificate::check(app, call, &client)?;
        }
        (Credential::None, AuthMethod::None) => {}
        _ => return Err(Refusal::Method(method)),
    }
    Ok(Proven { client, method })
}

/// Both secrets are looked at always, so that the time tells nothing of which one is near.
fn is_right(shown: &str, secrets: &Secrets, now: i64) -> bool {
    let hash = opaque::hash(shown);
    let is = |known: Option<&Vec<u8>>| match known {
        Some(known) => hash.as_slice().ct_eq(known),
        None => hash.as_slice().ct_eq(&[0; 32]) & subtle::Choice::from(0),
    };
    bool::from(is(secrets.current.as_ref()) | is(secrets.previous(now)))
}
