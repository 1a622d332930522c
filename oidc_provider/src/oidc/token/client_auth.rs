//! Who calls `/token`: `client_secret_basic`, `client_secret_post`, or a public client by its id (RFC 6749 section 2.3).
//!
//! An empty or missing secret never authenticates a confidential client, and a secret never makes a public client more than
//! it is (oidc.md rows 9 and 11).

use crate::app::App;
use crate::clients::{self, Client, ClientKind};
use crate::http::{Failure, Fault, Params};
use crate::oidc::errors::{ClientScheme, ProtocolError};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use data_encoding::BASE64;
use samekey_shared::secrets::{SecretText, opaque};
use samekey_shared::store::StoreError;
use subtle::ConstantTimeEq;

/// What the client showed.
struct Shown {
    id: String,
    secret: Option<SecretText>,
    scheme: ClientScheme,
}

/// The client that this request proves to come from.
pub(super) fn client(app: &App, headers: &HeaderMap, params: &Params) -> Result<Client, Fault> {
    let shown = shown(headers, params)?;
    let failed = ProtocolError::InvalidClient(shown.scheme);
    let found = app.realm.store.read(|tx| {
        let Some(client) = clients::by_id(tx, &shown.id)? else {
            return Ok(None);
        };
        let hash = clients::secret_hash(tx, &client.id)?;
        Ok::<_, StoreError>(Some((client, hash)))
    });
    let (client, hash) = found
        .map_err(|error| Fault::as_json(&Failure::from(error)))?
        .ok_or(failed)?;
    let proven = match (client.kind, &shown.secret, hash) {
        (ClientKind::Public, None, None) => true,
        (ClientKind::Confidential, Some(secret), Some(hash)) => {
            bool::from(opaque::hash(secret.expose()).as_slice().ct_eq(&hash))
        }
        _ => false,
    };
    if proven { Ok(client) } else { Err(failed.into()) }
}

fn shown(headers: &HeaderMap, params: &Params) -> Result<Shown, ProtocolError> {
    let in_form = params.value("client_secret").map(SecretText::from);
    let named = params.value("client_id");
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else {
        let id = named.ok_or(ProtocolError::InvalidClient(ClientScheme::Form))?;
        return Ok(Shown {
            id: id.to_owned(),
            secret: in_form,
            scheme: ClientScheme::Form,
        });
    };
    if lines.next().is_some() || in_form.is_some() {
        return Err(ProtocolError::InvalidRequest(
            "the client authenticates in two ways at once",
        ));
    }
    let failed = ProtocolError::InvalidClient(ClientScheme::Header);
    let (id, secret) = line.to_str().ok().and_then(basic).ok_or(failed)?;
    if named.is_some_and(|named| named != id) {
        return Err(ProtocolError::InvalidRequest(
            "client_id is not the client that authenticates",
        ));
    }
    Ok(Shown {
        id,
        secret: Some(secret),
        scheme: ClientScheme::Header,
    })
}

/// Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1). Our ids and secrets are of unreserved
/// characters, which stand for themselves, so nothing needs decoding.
fn basic(line: &str) -> Option<(String, SecretText)> {
    let (scheme, rest) = line.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = SecretText::from(String::from_utf8(BASE64.decode(rest.trim().as_bytes()).ok()?).ok()?);
    let (id, secret) = text.expose().split_once(':')?;
    (!secret.is_empty()).then(|| (id.to_owned(), SecretText::from(secret)))
}
