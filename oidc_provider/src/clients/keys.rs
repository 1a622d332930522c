//! An application's public keys: registered with it, or fetched from its `jwks_uri` and remembered for a while.

use super::Client;
use super::fetched::PAUSE;
use crate::app::AppState;
use crate::jose::{JoseError, JwkSet, Verified, verify};
use crate::keys::Alg;
use crate::outbound::{self, OutboundError};

/// Seconds that fetched keys are good.
const GOOD: i64 = 600;
/// Why a client's keys, or a token signed with one, are not good. For the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysProblem {
    /// None is registered.
    #[error("the client has registered no keys")]
    None,
    /// They cannot be fetched.
    #[error("the client's jwks_uri: {0}")]
    Fetch(#[from] OutboundError),
    /// They could not be fetched a moment ago, or others wait for them already.
    #[error("the client's jwks_uri gave nothing just now")]
    JustNow,
    /// They are no good, or the token is not.
    #[error("{0}")]
    Jose(#[from] JoseError),
}

/// The client's keys: its `jwks`, or what its `jwks_uri` gave not long ago. May fetch: from the pool for blocking work only.
pub fn keys(app: &AppState, client: &Client) -> Result<JwkSet, KeysProblem> {
    of(app, client, GOOD)
}

/// The same, fetched anew unless that was done just now: where none of the keys remembered fits.
pub fn keys_anew(app: &AppState, client: &Client) -> Result<JwkSet, KeysProblem> {
    of(app, client, PAUSE)
}

fn of(app: &AppState, client: &Client, good: i64) -> Result<JwkSet, KeysProblem> {
    let settings = &client.settings;
    let address = match (&settings.jwks, &settings.jwks_uri) {
        (Some(keys), _) => return Ok(JwkSet::parse(keys)?),
        (None, Some(address)) => address,
        (None, None) => return Err(KeysProblem::None),
    };
    app.fetched_keys.get(address, app.realm.clock.now(), good, || {
        let document = outbound::get(app, address, outbound::DOCUMENT)?.document()?;
        Ok(JwkSet::read(&document)?)
    })
}

/// A token that the client signed with one of these algorithms. Keys that were fetched are fetched anew, once, when none of
/// them fits: the client may have taken a new one into use.
pub fn verified(app: &AppState, client: &Client, token: &str, allowed: &[Alg]) -> Result<Verified, KeysProblem> {
    match verify(token, &keys(app, client)?, allowed) {
        Err(JoseError::NoKey) if client.settings.jwks.is_none() => {
            Ok(verify(token, &keys_anew(app, client)?, allowed)?)
        }
        done => Ok(done?),
    }
}
