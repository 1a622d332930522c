//! The API described (`/api/openapi.json`) and its viewer (`/api`), all served by ourselves.

use super::{accounts, clients, devices, realm, sessions, trail};
use crate::admin::FORMS;
use crate::app::App;
use crate::http::Fault;
use crate::http::json::json;
use crate::pages::problem::Problem;
use crate::sessions as browser_sessions;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_swagger_ui::Config;

/// The API, from its handlers' own types.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Samekey administration",
        description = "Accounts, devices, sessions, applications, settings, audit trail. \
        Roles: docs/reference/roles.md. Changes need the session's form token (GET /api/v1/me) in X-Samekey-Csrf and a \
        second factor proven within ten minutes."
    ),
    paths(
        realm::me,
        realm::overview,
        realm::settings,
        realm::change_settings,
        realm::policy,
        accounts::list,
        accounts::show,
        accounts::add,
        accounts::change,
        accounts::appoint,
        accounts::lock,
        accounts::unlock,
        accounts::disable,
        accounts::remove,
        accounts::rescue,
        devices::list,
        devices::unbind,
        devices::ticket,
        devices::set_email,
        devices::release,
        sessions::list,
        sessions::of_account,
        sessions::end,
        sessions::end_all,
        clients::list,
        clients::show,
        clients::ensure,
        clients::new_secret,
        clients::remove,
        trail::list,
        trail::export,
    )
)]
pub struct Description;

/// What the viewer may load: itself. Its own style sheet holds pictures as data.
const VIEWER_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// `GET /api/openapi.json`
pub async fn document() -> Result<Response, Fault> {
    let value = serde_json::to_value(Description::openapi()).map_err(|_| Problem::Failed)?;
    Ok(json(StatusCode::OK, &value))
}

/// `GET /api`: the viewer, with the form token of whoever is signed in.
pub async fn viewer(State(app): State<App>, headers: HeaderMap) -> Result<Response, Fault> {
    let session = app
        .realm
        .store
        .read(|tx| browser_sessions::current(&app.realm, tx, &headers))?;
    let token = session.map_or_else(String::new, |session| app.csrf.of(FORMS, &session.id.to_string()));
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Samekey API</title>\n\
         <link rel=\"stylesheet\" href=\"/api/swagger-ui.css\">\n<link rel=\"icon\" href=\"/assets/icon.svg\">\n</head>\n<body>\n\
         <div id=\"viewer\" data-csrf=\"{token}\"></div>\n<script src=\"/api/swagger-ui-bundle.js\"></script>\n\
         <script src=\"/assets/viewer.js\"></script>\n</body>\n</html>\n"
    );
    let mut response = Response::new(Body::from(page));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, VIEWER_POLICY);
    Ok(response)
}

/// `GET /api/<file>` of the viewer.
pub async fn file(Path(name): Path<String>) -> Result<Response, Fault> {
    let known = ["swagger-ui.css", "swagger-ui-bundle.js"];
    if !known.contains(&name.as_str()) {
        return Err(Problem::NoSuchPage.into());
    }
    let config = Arc::new(Config::from("/api/openapi.json"));
    let found = utoipa_swagger_ui::serve(&name, config).map_err(|_| Problem::Failed)?;
    let found = found.ok_or(Problem::NoSuchPage)?;
    let mut response = Response::new(Body::from(found.bytes.into_owned()));
    let kind = HeaderValue::from_str(&found.content_type).map_err(|_| Problem::Failed)?;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    let kept = HeaderValue::from_static("public, max-age=3600");
    response.headers_mut().insert(CACHE_CONTROL, kept);
    Ok(response)
}
