//! "This was not me": the page behind the link in letters, and what its button does.
//!
//! Nobody is signed in here, and nobody needs to be: whoever holds the link has read the letter. Looking changes nothing,
//! since programs follow links; the button works once.

use super::flow::MailLink;
use super::frame::whom_to_ask;
use super::problem::Problem;
use super::view::ButtonForm;
use super::{Frame, message, page};
use crate::app::{App, blocking};
use crate::http::body::form;
use crate::http::headers::Scripts;
use crate::http::{Fault, Params, Visitor, csrf};
use crate::sessions;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::flows::FlowError;
use samekey_shared::objections;
use samekey_shared::outbox::{self, Letter, LetterKind};
use samekey_shared::source::Door;
use samekey_shared::texts::Texts;
use samekey_shared::{accounts, approvals, trust};

/// Where it is; the letters' links lead here.
const PAGE: &str = "/not-me";
/// Name under which the form tokens of this page are made.
const FORMS: &str = "not-me";

/// `GET /not-me?link=…`
pub async fn show(State(app): State<App>, Extension(visitor): Extension<Visitor>, uri: Uri) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let t = visitor.t;
    let link = params.value("link").and_then(MailLink::read).map(MailLink::into_text);
    let now = app.realm.clock.now();
    let known = match &link {
        Some(link) => app.realm.store.read(|tx| objections::look(tx, link, now))?,
        None => None,
    };
    let (Some(link), Some(_)) = (link, known) else {
        return over(&app, t);
    };
    let mut view = message(
        Frame::new(&app, t),
        t.say("mail-objection-title"),
        t.say("mail-objection-ask"),
    );
    view.forms.push(ButtonForm {
        action: PAGE,
        fields: vec![(csrf::FIELD, app.csrf.of(FORMS, &link)), ("link", link)],
        button: t.say("mail-objection-button"),
    });
    page(&view, &[], Scripts::None)
}

/// `POST /not-me`
pub async fn object(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Fault> {
    let params = form(request).await?;
    let link = params.value("link").and_then(MailLink::read).map(MailLink::into_text);
    let link = link.ok_or(Problem::BadForm)?;
    let issuer = app.config.issuer.as_str();
    app.csrf
        .check(FORMS, &link, params.value(csrf::FIELD), &headers, issuer)?;
    let t = visitor.t;
    blocking(&app, move |app| {
        if ended(app, &visitor, &link)? {
            let contact = whom_to_ask(t, app.contact().as_deref());
            let done = t.with("mail-objection-done-text", "contact", contact);
            page(
                &message(Frame::new(app, t), t.say("mail-objection-done"), done),
                &[],
                Scripts::None,
            )
        } else {
            over(app, t)
        }
    })
    .await
}

/// Everything that is signed in ends, the account's own changes are held, and those who can help are told: together or not
/// at all. False for a link that is over.
fn ended(app: &App, visitor: &Visitor, link: &str) -> Result<bool, FlowError> {
    let realm = &app.realm;
    let now = realm.clock.now();
    realm.store.write(|tx| {
        let Some(objection) = objections::spend(tx, link, now)? else {
            return Ok(false);
        };
        let account = objection.account;
        let Some(person) = accounts::rows::by_id(tx, account)? else {
            return Ok(false);
        };
        let sessions = sessions::end_all(tx, account, None)?;
        let browsers = trust::revoke_all(tx, account)?;
        let approvals = approvals::cancel_all(tx, account, now)?;
        objections::hold(tx, &objection, now)?;
        let event = Event::new(EventKind::ObjectionMade, Actor::Stranger)
            .about(&person.name)
            .request(visitor.request)
            .at(Door::Web, "portal:not-me")
            .from(&visitor.source)
            .detail("about", &objection.about)
            .detail("sessions", sessions)
            .detail("remembered_browsers", browsers)
            .detail("approvals", approvals);
        audit::append(tx, &event, now)?;
        let letter = |kind| Letter {
            account,
            kind,
            source: Some(&visitor.source),
        };
        outbox::write(tx, realm, &letter(LetterKind::Objected), now)?;
        let told = LetterKind::SomebodyObjected {
            login: person.name.to_string(),
            about: objection.about.clone(),
        };
        outbox::write_to_administrators(tx, realm, &letter(told), now)?;
        Ok(true)
    })
}

fn over(app: &App, t: Texts) -> Result<Response, Fault> {
    let contact = whom_to_ask(t, app.contact().as_deref());
    let text = t.with("mail-objection-over-text", "contact", contact);
    let view = message(Frame::new(app, t), t.say("mail-objection-over"), text);
    let mut response = page(&view, &[], Scripts::None)?;
    *response.status_mut() = StatusCode::BAD_REQUEST;
    Ok(response)
}
