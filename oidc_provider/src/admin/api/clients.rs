//! `/api/v1/clients`: the applications.

use super::{ApiError, Changed, ProblemDocument, body, changed, told};
use crate::admin::Seat;
use crate::admin::clients::{self, Otherwise};
use crate::app::App;
use crate::clients::{ClientId, ClientKind, ClientSettings, Ensured, Registration};
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The registered applications.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientList {
    /// By id.
    #[schema(value_type = Vec<Object>)]
    pub clients: Vec<crate::clients::Client>,
}

/// An application to be registered, or brought to these settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientBody {
    /// What people see.
    pub name: String,
    /// `confidential` or `public`.
    #[schema(value_type = String)]
    pub kind: ClientKind,
    /// `redirect-uris` and whatever else is to be other than usual: the document of `samekey client ensure -f`.
    #[schema(value_type = Object)]
    pub settings: ClientSettings,
}

/// How a secret is renewed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretBody {
    /// Seconds for which the old secret is good too; none unless said.
    #[serde(default)]
    pub overlap: i64,
}

/// A secret, shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretAnswer {
    /// Whether anything is other than before.
    pub changed: bool,
    /// The secret; `null` for a public application and for one that was there before.
    pub secret: Option<String>,
}

fn named(id: &str) -> Result<ClientId, ApiError> {
    id.parse().map_err(|_| ApiError::not_found())
}

/// Lists the applications.
#[utoipa::path(get, path = "/api/v1/clients", tag = "clients",
    responses((status = 200, body = ClientList), (status = 403, body = ProblemDocument)))]
pub async fn list(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, ApiError> {
    let clients = seat.work(&app, clients::list).await?;
    told(&ClientList { clients })
}

/// Shows an application.
#[utoipa::path(get, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = ProblemDocument)))]
pub async fn show(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    told(&seat.work(&app, move |desk| clients::show(desk, &id)).await?)
}

/// Registers an application or brings it to these settings.
#[utoipa::path(put, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = String, Path)),
    request_body = ClientBody, responses((status = 200, body = SecretAnswer), (status = 422, body = ProblemDocument)))]
pub async fn ensure(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = id
        .parse()
        .map_err(|why: crate::clients::NotAClientId| ApiError::invalid(why.to_string()))?;
    let ClientBody { name, kind, settings } = body(&seat)?;
    let wanted = Registration {
        id,
        name,
        kind,
        settings,
    };
    let ensured = seat
        .work(&app, move |desk| Ok(clients::ensure(desk, &wanted, Otherwise::Replace)))
        .await??;
    let (changed, secret) = match ensured {
        Ensured::Added(secret) => (true, secret.map(|secret| secret.0.expose().clone())),
        Ensured::Changed => (true, None),
        Ensured::Unchanged => (false, None),
    };
    told(&SecretAnswer { changed, secret })
}

/// Gives an application a new secret; the old one is dead at once, or after an overlap.
#[utoipa::path(post, path = "/api/v1/clients/{id}/secret", tag = "clients", params(("id" = String, Path)),
    request_body = SecretBody, responses((status = 200, body = SecretAnswer), (status = 404, body = ProblemDocument)))]
pub async fn new_secret(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = named(&id)?;
    let SecretBody { overlap } = body(&seat)?;
    let secret = seat
        .work(&app, move |desk| Ok(clients::new_secret(desk, &id, overlap)))
        .await??;
    told(&SecretAnswer {
        changed: true,
        secret: Some(secret.0.expose().clone()),
    })
}

/// Removes an application with its codes, tokens and consents.
#[utoipa::path(delete, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = String, Path)),
    responses((status = 200, body = Changed), (status = 404, body = ProblemDocument)))]
pub async fn remove(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = named(&id)?;
    seat.work(&app, move |desk| Ok(clients::remove(desk, &id))).await??;
    changed(true)
}
