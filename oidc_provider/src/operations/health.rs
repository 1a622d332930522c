//! `/healthz` and `/readyz`: for a supervisor and for a load balancer. Both tell a stranger no more than one word.

use crate::app::{App, blocking};
use crate::http::Fault;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// `GET /healthz`: this process answers. It asks nothing else, so a store that is away restarts nobody.
pub async fn alive() -> Response {
    (StatusCode::OK, [(CONTENT_TYPE, TEXT)], "ok\n").into_response()
}

/// `GET /readyz`: a sign-in would find the store, its policy and the keyring. 503 while one of them is away; the log says
/// which.
pub async fn ready(State(app): State<App>) -> Result<Response, Fault> {
    let whole = blocking(&app, |app| {
        let opened = app.realm.keyring().map(drop);
        let read = app.realm.store.read(|tx| app.realm.policy(tx).map(drop));
        match opened.and(read) {
            Ok(()) => Ok(true),
            Err(error) => {
                tracing::error!(%error, "nobody can sign in while this lasts");
                Ok(false)
            }
        }
    })
    .await?;
    Ok(if whole {
        (StatusCode::OK, [(CONTENT_TYPE, TEXT)], "ready\n").into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            [(CONTENT_TYPE, TEXT)],
            "store_unavailable\n",
        )
            .into_response()
    })
}
