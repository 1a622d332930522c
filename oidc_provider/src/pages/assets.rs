//! The pages' few files, built into the program.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=3600")], text).into_response()
}

/// `GET /assets/style.css`
pub async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("../../assets/style.css"))
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

/// `GET /assets/passkey.js`
pub async fn passkey() -> Response {
    file(
        "text/javascript; charset=utf-8",
        include_str!("../../assets/passkey.js"),
    )
}
