//! `/logout`: sign-out that an application asks for (OpenID Connect RP-Initiated Logout 1.0).
//!
//! ```text
//! checks ─► nobody signed in ─────────────────────────────► signed-out page, or on to the application
//!        ├► the hint names this very session ─► ended ─► frames of the applications, then the same
//!        └► else: "Sign out?" ─► POST /sign-out ─► ended ─► …
//! ```
//!
//! Whose session ends is decided by the browser's own cookie alone; a hint only spares the question when it names that very
//! session (oidc.md row 4). A doubtful hint or an unregistered address is never followed.

pub mod front_channel;

use super::authorize::respond::see_other;
use super::id_token::{self, Hint};
use crate::app::{App, AppState, blocking, routes};
use crate::clients::{self, Client, redirect};
use crate::http::body::form;
use crate::http::headers::Scripts;
use crate::http::params::append;
use crate::http::{Fault, Params, Visitor, cookies, csrf, language};
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
use samekey_shared::texts::{Language, Texts};

/// The parameters that the question keeps for its answer.
const KEPT: [&str; 5] = [
    "client_id",
    "id_token_hint",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
];

/// The form token of a sign-out.
pub fn csrf_token(app: &AppState, session: SessionId) -> String {
    app.csrf.of("sign-out", &session.to_string())
}

/// What a sign-out was asked with, checked.
struct Asked {
    /// Where the browser goes afterwards, with `state`.
    then: Option<String>,
    /// What a valid hint tells.
    hint: Option<Hint>,
    /// Who is meant, in the application's words; it only ever makes us ask.
    logout_hint: Option<String>,
    /// The language that the application speaks with this person.
    language: Option<Language>,
}

impl Asked {
    /// Whether the hints name this session and this person, so that nobody need be asked.
    fn names(&self, session: &Session) -> bool {
        let hinted = self.hint.as_ref().and_then(|hint| hint.sid.as_deref());
        let account = &session.account;
        let meant = self.logout_hint.as_deref().is_none_or(|hint| {
            hint == account.name.as_str()
                || hint == session.id.to_string()
                || Some(hint) == account.email.as_deref()
                || self.hint.as_ref().is_some_and(|token| token.sub == hint)
        });
        meant && hinted == Some(session.id.to_string().as_str())
    }
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
    let t = language::of(&headers, asked.language);
    match app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))? {
        None => signed_out(&app, t, asked.then.as_deref()).map(forgotten),
        Some(session) if asked.names(&session) => {
            blocking(&app, move |app| end(app, &visitor, t, &session, asked.then.as_deref())).await
        }
        Some(session) => question(&app, t, &session, &params, asked.then.as_deref()),
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
    let t = language::of(&headers, asked.language);
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
    blocking(&app, move |app| end(app, &visitor, t, &session, asked.then.as_deref())).await
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
        hint,
        logout_hint: params.value("logout_hint").map(str::to_owned),
        language: params.value("ui_locales").and_then(Language::of_list),
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
    for name in KEPT {
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

/// Ends the session with its codes and tokens, but for what was granted for offline access, tells the audit trail, and shows
/// the browser's applications the way out.
fn end(app: &App, visitor: &Visitor, t: Texts, session: &Session, then: Option<&str>) -> Result<Response, Fault> {
    let now = app.realm.clock.now();
    let event = Event::new(
        EventKind::SessionEnded,
        Actor::Account(session.account.name.to_string()),
    )
    .about(&session.account.name)
    .request(visitor.request)
    .at(Door::Web, "portal:sign-out")
    .from(&visitor.source);
    let frames = app.realm.store.write(|tx| {
        let frames = front_channel::addresses(app, tx, session.id)?;
        if sessions::sign_out(tx, session.id)? {
            audit::append(tx, &event, now)?;
        }
        Ok::<_, StoreError>(frames)
    })?;
    ended_here(app, t, &frames, then)
}

/// The answer to a browser whose own session has ended.
pub fn ended_here(app: &App, t: Texts, frames: &[String], then: Option<&str>) -> Result<Response, Fault> {
    if frames.is_empty() {
        signed_out(app, t, then).map(forgotten)
    } else {
        front_channel::page(app, t, frames, then).map(forgotten)
    }
}

/// The same answer, and the browser forgets the session.
fn forgotten(mut response: Response) -> Response {
    for cookie in [cookies::end(cookies::SESSION), cookies::end_readable(cookies::STATE)] {
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    }
    response
}

/// The page after it, or the application's own.
fn signed_out(app: &App, t: Texts, then: Option<&str>) -> Result<Response, Fault> {
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
