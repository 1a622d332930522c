//! `/api/v1/accounts/{name}/devices`: what somebody has bound, and its unbinding for them.

use super::accounts::ConfirmationBody;
use super::{ApiError, Changed, ProblemDocument, body, changed, named, told};
use crate::admin::Seat;
use crate::app::App;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use samekey_shared::devices::Device;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A bound device.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceEntry {
    /// Its id.
    pub id: String,
    /// What its person calls it.
    pub name: String,
    /// `totp`, `passkey`, `security-key`, `email` or `recovery-codes`.
    pub kind: &'static str,
    /// When it was bound.
    pub created_at: i64,
    /// When it last let its person in.
    pub last_used_at: Option<i64>,
}

/// The bound devices of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceList {
    /// The oldest first.
    pub devices: Vec<DeviceEntry>,
}

fn entry(device: &Device) -> DeviceEntry {
    DeviceEntry {
        id: device.id.to_string(),
        name: device.name.to_string(),
        kind: device.kind.as_str(),
        created_at: device.created_at,
        last_used_at: device.last_used.as_ref().map(|last| last.at),
    }
}

/// Lists the bound devices of an account.
#[utoipa::path(get, path = "/api/v1/accounts/{name}/devices", tag = "devices", params(("name" = String, Path)),
    responses((status = 200, body = DeviceList), (status = 404, body = ProblemDocument)))]
pub async fn list(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let devices = seat.work(&app, move |desk| desk.devices(&name)).await?;
    told(&DeviceList {
        devices: devices.iter().map(entry).collect(),
    })
}

/// Unbinds a device for its person, who then binds anew with a ticket; every session of theirs ends.
#[utoipa::path(delete, path = "/api/v1/accounts/{name}/devices/{device}", tag = "devices",
    params(("name" = String, Path), ("device" = String, Path)), request_body = ConfirmationBody,
    responses((status = 200, body = Changed), (status = 403, body = ProblemDocument)))]
pub async fn unbind(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path((name, device)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let device = device.parse().map_err(|_| ApiError::not_found())?;
    let typed: ConfirmationBody = body(&seat)?;
    seat.work(&app, move |desk| desk.unbind(&name, device, &typed.confirmation))
        .await?;
    changed(true)
}

/// A ticket to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketBody {
    /// Seconds that it lives, from 60 to 86400.
    pub seconds: i64,
}

/// A ticket, shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketAnswer {
    /// The address to open.
    pub link: String,
    /// What may be typed instead.
    pub code: String,
    /// The first second in which it is void.
    pub expires_at: i64,
}

/// Makes a ticket to bind a device with; an earlier open one of the same administrator for the account becomes void.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/tickets", tag = "devices", params(("name" = String, Path)),
    request_body = TicketBody, responses((status = 200, body = TicketAnswer), (status = 403, body = ProblemDocument)))]
pub async fn ticket(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let TicketBody { seconds } = body(&seat)?;
    let ticket = seat.work(&app, move |desk| desk.ticket(&name, seconds)).await?;
    told(&TicketAnswer {
        link: ticket.link(app.config.issuer.as_str()).expose().clone(),
        code: ticket.code.to_string(),
        expires_at: ticket.expires_at,
    })
}

/// A security e-mail for somebody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailBody {
    /// The address.
    pub address: String,
}

/// Gives an account a security e-mail: a letter asks its person to confirm it within 24 hours.
#[utoipa::path(put, path = "/api/v1/accounts/{name}/email", tag = "devices", params(("name" = String, Path)),
    request_body = EmailBody, responses((status = 200, body = Changed), (status = 422, body = ProblemDocument)))]
pub async fn set_email(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    let EmailBody { address } = body(&seat)?;
    seat.work(&app, move |desk| desk.set_email(&name, &address)).await?;
    changed(true)
}

/// Lets somebody change their devices again who said "this was not me".
#[utoipa::path(post, path = "/api/v1/accounts/{name}/release", tag = "devices", params(("name" = String, Path)),
    responses((status = 200, body = Changed), (status = 403, body = ProblemDocument)))]
pub async fn release(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let name = named(&name)?;
    changed(seat.work(&app, move |desk| desk.settle_objection(&name)).await?)
}
