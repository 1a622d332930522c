//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4).

use crate::keys::{Key, PairError, jws};
use samekey_shared::clock::UnixTime;
use serde::Serialize;
use serde_json::{Value, json};

/// Their `typ`, so that none is ever taken for an ID token (section 4).
pub const TYP: &str = "logout+jwt";
/// The event that they tell of.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Seconds that one is good for (section 2.4 recommends two minutes at most).
const LIFE: i64 = 120;

/// Who was signed out, where.
pub(super) struct Told<'a> {
    pub issuer: &'a str,
    pub subject: &'a str,
    pub client: &'a str,
    pub session: &'a str,
    pub id: &'a str,
    pub now: UnixTime,
}

/// A `nonce` is not among them: section 2.4 forbids it.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: UnixTime,
    exp: UnixTime,
    jti: &'a str,
    events: Value,
    sid: &'a str,
}

/// Signs one.
pub(super) fn mint(key: &Key, told: &Told<'_>) -> Result<String, PairError> {
    let claims = Claims {
        iss: told.issuer,
        sub: told.subject,
        aud: told.client,
        iat: told.now,
        exp: told.now.saturating_add(LIFE),
        jti: told.id,
        events: json!({ EVENT: {} }),
        sid: told.session,
    };
    jws::sign_typed(key, TYP, &claims)
}
