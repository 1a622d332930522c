//! What a request shows of its client: one way of authenticating, or none (RFC 6749 section 2.3: "MUST NOT use more than one").

use crate::clients::AuthMethod;
use crate::http::Params;
use crate::http::params::decode;
use crate::jose;
use crate::oidc::errors::{ClientScheme, ProtocolError};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use data_encoding::BASE64;
use samekey_shared::secrets::SecretText;

/// The one kind of assertion (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest client id that is looked for, and shown in the log.
const LONGEST_ID: usize = 64;

/// What the client showed.
pub(super) struct Shown<'a> {
    /// Whom it claims to be.
    pub id: String,
    /// By what.
    pub credential: Credential<'a>,
    /// Which decides on the challenge in the answer.
    pub scheme: ClientScheme,
}

/// By what a client proves itself.
pub(super) enum Credential<'a> {
    /// Its secret.
    Secret {
        /// As it came.
        secret: SecretText,
        /// The way it came.
        method: AuthMethod,
    },
    /// A signed JWT.
    Assertion(&'a str),
    /// Nothing in the request: perhaps a certificate around it.
    None,
}

/// Reads it.
pub(super) fn read<'a>(headers: &HeaderMap, params: &'a Params) -> Result<Shown<'a>, ProtocolError> {
    let header = authorization(headers)?;
    let secret = params.value("client_secret");
    let assertion = assertion(params)?;
    let ways = [header.is_some(), secret.is_some(), assertion.is_some()];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        return Err(ProtocolError::InvalidRequest(
            "the client authenticates in two ways at once",
        ));
    }
    let named = params.value("client_id");
    if let Some(line) = header {
        return by_header(line, named);
    }
    let scheme = ClientScheme::Form;
    let failed = ProtocolError::InvalidClient(scheme);
    let (id, credential) = match (secret, assertion) {
        (Some(secret), _) => (
            named.map(str::to_owned),
            Credential::Secret {
                secret: SecretText::from(secret),
                method: AuthMethod::ClientSecretPost,
            },
        ),
        (None, Some(token)) => (subject(token, named), Credential::Assertion(token)),
        (None, None) => (named.map(str::to_owned), Credential::None),
    };
    Ok(Shown {
        id: id.filter(|id| id.len() <= LONGEST_ID).ok_or(failed)?,
        credential,
        scheme,
    })
}

fn authorization(headers: &HeaderMap) -> Result<Option<&str>, ProtocolError> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(ProtocolError::InvalidRequest(
            "the client authenticates in two ways at once",
        ));
    }
    let failed = ProtocolError::InvalidClient(ClientScheme::Header);
    line.to_str().map(Some).map_err(|_| failed)
}

/// RFC 7521 section 4.2: both parameters, or neither.
fn assertion(params: &Params) -> Result<Option<&str>, ProtocolError> {
    match (params.value("client_assertion"), params.value("client_assertion_type")) {
        (None, None) => Ok(None),
        (Some(token), Some(JWT_BEARER)) => Ok(Some(token)),
        (Some(_), Some(_)) => Err(ProtocolError::InvalidClient(ClientScheme::Form)),
        _ => Err(ProtocolError::InvalidRequest(
            "client_assertion and client_assertion_type go together",
        )),
    }
}

/// Whose assertion it says it is, unverified: only to find the keys. A `client_id` beside it must be the same.
fn subject(token: &str, named: Option<&str>) -> Option<String> {
    let claims = jose::unverified(token).ok()?.claims;
    let subject = claims.get("sub")?.as_str()?;
    let same = named.is_none_or(|named| named == subject);
    same.then(|| subject.to_owned())
}

fn by_header<'a>(line: &str, named: Option<&str>) -> Result<Shown<'a>, ProtocolError> {
    let scheme = ClientScheme::Header;
    let (id, secret) = basic(line).ok_or(ProtocolError::InvalidClient(scheme))?;
    if named.is_some_and(|named| named != id) {
        return Err(ProtocolError::InvalidRequest(
            "client_id is not the client that authenticates",
        ));
    }
    Ok(Shown {
        id,
        credential: Credential::Secret {
            secret,
            method: AuthMethod::ClientSecretBasic,
        },
        scheme,
    })
}

/// Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1). Libraries differ: some encode even `-` and
/// `_`, many nothing at all. Our ids and secrets are of unreserved characters, so decoding reads both kinds.
fn basic(line: &str) -> Option<(String, SecretText)> {
    let (scheme, rest) = line.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = SecretText::from(String::from_utf8(BASE64.decode(rest.trim().as_bytes()).ok()?).ok()?);
    let (id, secret) = text.expose().split_once(':')?;
    let id = decode(id.as_bytes()).ok()?;
    let secret = SecretText::from(decode(secret.as_bytes()).ok()?);
    let right = !secret.expose().is_empty() && (1..=LONGEST_ID).contains(&id.len());
    right.then_some((id, secret))
}
