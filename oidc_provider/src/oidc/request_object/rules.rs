//! When a request object holds: for whom, by whom, and for how long (RFC 9101 section 6, FAPI 2.0 Message Signing 5.3.1).

use super::{Trouble, wrong};
use crate::clients::Client;
use samekey_shared::clock::UnixTime;
use serde_json::{Map, Value};

/// Seconds that the client's clock may be ahead of ours: 10 must be taken and 60 must not (FAPI 2.0, 5.3.2.1-13).
const AHEAD: i64 = 30;
/// Seconds that an object may be good for, and that it may be old, where it must be signed (Message Signing 5.3.1).
const LIFETIME: i64 = 3600;

/// Holds the claims against the rules; `strict` for clients that must sign.
pub(super) fn hold(
    claims: &Map<String, Value>,
    client: &Client,
    issuer: &str,
    now: UnixTime,
    strict: bool,
) -> Result<(), Trouble> {
    let text = |name: &str| claims.get(name).map(|value| value.as_str().unwrap_or_default());
    let id = client.id.as_str();
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(wrong("a request object holds neither request nor request_uri"));
    }
    if text("client_id").is_some_and(|named| named != id) || (strict && text("client_id").is_none()) {
        return Err(wrong("client_id of the request object is not the application"));
    }
    if text("iss").is_some_and(|named| named != id) {
        return Err(wrong("iss of the request object is not the application"));
    }
    // A client assertion has the client as its subject: it must not pass for a request (RFC 9101 section 10.8).
    if text("sub").is_some_and(|named| named == id) {
        return Err(wrong("sub of the request object is the application"));
    }
    audience(claims.get("aud"), issuer, strict)?;
    times(claims, now, strict)
}

fn audience(aud: Option<&Value>, issuer: &str, strict: bool) -> Result<(), Trouble> {
    let ours = match aud {
        None => !strict,
        Some(Value::String(one)) => one == issuer,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(issuer)),
        Some(_) => false,
    };
    if ours {
        Ok(())
    } else {
        Err(wrong("aud of the request object is not the issuer"))
    }
}

fn times(claims: &Map<String, Value>, now: UnixTime, strict: bool) -> Result<(), Trouble> {
    let at = |name: &str| match claims.get(name) {
        None => Ok(None),
        // Fractions of a second are allowed (RFC 7519 section 2), and make no difference here.
        #[expect(clippy::cast_possible_truncation, reason = "clamped to what any clock shows")]
        Some(value) => match value.as_f64() {
            Some(seconds) => Ok(Some(seconds.clamp(0.0, 1e12) as i64)),
            None => Err(wrong("exp, nbf and iat of the request object are seconds")),
        },
    };
    let (exp, nbf, iat) = (at("exp")?, at("nbf")?, at("iat")?);
    if exp.is_some_and(|exp| exp <= now) {
        return Err(wrong("the request object has expired"));
    }
    if nbf.is_some_and(|nbf| nbf > now + AHEAD) || iat.is_some_and(|iat| iat > now + AHEAD) {
        return Err(wrong("the request object is not valid yet"));
    }
    if !strict {
        return Ok(());
    }
    let (Some(exp), Some(nbf)) = (exp, nbf) else {
        return Err(wrong("the request object needs exp and nbf"));
    };
    if nbf < now - LIFETIME || exp - nbf > LIFETIME {
        return Err(wrong("the request object is good, or old, for more than an hour"));
    }
    Ok(())
}
