//! Cookies: read from a request, written with the `__Host-` prefix.
//!
//! The prefix binds a cookie to this one origin: browsers take it only with `Secure`, `Path=/` and without `Domain`.
//! Chromium, Firefox and curl treat `http://localhost` and `http://127.0.0.1` as secure for this purpose, so that the
//! prefix holds in a loopback demonstration too.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use samekey_shared::trust::{Browser, Mark, Shown};

/// The browser session.
pub const SESSION: &str = "__Host-samekey-session";
/// The browser's state that applications' frames are compared with (OpenID Connect Session Management 1.0): a hash of the session's
/// cookie, worth nothing anywhere else, and so readable by our script in another site's page.
pub const STATE: &str = "__Host-samekey-state";
/// A sign-in in progress; the flow's id follows.
pub const FLOW_PREFIX: &str = "__Host-samekey-flow-";
/// A passkey tried beside a sign-in's own question; the flow's id follows.
pub const BESIDE_PREFIX: &str = "__Host-samekey-passkey-";
/// What this browser signed in with last: shown first (R97). It says nothing about anybody, and decides nothing.
pub const LAST_USED: &str = "__Host-samekey-last";
/// A value of [`LAST_USED`].
pub const PASSKEY: &str = "passkey";
/// A value of [`LAST_USED`].
pub const PASSWORD: &str = "password";
/// A remember token (R29): `id.secret`.
pub const REMEMBERED: &str = "__Host-samekey-remembered";
/// The browser itself, so that a new one can be told from it (W3). Random, and the same for whoever signs in here.
pub const BROWSER: &str = "__Host-samekey-browser";
/// 400 days: as long as browsers keep any cookie.
pub const BROWSER_SECONDS: i64 = 400 * 86_400;
/// Half a year.
pub const LAST_USED_SECONDS: i64 = 180 * 86_400;

/// Longest value of [`BROWSER`]: 32 bytes in base64url are 43.
const LONGEST_OWN: usize = 64;

/// The value of a cookie; `None` also when the name comes twice, since we never set one twice.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = all(headers).filter(|(known, _)| *known == name);
    let value = found.next().map(|(_, value)| value);
    if found.next().is_some() { None } else { value }
}

/// Every cookie, in the order sent.
pub fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// What the browser, called so, shows of its earlier sign-ins.
pub fn shown(headers: &HeaderMap, words: &str) -> Browser {
    let own = value(headers, BROWSER).filter(|value| (1..=LONGEST_OWN).contains(&value.len()));
    Browser {
        words: words.to_owned(),
        mark: own.map(Mark::of),
        remembered: value(headers, REMEMBERED).and_then(Shown::read),
    }
}

/// A `Set-Cookie` that lasts so many seconds, or until the browser closes.
pub fn set(name: &str, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
    let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")).ok()
}

/// A `Set-Cookie` for our own script in a frame of another site's page. Only for what tells nothing and opens nothing.
pub fn set_readable(name: &str, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
    let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Secure; SameSite=None{age}")).ok()
}

/// A `Set-Cookie` that ends such a one.
pub fn end_readable(name: &str) -> Option<HeaderValue> {
    set_readable(name, "", Some(0))
}

/// A `Set-Cookie` that ends it.
pub fn end(name: &str) -> Option<HeaderValue> {
    set(name, "", Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_named_twice_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; __Host-samekey-session=x; b=2"));
        assert_eq!(value(&headers, SESSION), Some("x"));
        headers.append(COOKIE, HeaderValue::from_static("__Host-samekey-session=y"));
        assert_eq!(value(&headers, SESSION), None);
        assert_eq!(value(&headers, "absent"), None);
    }

    #[test]
    fn what_is_set_is_bound_to_the_origin_and_closed_to_scripts() {
        let line = set(SESSION, "x", None).unwrap();
        assert_eq!(line, "__Host-samekey-session=x; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert!(end(SESSION).unwrap().to_str().unwrap().ends_with("; Max-Age=0"));
    }
}
