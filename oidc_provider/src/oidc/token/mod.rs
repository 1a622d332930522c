//! `/token`: client authentication first, then the grant (RFC 6749 section 3.2).

mod code_grant;
pub mod pkce;

use super::client_auth::{self, Call};
use super::errors::ProtocolError;
use crate::app::{App, blocking, routes};
use crate::http::body::form;
use crate::http::{Fault, Visitor};
use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;

/// `POST /token`
pub async fn endpoint(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let call = Call::of(&app, visitor, &request, routes::TOKEN)?;
    let params = form(request)
        .await
        .map_err(|_| ProtocolError::InvalidRequest("the form cannot be read, or names a parameter twice"))?;
    blocking(&app, move |app| {
        let client = client_auth::prove(app, &call, &params)?.client;
        match params.value("grant_type") {
            Some("authorization_code") => code_grant::redeem(app, &call.visitor, &client, &params),
            Some(_) => Err(ProtocolError::UnsupportedGrantType.into()),
            None => Err(ProtocolError::InvalidRequest("grant_type is missing").into()),
        }
    })
    .await
}
