//! `/register`: applications register themselves (RFC 7591, OpenID Connect Registration 1.0) and manage what they registered
//! (RFC 7592), where the operator lets them: `[provider] registration`. Where not, there is no such address (oidc.md row 33).
//!
//! What an application may not choose (whether people are asked for consent, whether PKCE may be left out) comes with the
//! initial access token; strangers get the strict terms.

mod answer;
mod manage;
mod sector;

pub use manage::{change, remove, show};

use crate::app::{App, blocking};
use crate::clients::{
    self, ClientId, ClientSettings, Metadata, NewSecret, Registration, RegistrationError, SelfRegistered, Terms,
};
use crate::config::SelfRegistration;
use crate::http::{Fault, Visitor};
use crate::pages::problem::Problem;
use answer::{Refused, Told, bearer};
use axum::Extension;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use data_encoding::HEXLOWER;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::secrets::opaque::Token;
use samekey_shared::source::Door;

/// Most bytes of a document.
const MOST: usize = 64 * 1024;
/// Random bytes of a client's id.
const ID_BYTES: usize = 16;
/// Random bytes of a registration access token.
const SECRET_BYTES: usize = 32;
/// Most applications that register without a token; then somebody is filling the store.
const MOST_STRANGERS: i64 = 1000;

/// `POST /register`
pub async fn register(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    offered(&app)?;
    let headers = request.headers().clone();
    let document = match document(request).await {
        Ok(document) => document,
        Err(refused) => return Ok(refused.response()),
    };
    blocking(&app, move |app| match registered(app, &visitor, &headers, &document) {
        Ok(response) => Ok(response),
        Err(refused) => refused.told(),
    })
    .await
}

fn offered(app: &App) -> Result<(), Fault> {
    match app.config.registration {
        SelfRegistration::Off => Err(Problem::NoSuchPage.into()),
        SelfRegistration::Token | SelfRegistration::Open => Ok(()),
    }
}

async fn document(request: Request) -> Result<Vec<u8>, Refused> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Refused::metadata("the document is application/json"));
    }
    let body = to_bytes(request.into_body(), MOST).await;
    body.map(|bytes| bytes.to_vec())
        .map_err(|_| Refused::metadata("the document is too large, or was cut off"))
}

/// What the application asks for, held against everything that can be told without the store.
fn read(app: &App, document: &[u8]) -> Result<Metadata, Refused> {
    let metadata = Metadata::read(document)?;
    if metadata.software_statement.is_some() {
        return Err(Refused::statement());
    }
    sector::check(app, &metadata)?;
    Ok(metadata)
}

fn registered(app: &App, visitor: &Visitor, headers: &HeaderMap, document: &[u8]) -> Result<Response, Refused> {
    let shown = bearer(headers)?;
    if shown.is_none() && app.config.registration != SelfRegistration::Open {
        return Err(Refused::NoToken);
    }
    let metadata = read(app, document)?;
    let given = [&metadata.client_id, &metadata.client_secret];
    if given.into_iter().any(Option::is_some) {
        return Err(Refused::metadata(
            "client_id and client_secret are given out, not chosen",
        ));
    }
    let realm = &app.realm;
    let mut id = [0; ID_BYTES];
    realm.entropy.fill(&mut id)?;
    // Hexadecimal: an id that begins with `-` would be an option to a command.
    let id: ClientId = HEXLOWER.encode(&id).parse().map_err(RegistrationError::from)?;
    let access = Token::draw(realm.entropy.as_ref(), SECRET_BYTES)?;
    let now = realm.clock.now();
    let secret = realm.store.write(|tx| {
        let (by, terms) = match &shown {
            Some(token) => clients::initial::spend(tx, token.expose(), now)?.ok_or(Refused::WrongToken)?,
            None if clients::strangers(tx)? >= MOST_STRANGERS => return Err(Refused::Full),
            None => ("anybody".to_owned(), Terms::default()),
        };
        let wanted = registration(&id, &metadata, &terms.settings())?;
        let secret = clients::register(tx, &wanted, realm.entropy.as_ref(), now)?;
        clients::set_registered(
            tx,
            &id,
            &SelfRegistered {
                hash: access.hash(),
                by: &by,
            },
        )?;
        let event = event(EventKind::ClientAdded, visitor, &id).detail("initial-token", &by);
        audit::append(tx, &event, now)?;
        Ok::<_, Refused>(secret)
    })?;
    told(app, &id, StatusCode::CREATED, access.text(), secret.as_ref())
}

fn registration(id: &ClientId, metadata: &Metadata, operators: &ClientSettings) -> Result<Registration, Refused> {
    let fallback = || {
        let first = metadata.redirect_uris.iter().flatten().next();
        first.and_then(|uri| clients::redirect::host(uri))
    };
    Ok(Registration {
        id: id.clone(),
        name: metadata
            .client_name
            .clone()
            .or_else(fallback)
            .unwrap_or_else(|| id.to_string()),
        kind: metadata.kind(),
        settings: metadata.settings(operators)?,
    })
}

fn event(kind: EventKind, visitor: &Visitor, id: &ClientId) -> Event {
    Event::new(kind, Actor::Client(id.to_string()))
        .at(Door::Web, format!("oidc:{id}"))
        .from(&visitor.source)
        .detail("client", id)
        .detail("request", visitor.request)
}

/// The client information response, with what was shown or given out this once.
fn told(
    app: &App,
    id: &ClientId,
    status: StatusCode,
    access: &str,
    secret: Option<&NewSecret>,
) -> Result<Response, Refused> {
    let client = app.realm.store.read(|tx| clients::by_id(tx, id.as_str()))?;
    let client = client.ok_or(Refused::WrongToken)?;
    let told = Told {
        address: app.config.issuer.at(&format!("{}/{id}", crate::app::routes::REGISTER)),
        access,
        secret: secret.map(|secret| secret.0.expose().as_str()),
    };
    Ok(told.response(&client, status))
}
