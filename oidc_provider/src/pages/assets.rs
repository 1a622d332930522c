//! The pages' few files, built into the program, and the operator's logo and colours.

use crate::app::App;
use crate::config::Picture;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// A picture that somebody opens by itself runs nothing and fetches nothing.
const STILL: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

fn file<T: IntoResponse>(kind: &'static str, text: T) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=3600")], text).into_response()
}

/// `GET /assets/style.css`
pub async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("../../assets/style.css"))
}

/// `GET /assets/brand.css`: the operator's colours, or nothing.
pub async fn brand(State(app): State<App>) -> Response {
    file("text/css; charset=utf-8", app.config.branding.style.clone())
}

/// `GET /assets/logo`: the operator's picture, or ours.
pub async fn logo(State(app): State<App>) -> Response {
    let (kind, bytes) = match &app.config.branding.logo {
        Some(logo) if logo.picture == Picture::Png => ("image/png", logo.bytes.clone()),
        Some(logo) => ("image/svg+xml", logo.bytes.clone()),
        None => ("image/svg+xml", include_bytes!("../../assets/icon.svg").to_vec()),
    };
    ([(CONTENT_SECURITY_POLICY, STILL)], file(kind, bytes)).into_response()
}

/// `GET /assets/icon.svg`
pub async fn icon() -> Response {
    file("image/svg+xml", include_str!("../../assets/icon.svg"))
}

/// `GET /assets/form_post.js`
pub async fn form_post() -> Response {
    file(
        "text/javascript; charset=utf-8",
        include_str!("../../assets/form_post.js"),
    )
}

/// `GET /assets/signed_out.js`
pub async fn signed_out() -> Response {
    file(
        "text/javascript; charset=utf-8",
        include_str!("../../assets/signed_out.js"),
    )
}

/// `GET /assets/check_session.js`
pub async fn check_session() -> Response {
    file(
        "text/javascript; charset=utf-8",
        include_str!("../../assets/check_session.js"),
    )
}

/// `GET /assets/copy.js`
pub async fn copy() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../../assets/copy.js"))
}

/// `GET /assets/passkey.js`
pub async fn passkey() -> Response {
    file(
        "text/javascript; charset=utf-8",
        include_str!("../../assets/passkey.js"),
    )
}

/// `GET /assets/print.js`
pub async fn print() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../../assets/print.js"))
}
