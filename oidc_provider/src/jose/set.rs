//! A set of public keys (RFC 7517 section 5), as registered or fetched.

use super::{JoseError, Jwk};
use crate::keys::Alg;
use serde_json::Value;

/// Most keys of a set; more are a mistake, and each costs a try.
const MOST: usize = 32;

/// Keys, in the order published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Reads a set. Kinds of keys that we do not know are passed over, as the specification asks; a private, symmetric or
    /// weak one spoils the whole set: somebody must hear of it.
    pub fn parse(value: &Value) -> Result<Self, JoseError> {
        let keys = value
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(JoseError::Malformed)?;
        if keys.len() > MOST {
            return Err(JoseError::TooLong);
        }
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            match Jwk::parse(key) {
                Ok(key) => found.push(key),
                Err(JoseError::Unknown) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(Self(found))
    }

    /// The same from its text.
    pub fn read(text: &[u8]) -> Result<Self, JoseError> {
        Self::parse(&serde_json::from_slice(text).map_err(|_| JoseError::Malformed)?)
    }

    /// A set of one.
    pub fn of(key: Jwk) -> Self {
        Self(vec![key])
    }

    /// Each key.
    pub fn iter(&self) -> impl Iterator<Item = &Jwk> {
        self.0.iter()
    }

    /// Whether none of them is of use.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that may have signed: of this id where one is named, else whichever fits.
    pub(super) fn candidates<'a>(&'a self, kid: Option<&'a str>, alg: Alg) -> impl Iterator<Item = &'a Jwk> {
        let named = move |key: &&Jwk| kid.is_none_or(|kid| key.kid() == Some(kid));
        self.0.iter().filter(named).filter(move |key| key.fits(alg))
    }
}
