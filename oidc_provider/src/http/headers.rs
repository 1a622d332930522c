//! The headers that every answer carries.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::response::Response;

/// For answers that are no page.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Adds what the handler did not set itself. No `Cross-Origin-Opener-Policy`: an application that signs people in from a popup
/// would lose the popup.
pub fn complete<B>(response: &mut Response<B>) {
    let framable = response.extensions().get::<Framable>().is_some();
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 4] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: Chromium would then send `Origin: null` with our own forms (oidc.md section 7, 12).
        (REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !framable {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Marks the one answer that other sites' pages may frame: it shows nothing, and nothing on it can be pressed.
#[derive(Debug, Clone, Copy)]
pub struct Framable;

/// The policy of that page.
pub const FRAMABLE_POLICY: &str = "default-src 'none'; script-src 'self'; frame-ancestors *; base-uri 'none'";

/// The policy of a page that frames these origins and no other.
pub fn framing_policy(origins: &[String]) -> String {
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; frame-src {}; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
        origins.join(" ")
    )
}

/// The policy of a page: our style sheet, our pictures and those of `pictures` (origins), no inline script or style, no frame,
/// and forms that end here or at `targets`
/// (Chromium holds `form-action` against the whole chain of redirects after a form).
pub fn page_policy(targets: &[String], pictures: &[String], scripts: Scripts) -> String {
    let script = match scripts {
        Scripts::None => "",
        Scripts::Own => "script-src 'self'; ",
        Scripts::Fetching => "script-src 'self'; connect-src 'self'; ",
    };
    let mut forms = String::from("'self'");
    for target in targets {
        forms.push(' ');
        forms.push_str(target);
    }
    let mut images = String::from("'self'");
    for origin in pictures {
        images.push(' ');
        images.push_str(origin);
    }
    format!(
        "default-src 'none'; style-src 'self'; img-src {images}; {script}form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// Whether a page runs a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// None at all.
    None,
    /// Files of our own.
    Own,
    /// Files of our own, which fetch from us: passkeys' options.
    Fetching,
}
