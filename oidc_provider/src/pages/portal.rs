//! The portal: sign-in without an application (R86 to R88), the page of who is signed in, and forgotten passwords (R98).

use super::flow::{Flow, Purpose, Stage, Then};
use super::problem::Problem;
use super::turn::{self, Turn};
use super::view::ButtonForm;
use super::{Frame, message, page};
use crate::app::App;
use crate::http::headers::Scripts;
use crate::http::{Fault, Params, csrf, language};
use crate::oidc::authorize::respond;
use crate::oidc::end_session;
use crate::sessions;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

/// Longest user name that a link may fill in.
const LONGEST_NAME: usize = 256;

/// `GET /`
pub async fn home(State(app): State<App>, headers: HeaderMap) -> Result<Response, Fault> {
    let Some(session) = app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))? else {
        return respond::see_other("/login");
    };
    let shown = session
        .account
        .display_name
        .as_deref()
        .unwrap_or(session.account.name.as_str());
    let t = language::of(&headers, None);
    let frame = Frame::new(&app, t).signed_in(&session);
    let mut view = message(frame, t.say("sign-in-signed-in"), shown.to_owned());
    view.forms.push(ButtonForm {
        action: "/sign-out",
        fields: vec![(csrf::FIELD, end_session::csrf_token(&app, session.id))],
        button: t.say("frame-sign-out"),
    });
    view.link = Some(("/security".to_owned(), t.say("frame-security")));
    page(&view, &[], Scripts::None)
}

/// `GET /login?username=…`: shows the name, never sends it (R88).
pub async fn login(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    begin(&app, &uri, &headers)
}

/// `GET /d/<realm>/login` and `GET /<realm>/login.htm` (R87).
pub async fn login_of_realm(
    State(app): State<App>,
    Path(realm): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let names = &app.realm.names;
    if realm != names.realm && !names.aliases.contains(&realm) {
        return Err(Problem::NoSuchPage.into());
    }
    begin(&app, &uri, &headers)
}

fn begin(app: &App, uri: &Uri, headers: &HeaderMap) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let name: String = params
        .value("username")
        .unwrap_or_default()
        .chars()
        .take(LONGEST_NAME)
        .collect();
    begin_for(app, headers, Then::Home, &name)
}

/// Sign-in on the way to a page of ours.
pub(super) fn begin_for(app: &App, headers: &HeaderMap, then: Then, name: &str) -> Result<Response, Fault> {
    let flow = Flow::begin(app, Purpose::Portal(then), Stage::name(name))?;
    turn::answer(app, headers, Turn::Show(Box::new(flow)))
}

/// `GET /forgot-password`
pub async fn forgot_password(State(app): State<App>, headers: HeaderMap) -> Result<Response, Fault> {
    let frame = Frame::of(&app, &headers);
    let t = frame.t;
    let contact = frame.whom_to_ask();
    let text = t.fill("sign-in-forgotten-text", [("contact", contact.as_str())]);
    page(&message(frame, t.say("sign-in-forgotten"), text), &[], Scripts::None)
}
