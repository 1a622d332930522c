//! The two documents by which browsers and passkey stores find us: where passkeys are made and kept
//! (`passkey-endpoints`), and which other origins may use them (`webauthn`, WebAuthn Level 3, 5.11).

use crate::app::App;
use crate::http::Fault;
use crate::http::json::json as answer;
use crate::pages::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

/// `GET /.well-known/passkey-endpoints`
pub async fn endpoints(State(app): State<App>) -> Result<Response, Fault> {
    if app.passkeys.is_none() {
        return Err(Problem::NoSuchPage.into());
    }
    let page = app.config.issuer.at("/security");
    Ok(answer(StatusCode::OK, &json!({"enroll": page, "manage": page})))
}

/// `GET /.well-known/webauthn`
pub async fn related_origins(State(app): State<App>) -> Result<Response, Fault> {
    let passkeys = app.passkeys.as_ref().ok_or(Problem::NoSuchPage)?;
    Ok(answer(
        StatusCode::OK,
        &json!({"origins": passkeys.party().all_origins()}),
    ))
}
