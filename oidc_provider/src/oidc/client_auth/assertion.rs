//! `private_key_jwt` (RFC 7523 section 3, OpenID Connect Core section 9, FAPI 2.0 Security Profile 5.3.2.1): an assertion that
//! the client's own key signed, for us, now, and never seen before (oidc.md row 12).

use super::{Call, Refusal};
use crate::app::App;
use crate::app::routes;
use crate::clients::{self, Client};
use crate::keys::Alg;
use crate::oidc::fapi2;
use samekey_shared::clock::UnixTime;
use serde_json::{Map, Value};

/// Seconds that two clocks may differ. FAPI 2.0: 8 s ahead must pass, 60 s must not.
const LEEWAY: i64 = 10;
/// Longest life of an assertion that is taken: for so long its id is kept.
const LONGEST_LIFE: i64 = 24 * 3600;
/// Longest id of an assertion.
const LONGEST_ID: usize = 512;

/// Holds the assertion against the client's keys and the rules, and spends it.
pub(super) fn check(app: &App, call: &Call, client: &Client, token: &str) -> Result<(), Refusal> {
    let now = app.realm.clock.now();
    let verified = clients::verified(app, client, token, &algs(client))?;
    let claims = &verified.claims;
    for name in ["iss", "sub"] {
        if claims.get(name).and_then(Value::as_str) != Some(client.id.as_str()) {
            return Err(Refusal::Assertion("iss and sub must be the client_id"));
        }
    }
    if !is_for_us(app, call, client, claims) {
        return Err(Refusal::Assertion("aud is not the issuer, alone and as a text"));
    }
    let until = life(claims, now)?;
    let id = claims.get("jti").and_then(Value::as_str).unwrap_or_default();
    if !(1..=LONGEST_ID).contains(&id.len()) {
        return Err(Refusal::Assertion("jti is missing, or too long"));
    }
    let fresh = app
        .realm
        .store
        .write(|tx| clients::spend_assertion(tx, &client.id, id, until))?;
    fresh.then_some(()).ok_or(Refusal::Assertion("it was used before"))
}

/// The algorithms that this client may sign with.
fn algs(client: &Client) -> Vec<Alg> {
    let own = client.settings.auth_signing_alg;
    let all = fapi2::algs(client).iter().copied();
    all.filter(|alg| own.is_none_or(|own| own == *alg)).collect()
}

/// `aud`: for FAPI 2.0 the issuer as a text and nothing else. Others may name the endpoint instead, and may wrap the one name in
/// a list; a list of several would be good elsewhere too.
fn is_for_us(app: &App, call: &Call, client: &Client, claims: &Map<String, Value>) -> bool {
    let issuer = &app.config.issuer;
    let named = match claims.get("aud") {
        Some(Value::String(one)) => one,
        Some(Value::Array(several)) if !fapi2::is(client) => match several.as_slice() {
            [Value::String(one)] => one,
            _ => return false,
        },
        _ => return false,
    };
    if named == issuer.as_str() {
        return true;
    }
    let alias = app.config.mutual_tls.address.as_ref();
    let ours = |path: &str| *named == issuer.at(path) || alias.is_some_and(|alias| *named == alias.at(path));
    !fapi2::is(client) && (ours(routes::TOKEN) || ours(call.endpoint))
}

/// `exp`, `iat`, `nbf`: when it ends, if it is good now.
fn life(claims: &Map<String, Value>, now: UnixTime) -> Result<UnixTime, Refusal> {
    let until = moment(claims, "exp")?.ok_or(Refusal::Assertion("exp is missing"))?;
    if until <= now - LEEWAY {
        return Err(Refusal::Assertion("it has expired"));
    }
    if until > now + LONGEST_LIFE {
        return Err(Refusal::Assertion("it lives for longer than a day"));
    }
    for name in ["iat", "nbf"] {
        if moment(claims, name)?.is_some_and(|at| at > now + LEEWAY) {
            return Err(Refusal::Assertion("iat or nbf lies in the future"));
        }
    }
    Ok(until + LEEWAY)
}

/// A NumericDate (RFC 7519 section 2), which may have a fraction.
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<UnixTime>, Refusal> {
    const WRONG: Refusal = Refusal::Assertion("exp, iat or nbf is no time");
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => {
            let whole = number.as_i64().or_else(|| whole(number.as_f64()?));
            whole.map(Some).ok_or(WRONG)
        }
        Some(_) => Err(WRONG),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "within bounds that an i64 holds exactly")]
fn whole(seconds: f64) -> Option<i64> {
    (seconds.abs() < 1e12).then(|| seconds.floor() as i64)
}
