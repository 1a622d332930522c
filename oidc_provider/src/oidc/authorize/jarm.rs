//! The answer as one signed JWT (JWT Secured Authorization Response Mode for OAuth 2.0, section 2.1).

use super::request::ReturnTo;
use crate::app::AppState;
use crate::http::Failure;
use crate::keys::{Alg, jws};
use serde_json::{Map, Value};

/// Seconds that the application may take to look at it; the specification recommends at most 600.
const LIFETIME: i64 = 600;

/// Signs these members for the client.
pub(super) fn sign(
    app: &AppState,
    to: &ReturnTo,
    alg: Alg,
    fields: Vec<(&'static str, String)>,
) -> Result<String, Failure> {
    let mut claims: Map<String, Value> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    claims.insert("iss".to_owned(), app.config.issuer.as_str().into());
    claims.insert("aud".to_owned(), to.client.as_str().into());
    claims.insert("exp".to_owned(), (app.realm.clock.now() + LIFETIME).into());
    let published = app.published();
    Ok(jws::sign(published.keys.active(alg)?, &claims)?)
}
