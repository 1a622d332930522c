//! Applications that are told through the browser (OpenID Connect Front-Channel Logout 1.0): the page after a sign-out loads each
//! one's address in a frame, then goes on.
//!
//! A frame can neither move this page nor open others (`sandbox`), and no other address than these can be framed (CSP).

use crate::app::AppState;
use crate::clients::{self, redirect};
use crate::http::headers::framing_policy;
use crate::http::params::append;
use crate::http::{Failure, Fault};
use crate::pages::view::SignedOutView;
use crate::pages::{Frame, with_policy};
use crate::sessions;
use axum::http::header::{HeaderValue, REFRESH};
use axum::response::Response;
use samekey_shared::ids::SessionId;
use samekey_shared::store::{StoreError, Tx};
use samekey_shared::texts::Texts;

/// Seconds after which a browser without scripts goes on; one with scripts goes on when every frame has loaded.
const PATIENCE: u32 = 2;
/// Most frames of one page.
const MOST: usize = 40;

/// The addresses of the applications that are signed in under this session and want to know, with `iss` and `sid` (section 2).
pub fn addresses(app: &AppState, tx: &mut Tx<'_>, session: SessionId) -> Result<Vec<String>, StoreError> {
    let sid = session.to_string();
    let mut found = Vec::new();
    for id in sessions::clients_of(tx, session)? {
        let client = match clients::by_id(tx, id.as_str()) {
            // Nobody is kept signed in by an application whose settings cannot be read.
            Err(StoreError::Inconsistent(why)) => {
                tracing::error!(client = %id, why, "not told through the browser that a session ended");
                None
            }
            other => other?,
        };
        let Some(uri) = client.and_then(|client| client.settings.frontchannel_logout_uri) else {
            continue;
        };
        // Registered by an older version, or put into the store by hand: held against the rules once more (oidc.md row 2).
        if uri.starts_with("http") && redirect::acceptable(&uri, redirect::Owner::Confidential).is_ok() {
            let pairs = [("iss", app.config.issuer.as_str()), ("sid", sid.as_str())];
            found.push(append(&uri, pairs.into_iter()));
        }
    }
    found.truncate(MOST);
    Ok(found)
}

/// The page that loads them and goes on to `then`.
pub fn page(app: &AppState, t: Texts, frames: &[String], then: Option<&str>) -> Result<Response, Fault> {
    let mut origins: Vec<String> = frames.iter().filter_map(|uri| redirect::origin(uri)).collect();
    origins.sort();
    origins.dedup();
    let view = SignedOutView {
        frame: Frame::new(app, t),
        frames,
        then,
    };
    let mut response = with_policy(&view, &framing_policy(&origins))?;
    if let Some(address) = then {
        let value = HeaderValue::from_str(&format!("{PATIENCE}; url={address}"))
            .map_err(|_| Failure::Rendering("an address is no header".into()))?;
        response.headers_mut().insert(REFRESH, value);
    }
    Ok(response)
}
