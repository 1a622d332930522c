//! After a sign-in with a passkey of another device (a phone, through its QR code), Security Information offers one of this
//! device (R47). A cookie remembers the offer; it says nothing about anybody, and decides nothing.

use crate::app::App;
use crate::http::{Fault, Params, cookies};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use samekey_shared::devices::fido;
use serde::Deserialize;

/// The offer.
const COOKIE: &str = "__Host-samekey-offer";
/// A day: who has not taken it by then does not want it.
const SECONDS: i64 = 86_400;

/// What matters of the script's answer.
#[derive(Deserialize)]
struct Posted {
    id: String,
    #[serde(rename = "authenticatorAttachment")]
    attachment: Option<String>,
}

/// Whether a passkey of another device signed in here lately.
pub(super) fn is_offered(headers: &HeaderMap) -> bool {
    cookies::value(headers, COOKIE).is_some()
}

/// Notes the offer with the answer that signs somebody in, where the browser says that the passkey was on another device,
/// and the passkey is one that is reached so.
pub fn note(app: &App, params: &Params, response: &mut Response) -> Result<(), Fault> {
    let mut set = response.headers().get_all(SET_COOKIE).iter();
    let signs_in = set.any(|line| line.as_bytes().starts_with(cookies::SESSION.as_bytes()));
    let posted = params.value("credential").filter(|_| signs_in);
    let Some(Ok(posted)) = posted.map(serde_json::from_str::<Posted>) else {
        return Ok(());
    };
    let elsewhere = posted.attachment.as_deref() == Some("cross-platform");
    let Some(id) = BASE64URL_NOPAD.decode(posted.id.as_bytes()).ok().filter(|_| elsewhere) else {
        return Ok(());
    };
    let found = app.realm.store.read(|tx| fido::by_credential_id(tx, &id))?;
    if found.is_some_and(|key| key.transports.iter().any(|way| way == "hybrid")) {
        let cookie = cookies::set(COOKIE, "1", Some(SECONDS));
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    }
    Ok(())
}

/// Takes the offer back: a passkey was made.
pub(super) fn taken(response: &mut Response) {
    let cookie = cookies::end(COOKIE);
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
}
