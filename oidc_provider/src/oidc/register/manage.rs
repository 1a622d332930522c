//! `/register/<client>` (RFC 7592): a client that registered itself reads, replaces and removes its registration, with the
//! registration access token that it was given. The token stays the same; a secret is shown when it is made, never again.

use super::answer::{Refused, bearer};
use super::{document, event, offered, read, registration, told};
use crate::app::{App, blocking};
use crate::clients::{self, Client, ClientId, Ensured, Metadata, NewSecret, RegistrationError};
use crate::http::{Fault, Visitor};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use samekey_shared::audit::{self, EventKind};
use samekey_shared::secrets::{SecretText, opaque};
use subtle::ConstantTimeEq;

/// `GET /register/<client>`
pub async fn show(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    offered(&app)?;
    let found = holder(&app, &id, &headers)
        .and_then(|(client, token)| told(&app, &client.id, StatusCode::OK, token.expose(), None));
    found.or_else(Refused::told)
}

/// `PUT /register/<client>`
pub async fn change(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Fault> {
    offered(&app)?;
    let headers = request.headers().clone();
    // Before anything of the document: a stranger is told nothing but that.
    if let Err(refused) = holder(&app, &id, &headers) {
        return refused.told();
    }
    let document = match document(request).await {
        Ok(document) => document,
        Err(refused) => return Ok(refused.response()),
    };
    blocking(&app, move |app| {
        changed(app, &visitor, &id, &headers, &document).or_else(Refused::told)
    })
    .await
}

/// `DELETE /register/<client>`
pub async fn remove(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    offered(&app)?;
    blocking(&app, move |app| {
        removed(app, &visitor, &id, &headers).or_else(Refused::told)
    })
    .await
}

/// The client whose token this is. An unknown client, and one that the operator registered, are answered as a wrong token.
fn holder(app: &App, id: &str, headers: &HeaderMap) -> Result<(Client, SecretText), Refused> {
    let token = bearer(headers)?.ok_or(Refused::NoToken)?;
    let found = app.realm.store.read(|tx| match clients::by_id(tx, id)? {
        Some(client) => {
            let hash = clients::registration_hash(tx, &client.id)?;
            Ok(Some((client, hash)))
        }
        None => Ok::<_, samekey_shared::store::StoreError>(None),
    })?;
    let shown = opaque::hash(token.expose());
    match found {
        Some((client, Some(hash))) if bool::from(shown.as_slice().ct_eq(&hash)) => Ok((client, token)),
        _ => Err(Refused::WrongToken),
    }
}

fn changed(app: &App, visitor: &Visitor, id: &str, headers: &HeaderMap, document: &[u8]) -> Result<Response, Refused> {
    let (client, token) = holder(app, id, headers)?;
    let metadata = read(app, document)?;
    own(app, &client, &metadata)?;
    // What is the operator's to decide stays; all else is replaced (section 2.2).
    let wanted = registration(&client.id, &metadata, &client.settings)?;
    let realm = &app.realm;
    let now = realm.clock.now();
    let fresh = realm.store.write(|tx| {
        let had = client.auth_method().has_secret();
        if let Ensured::Unchanged = clients::ensure(tx, &wanted, realm.entropy.as_ref(), now)? {
            return Ok(None);
        }
        audit::append(tx, &event(EventKind::ClientChanged, visitor, &client.id), now)?;
        match (had, wanted.settings.auth_method.has_secret()) {
            (false, true) => clients::renew_secret(tx, &client.id, 0, realm.entropy.as_ref(), now).map(Some),
            (true, false) => clients::drop_secret(tx, &client.id)
                .map(|()| None)
                .map_err(RegistrationError::from),
            _ => Ok(None),
        }
    })?;
    let secret = fresh.or_else(|| metadata.client_secret.map(|text| NewSecret(text.into())));
    told(app, &client.id, StatusCode::OK, token.expose(), secret.as_ref())
}

/// Section 2.2: the document names its own client, its own secret if any, and nothing that only we give out.
fn own(app: &App, client: &Client, metadata: &Metadata) -> Result<(), Refused> {
    if metadata.client_id.as_deref() != Some(client.id.as_str()) {
        return Err(Refused::metadata("client_id: must be the client's own"));
    }
    let ours = metadata.registration_access_token.is_some()
        || metadata.registration_client_uri.is_some()
        || metadata.client_secret_expires_at.is_some()
        || metadata.client_id_issued_at.is_some();
    if ours {
        return Err(Refused::metadata(
            "registration_access_token, registration_client_uri, client_secret_expires_at and client_id_issued_at are not the client's to send",
        ));
    }
    let Some(secret) = &metadata.client_secret else {
        return Ok(());
    };
    let hash = app.realm.store.read(|tx| clients::secret_hash(tx, &client.id))?;
    let shown = opaque::hash(secret);
    if hash.is_some_and(|hash| bool::from(shown.as_slice().ct_eq(&hash))) {
        Ok(())
    } else {
        Err(Refused::metadata("client_secret: not the one that was issued"))
    }
}

fn removed(app: &App, visitor: &Visitor, id: &str, headers: &HeaderMap) -> Result<Response, Refused> {
    let (client, _) = holder(app, id, headers)?;
    let id: &ClientId = &client.id;
    let now = app.realm.clock.now();
    app.realm.store.write(|tx| {
        clients::remove(tx, id)?;
        audit::append(tx, &event(EventKind::ClientRemoved, visitor, id), now)?;
        Ok::<_, RegistrationError>(())
    })?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
