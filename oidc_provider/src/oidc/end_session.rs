//! `/logout`: sign-out that an application asks for (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Whose session ends is decided by the browser's own cookie alone; a hint only spares the question when it names that very
//! session (oidc.md row 4). A doubtful hint or an unregistered address is never followed.

use super::authorize::respond::see_other;
use super::id_token;
use crate::app::{App, AppState, blocking, routes};
use crate::clients::{self, Client, redirect};
use crate::http::body::form;
use crate::http::headers::Scripts;
use crate::http::params::append;
use crate::http::{Fault, Params, Visitor, cookies, csrf};
use crate::pages::problem::Problem;
use crate::pages::view::ButtonForm;
use crate::pages::{Frame, message, page};
use crate::sessions::{self, Session};
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::ids::SessionId;
use samekey_shared::source::Door;
use samekey_shared::store::StoreError;
use samekey_shared::texts::Texts;

/// The form token of a sign-out.
pub fn csrf_token(app: &AppState, session: SessionId) -> String {
    app.csrf.of("sign-out", &session.to_string())
}

/// What a sign-out was asked with, checked.
struct Asked {
    /// Where the browser goes afterwards, with `state`.
    then: Option<String>,
    /// The session that a valid hint names.
    hinted_session: Option<String>,
}

/// `POST /logout`: answered with a GET, which brings the session cookie.
pub async fn by_post(request: Request) -> Result<Response, Fault> {
    let params = form(request).await?;
    see_other(&format!("{}?{}", routes::END_SESSION, params.encoded()))
}

/// `GET /logout`
pub async fn by_get(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let asked = check(&app, &params)?;
    match app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))? {
        None => signed_out(&app, visitor.t, asked.then.as_deref()),
        Some(session) if asked.hinted_session.as_deref() == Some(session.id.to_string().as_str()) => {
            blocking(&app, move |app| end(app, &visitor, &session, asked.then.as_deref())).await
        }
        Some(session) => question(&app, visitor.t, &session, &params, asked.then.as_deref()),
    }
}

/// `POST /sign-out`: the question's own form.
pub async fn confirmed(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let params = form(request).await?;
    let asked = check(&app, &params)?;
    let session = app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))?;
    let session = session.ok_or(Problem::FormFromElsewhere)?;
    let origin = app.config.issuer.as_str();
    app.csrf.check(
        "sign-out",
        &session.id.to_string(),
        params.value(csrf::FIELD),
        &headers,
        origin,
    )?;
    blocking(&app, move |app| end(app, &visitor, &session, asked.then.as_deref())).await
}

/// The address to go to must be one that the named client registered, byte by byte.
fn check(app: &App, params: &Params) -> Result<Asked, Fault> {
    let published = app.published();
    let hint = match params.value("id_token_hint") {
        Some(token) => {
            let hint = id_token::hint(&published.keys, app.config.issuer.as_str(), token);
            Some(hint.ok_or(Problem::DoubtfulHint)?)
        }
        None => None,
    };
    let named = params.value("client_id");
    if hint
        .as_ref()
        .is_some_and(|hint| named.is_some_and(|named| hint.aud != named))
    {
        return Err(Problem::DoubtfulHint.into());
    }
    let id = hint.as_ref().map(|hint| hint.aud.as_str()).or(named);
    let client = match id {
        Some(id) => app.realm.store.read(|tx| clients::by_id(tx, id))?,
        None => None,
    };
    Ok(Asked {
        then: then(params, client.as_ref())?,
        hinted_session: hint.and_then(|hint| hint.sid),
    })
}

fn then(params: &Params, client: Option<&Client>) -> Result<Option<String>, Problem> {
    let Some(address) = params.value("post_logout_redirect_uri") else {
        return Ok(None);
    };
    let client = client.ok_or(Problem::UnknownLogoutAddress)?;
    let address = client
        .post_logout_redirect(address)
        .ok_or(Problem::UnknownLogoutAddress)?;
    redirect::acceptable(address, client.kind.owner()).map_err(|_| Problem::UnknownLogoutAddress)?;
    Ok(Some(match params.value("state") {
        Some(state) => append(address, std::iter::once(("state", state))),
        None => address.to_owned(),
    }))
}

fn question(app: &App, t: Texts, session: &Session, params: &Params, then: Option<&str>) -> Result<Response, Fault> {
    let text = if params.value("client_id").or(params.value("id_token_hint")).is_some() {
        t.say("sign-in-sign-out-asked")
    } else {
        t.say("sign-in-sign-out-text")
    };
    let mut view = message(Frame::new(app, t), t.say("sign-in-sign-out-question"), text);
    let mut fields = vec![(csrf::FIELD, csrf_token(app, session.id))];
    for name in ["client_id", "id_token_hint", "post_logout_redirect_uri", "state"] {
        if let Some(value) = params.value(name) {
            fields.push((name, value.to_owned()));
        }
    }
    view.forms.push(ButtonForm {
        action: "/sign-out",
        fields,
        button: t.say("frame-sign-out"),
    });
    let targets: Vec<String> = then.and_then(redirect::origin).into_iter().collect();
    page(&view, &targets, Scripts::None)
}

/// Ends the session with its codes and tokens, but for what was granted for offline access, and tells the audit trail.
fn end(app: &App, visitor: &Visitor, session: &Session, then: Option<&str>) -> Result<Response, Fault> {
    let now = app.realm.clock.now();
    let event = Event::new(
        EventKind::SessionEnded,
        Actor::Account(session.account.name.to_string()),
    )
    .about(&session.account.name)
    .request(visitor.request)
    .at(Door::Web, "portal:sign-out")
    .from(&visitor.source);
    app.realm.store.write(|tx| {
        if sessions::sign_out(tx, session.id)? {
            audit::append(tx, &event, now)?;
        }
        Ok::<_, StoreError>(())
    })?;
    let mut response = signed_out(app, visitor.t, then)?;
    if let Some(cookie) = cookies::end(cookies::SESSION) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The page after it, or the application's own.
pub fn signed_out(app: &App, t: Texts, then: Option<&str>) -> Result<Response, Fault> {
    match then {
        Some(address) => see_other(address),
        None => page(
            &message(
                Frame::new(app, t),
                t.say("sign-in-signed-out"),
                t.say("sign-in-signed-out-text"),
            ),
            &[],
            Scripts::None,
        ),
    }
}
