//! ID tokens: minted from a redeemed grant, and read back when an application sends one as a hint.

use crate::keys::{Key, KeySet, PairError, jws};
use samekey_shared::clock::UnixTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The claims of an ID token (OpenID Connect Core section 2).
#[derive(Debug, Serialize)]
pub struct IdTokenClaims<'a> {
    /// Issuer.
    pub iss: &'a str,
    /// The person, by the account's id: it never changes and is never given to another.
    pub sub: &'a str,
    /// The application.
    pub aud: &'a str,
    /// End of its life.
    pub exp: UnixTime,
    /// When it was minted.
    pub iat: UnixTime,
    /// When the person last proved who they are.
    pub auth_time: UnixTime,
    /// The level, under the name that the application asked for where it asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<&'a str>,
    /// How, from evidence alone.
    pub amr: &'a [String],
    /// What binds it to the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    /// What binds it to the access token.
    pub at_hash: String,
    /// The browser session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<&'a str>,
    /// Claims about the person, where asked for by name.
    #[serde(flatten)]
    pub about: Map<String, Value>,
}

/// Signs.
pub fn mint(key: &Key, claims: &IdTokenClaims<'_>) -> Result<String, PairError> {
    jws::sign(key, claims)
}

/// What a hint tells. It is only ever a hint: it may be long expired, and it selects nothing on its own (oidc.md row 4).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Hint {
    iss: String,
    /// The person.
    pub sub: String,
    /// The application.
    pub aud: String,
    /// The browser session.
    pub sid: Option<String>,
}

/// Reads an ID token that we minted for whichever application; `None` for anything else.
pub fn hint(keys: &KeySet, issuer: &str, token: &str) -> Option<Hint> {
    jws::read::<Hint>(keys, token).filter(|hint| hint.iss == issuer)
}
