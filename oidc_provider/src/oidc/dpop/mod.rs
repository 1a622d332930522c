//! Demonstrating Proof of Possession (RFC 9449): whoever uses a token shows in the `DPoP` header that they hold its key.
//!
//! ```text
//! one header ─► a JWS of its own key ─► this method, this address ─► this token (ath) ─► young, or with our nonce ─► never seen
//! ```
//!
//! Nonces are texts that only we can make and that end by themselves, so nothing is kept of them; of proofs that were accepted
//! the store keeps a hash until they would be too old anyway. The order matters: a proof is spent only when all else is right,
//! at `/token` in the very unit of work that writes the tokens: a commit of its own would cost as much as they do.

mod nonce;
mod proof;
mod replay;

pub use nonce::Nonces;
pub use proof::{ALGS, Proof};
pub use replay::sweep;

use crate::app::AppState;
use crate::http::Failure;
use crate::oidc::client_auth::Call;
use axum::http::{HeaderMap, HeaderName};
use samekey_shared::clock::UnixTime;
use samekey_shared::store::{StoreError, Tx};

/// The request's header (RFC 9449 section 4.1).
pub const HEADER: HeaderName = HeaderName::from_static("dpop");
/// The answer's header (RFC 9449 section 8).
pub const NONCE_HEADER: HeaderName = HeaderName::from_static("dpop-nonce");

/// Why a proof was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum DpopError {
    /// `invalid_dpop_proof`
    #[error("invalid DPoP proof: {0}")]
    Invalid(&'static str),
    /// `use_dpop_nonce`: right as far as it goes, but it must hold the nonce that comes with this answer.
    #[error("the DPoP proof lacks our nonce")]
    UseNonce,
    /// Ours.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Whether proofs must hold a nonce of ours (`[provider] dpop-nonces`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NonceRule {
    /// Each answer offers one; a proof without one must be of the last seconds.
    #[default]
    Offered,
    /// No proof counts without one, so that none can be made in advance.
    Required,
}

/// What a proof must be for.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's path; the rest of its address is the configured issuer's, never the Host header's (oidc.md row 34).
    pub path: &'a str,
    /// The token that it comes with; none at `/token` and `/par`.
    pub access_token: Option<&'a str>,
}

/// A proof that is right and not spent yet: worth something only to whoever spends it.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unspent {
    jkt: String,
    id: [u8; 32],
    until: UnixTime,
}

impl Unspent {
    /// The thumbprint (RFC 7638) of its key.
    pub fn jkt(&self) -> &str {
        &self.jkt
    }

    /// Spends it in the caller's unit of work; false when it was spent before.
    pub fn spend(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        replay::spend(tx, &self.id, self.until)
    }
}

/// The proof that this call to an endpoint came with, if any, to be spent by the caller.
pub fn unspent(app: &AppState, call: &Call, method: &str) -> Result<Option<Unspent>, DpopError> {
    let expected = Expected {
        method,
        path: call.endpoint,
        access_token: None,
    };
    right(app, &call.headers, &expected)
}

/// The thumbprint of the key that this request proves to hold; `None` where it has no `DPoP` header. Each proof is accepted
/// once.
pub fn shown(app: &AppState, headers: &HeaderMap, expected: &Expected<'_>) -> Result<Option<String>, DpopError> {
    let Some(proof) = right(app, headers, expected)? else {
        return Ok(None);
    };
    let fresh = app
        .realm
        .store
        .write(|tx| proof.spend(tx))
        .map_err(|error: StoreError| DpopError::Failure(error.into()))?;
    if fresh { Ok(Some(proof.jkt)) } else { Err(USED) }
}

/// What whoever shows a proof again is told.
pub const USED: DpopError = DpopError::Invalid("the proof was used before");

/// A proof that is right for this request.
fn right(app: &AppState, headers: &HeaderMap, expected: &Expected<'_>) -> Result<Option<Unspent>, DpopError> {
    let mut lines = headers.get_all(HEADER).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(DpopError::Invalid("there is more than one DPoP header"));
    }
    let text = line.to_str().map_err(|_| DpopError::Invalid("the proof is no text"))?;
    let proof = Proof::read(text).map_err(DpopError::Invalid)?;
    let (issuer, alias) = (&app.config.issuer, app.config.mutual_tls.address.as_ref());
    // Where clients show certificates the same endpoints have another address (RFC 8705 section 5).
    let addresses = [Some(issuer), alias].into_iter().flatten();
    let addresses: Vec<String> = addresses.map(|base| base.at(expected.path)).collect();
    proof
        .is_for(expected.method, &addresses, expected.access_token)
        .map_err(DpopError::Invalid)?;
    let now = app.realm.clock.now();
    let until = proof.lives(&app.nonces, app.config.dpop_nonces, now)?;
    Ok(Some(Unspent {
        id: proof.id(),
        until,
        jkt: proof.jkt,
    }))
}
