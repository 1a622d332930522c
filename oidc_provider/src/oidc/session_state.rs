//! `session_state` and `/check-session` (OpenID Connect Session Management 1.0): an application learns from our frame in its page that
//! its person signed out or changed, without asking the server.
//!
//! ```text
//! session cookie ──MAC──► browser state ──► cookie that our frame's script reads
//!                              │
//!        client, origin, salt ─┴─SHA-256─► session_state, given to the application with each code, and with each answer
//!                                          that its person is not signed in as asked
//! ```
//!
//! The session's own cookie stays `HttpOnly` and `SameSite=Lax`. The browser state is `SameSite=None`, or a browser would hide it from
//! a frame in another site's page; from it nothing can be learned and with it nothing can be opened. Browsers that keep
//! third-party frames from their cookies make our frame answer `changed`; the application then asks with `prompt=none`, which
//! tells the truth.

use crate::app::AppState;
use crate::clients::redirect;
use crate::http::headers::{FRAMABLE_POLICY, Framable};
use crate::http::{Fault, cookies};
use crate::oidc::authorize::request::ReturnTo;
use crate::pages::view::CheckSessionView;
use crate::pages::with_policy;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use samekey_shared::secrets::opaque::Token;

/// Random bytes of a salt.
const SALT_BYTES: usize = 16;

/// The browser state that goes with a session's cookie.
fn browser_state(app: &AppState, session_cookie: &str) -> String {
    app.csrf.of("browser-state", session_cookie)
}

/// The cookie that our frame reads, for a session just begun or renewed.
pub fn cookie(app: &AppState, session_cookie: &str) -> Option<HeaderValue> {
    cookies::set_readable(cookies::STATE, &browser_state(app, session_cookie), None)
}

/// The same for a browser that was signed in before it had one.
pub fn missing_cookie(app: &AppState, headers: &HeaderMap) -> Option<HeaderValue> {
    let session = cookies::value(headers, cookies::SESSION).filter(|value| !value.is_empty())?;
    let state = browser_state(app, session);
    if cookies::value(headers, cookies::STATE) == Some(state.as_str()) {
        return None;
    }
    cookies::set_readable(cookies::STATE, &state, None)
}

/// `session_state` of an answer to this address (section 2) for this session's cookie: `None` for apps that are no pages, and
/// without random bytes.
pub fn of(app: &AppState, to: &ReturnTo, session_cookie: &str) -> Option<String> {
    hashed(app, to, &browser_state(app, session_cookie))
}

/// `session_state` of a refusal (section 3.2: it should come with one, and be another each time): of whatever state the browser
/// shows, none among them, so that the application may watch for somebody to sign in and asks no sooner than that.
pub fn of_refusal(app: &AppState, to: &ReturnTo, headers: &HeaderMap) -> Option<String> {
    hashed(app, to, cookies::value(headers, cookies::STATE).unwrap_or_default())
}

fn hashed(app: &AppState, to: &ReturnTo, state: &str) -> Option<String> {
    let origin = redirect::origin(&to.redirect_uri).filter(|origin| origin.starts_with("http"))?;
    let salt = Token::draw(app.realm.entropy.as_ref(), SALT_BYTES).ok()?;
    let (client, salt) = (&to.client, salt.text());
    let hash = digest(&SHA256, format!("{client} {origin} {state} {salt}").as_bytes());
    Some(format!("{}.{salt}", BASE64URL_NOPAD.encode(hash.as_ref())))
}

/// `GET /check-session`: the frame.
pub async fn frame() -> Result<Response, Fault> {
    let mut response = with_policy(&CheckSessionView, FRAMABLE_POLICY)?;
    response.extensions_mut().insert(Framable);
    Ok(response)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_script_reads_the_cookie_that_is_set() {
        let script = include_str!("../../assets/check_session.js");
        assert!(script.contains(&format!("\"{}=\"", crate::http::cookies::STATE)));
    }
}
