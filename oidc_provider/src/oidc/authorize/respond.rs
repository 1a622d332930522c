//! The answer to the application: by redirect or by a form that the browser posts, always with `iss` (RFC 9207); or the
//! whole of it as one signed JWT, where it is asked for (JARM).

use super::jarm;
use super::request::{ResponseMode, ReturnTo};
use crate::app::AppState;
use crate::clients::redirect;
use crate::http::headers::Scripts;
use crate::http::params::append;
use crate::http::{Failure, Fault};
use crate::oidc::errors::AuthorizeError;
use crate::pages::view::FormPostView;
use crate::pages::{Frame, page};
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, LOCATION};
use axum::response::Response;
use samekey_shared::texts::Texts;

/// `303 See Other`: the browser comes by GET and leaves the form behind (RFC 9700 section 4.12).
pub fn see_other(address: &str) -> Result<Response, Fault> {
    let location = HeaderValue::from_str(address).map_err(|_| Failure::Rendering("an address is no header".into()))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// Hands the application its code, and what it may watch the session by (Session Management 1.0 section 2).
pub fn success(
    app: &AppState,
    t: Texts,
    to: &ReturnTo,
    code: &str,
    session_state: Option<String>,
) -> Result<Response, Fault> {
    let mut fields = vec![("code", code.to_owned())];
    fields.extend(session_state.map(|state| ("session_state", state)));
    send(app, t, to, fields)
}

/// Tells the application why it gets none: what is wrong with its request.
pub fn error(app: &AppState, t: Texts, to: &ReturnTo, error: AuthorizeError) -> Result<Response, Fault> {
    send(app, t, to, error_fields(error))
}

/// Tells it that its person is not signed in as it asked, and what it may watch for (Session Management 1.0 section 3.2).
pub fn refusal(
    app: &AppState,
    t: Texts,
    to: &ReturnTo,
    error: AuthorizeError,
    session_state: Option<String>,
) -> Result<Response, Fault> {
    let mut fields = error_fields(error);
    fields.extend(session_state.map(|state| ("session_state", state)));
    send(app, t, to, fields)
}

/// The address that tells the application of an error, for a link; `None` where the answer is a form.
pub fn error_address(app: &AppState, to: &ReturnTo, error: AuthorizeError) -> Option<String> {
    let fields = complete(app, to, error_fields(error)).ok()?;
    let pairs = fields.iter().map(|(name, value)| (*name, value.as_str()));
    (to.mode == ResponseMode::Query).then(|| append(&to.redirect_uri, pairs))
}

fn error_fields(error: AuthorizeError) -> Vec<(&'static str, String)> {
    vec![
        ("error", error.code().to_owned()),
        ("error_description", error.description().to_owned()),
    ]
}

/// With `state` and `iss`; as a JWT these two are inside (JARM section 2.1, RFC 9207 section 2.4).
fn complete(
    app: &AppState,
    to: &ReturnTo,
    mut fields: Vec<(&'static str, String)>,
) -> Result<Vec<(&'static str, String)>, Failure> {
    if let Some(state) = &to.state {
        fields.push(("state", state.clone()));
    }
    if let Some(alg) = to.signed {
        return Ok(vec![("response", jarm::sign(app, to, alg, fields)?)]);
    }
    fields.push(("iss", app.config.issuer.as_str().to_owned()));
    Ok(fields)
}

fn send(app: &AppState, t: Texts, to: &ReturnTo, fields: Vec<(&'static str, String)>) -> Result<Response, Fault> {
    let fields = complete(app, to, fields)?;
    match to.mode {
        ResponseMode::Query => see_other(&append(
            &to.redirect_uri,
            fields.iter().map(|(name, value)| (*name, value.as_str())),
        )),
        ResponseMode::FormPost => {
            let view = FormPostView {
                frame: Frame::new(app, t),
                action: &to.redirect_uri,
                fields: &fields,
            };
            let target: Vec<String> = redirect::origin(&to.redirect_uri).into_iter().collect();
            page(&view, &target, Scripts::Own)
        }
    }
}
