//! Form tokens: every form that changes something carries one, bound to the cookie that goes with it; a wrong one is a 403
//! (oidc.md row 38).

use crate::pages::problem::Problem;
use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use data_encoding::BASE64URL_NOPAD;
use ring::hmac;
use subtle::ConstantTimeEq;

/// Name of the form field.
pub const FIELD: &str = "csrf";

/// Where the browser says the request was begun (Fetch Metadata).
const FETCH_SITE: &str = "sec-fetch-site";

/// Makes and checks form tokens.
#[derive(Debug)]
pub struct Tokens(hmac::Key);

impl Tokens {
    /// Takes the key of this purpose.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The token of a form for whoever holds this cookie.
    pub fn of(&self, form: &str, cookie: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(form.as_bytes());
        context.update(b"\0");
        context.update(cookie.as_bytes());
        BASE64URL_NOPAD.encode(context.sign().as_ref())
    }

    /// Refuses a form whose token is not the one of this cookie, or that a browser sent from elsewhere.
    pub fn check(
        &self,
        form: &str,
        cookie: &str,
        shown: Option<&str>,
        headers: &HeaderMap,
        own_origin: &str,
    ) -> Result<(), Problem> {
        let expected = self.of(form, cookie);
        let right = shown.is_some_and(|shown| bool::from(shown.as_bytes().ct_eq(expected.as_bytes())));
        if right && begun_here(headers, own_origin) {
            Ok(())
        } else {
            Err(Problem::FormFromElsewhere)
        }
    }
}

/// Whether no browser says that another site began this request.
pub fn begun_here(headers: &HeaderMap, own_origin: &str) -> bool {
    let from_here = headers
        .get(ORIGIN)
        .is_none_or(|origin| origin.as_bytes() == own_origin.as_bytes());
    // `none` is the person's own doing, such as reloading the page.
    let same_site = headers
        .get(FETCH_SITE)
        .is_none_or(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    from_here && same_site
}
