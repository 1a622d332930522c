//! Cross-origin reads, for the four addresses that a browser application needs and for registered origins only: an origin
//! is looked up, never reflected unseen (oidc.md row 39).

use super::Failure;
use crate::app::App;
use crate::clients::{self, ClientKind};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Answers preflights and marks answers for registered origins.
pub async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else {
        return next.run(request).await;
    };
    let preflight = request.method() == Method::OPTIONS;
    let known = match is_registered(&app, &origin) {
        Ok(known) => known,
        Err(failure) => {
            tracing::error!(%failure, "the registered origins cannot be read");
            false
        }
    };
    let mut response = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if known {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        // A script needs the challenge and the nonce to prove anew (RFC 9449 section 8.2).
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate"),
        );
        if preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
            headers.insert(
                ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("Authorization, Content-Type, DPoP"),
            );
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
    response
}

/// Only public clients run in a browser; a confidential one calls from its server.
fn is_registered(app: &App, origin: &HeaderValue) -> Result<bool, Failure> {
    let Ok(origin) = origin.to_str() else {
        return Ok(false);
    };
    let clients = app.realm.store.read(clients::list)?;
    let mut public = clients.iter().filter(|client| client.kind == ClientKind::Public);
    Ok(public.any(|client| client.origins().any(|known| known == origin)))
}
