//! The portal: sign-in without an application (R86 to R88), the page of who is signed in, and forgotten passwords (R98).

use super::flow::{Flow, Purpose, Stage, Then};
use super::problem::Problem;
use super::turn::{self, Turn};
use super::{Frame, message, page};
use crate::app::App;
use crate::clients::{self, Client, Consent, SubjectType, redirect};
use crate::grants::consents;
use crate::http::body::form;
use crate::http::headers::Scripts;
use crate::http::params::append;
use crate::http::{Fault, Params, Visitor, csrf};
use crate::oidc::authorize::respond;
use crate::oidc::end_session;
use crate::oidc::scope::{Scope, Scopes};
use crate::sessions;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use samekey_shared::accounts::Account;
use samekey_shared::audit::{self, Actor, Event, EventKind, utc};
use samekey_shared::flows::FlowError;
use samekey_shared::source::Door;
use samekey_shared::store::{StoreError, Tx};
use samekey_shared::trust::last::{self, Before};

/// What the form tokens of withdrawing are for.
const WITHDRAW: &str = "withdraw";

/// Longest user name that a link may fill in.
const LONGEST_NAME: usize = 256;

/// An application on the page, and since when it knows the person.
struct Known {
    id: String,
    name: String,
    since: String,
}

/// An application that one can begin to sign in to from here (OpenID Connect Core section 4).
struct Opening {
    name: String,
    address: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomeView<'a> {
    frame: Frame<'a>,
    name: &'a str,
    login: &'a str,
    last: String,
    open: Vec<Opening>,
    applications: Vec<Known>,
    withdraw: String,
    sign_out: String,
    withdrawn: bool,
}

/// `GET /`
pub async fn home(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let realm = &app.realm;
    let found = realm.store.read(|tx| {
        let Some(session) = sessions::current(realm, tx, &headers)? else {
            return Ok(None);
        };
        let before = Before::Moment(session.first_at);
        let last = last::of(tx, &session.account.name, before)?;
        let applications = consents::of_account(tx, session.account.id, realm.clock.now())?;
        let open = openings(tx, app.config.issuer.as_str(), &session.account, &applications)?;
        Ok::<_, FlowError>(Some((session, last, applications, open)))
    })?;
    let Some((session, last, applications, open)) = found else {
        return respond::see_other("/login");
    };
    let frame = Frame::of(&app, &headers).signed_in(&session);
    let t = frame.t;
    let view = HomeView {
        name: session
            .account
            .display_name
            .as_deref()
            .unwrap_or(session.account.name.as_str()),
        login: session.account.name.as_str(),
        last: last.map_or_else(|| t.say("sign-in-first"), |last| last.sentence(t)),
        open,
        applications: applications.into_iter().map(known).collect(),
        withdraw: app.csrf.of(WITHDRAW, &session.id.to_string()),
        sign_out: end_session::csrf_token(&app, session.id),
        withdrawn: uri.query() == Some("done=withdrawn"),
        frame,
    };
    page(&view, &[], Scripts::None)
}

/// The operator's own, and those that the person agreed to: nobody else's link belongs on our page.
fn openings(
    tx: &mut Tx<'_>,
    issuer: &str,
    account: &Account,
    agreed: &[consents::Agreed],
) -> Result<Vec<Opening>, StoreError> {
    let mut found = Vec::new();
    for client in clients::list(tx)? {
        let is_ours = client.settings.consent == Consent::Given;
        let Some(address) = client.settings.initiate_login_uri.as_deref() else {
            continue;
        };
        if !is_ours && !agreed.iter().any(|one| one.id == client.id.as_str()) {
            continue;
        }
        let mut params = vec![("iss", issuer)];
        if may_know_name(tx, account, &client)? {
            params.push(("login_hint", account.name.as_str()));
        }
        params.extend(home_of(&client, address).map(|home| ("target_link_uri", home)));
        found.push(Opening {
            address: append(address, params.into_iter()),
            name: client.name,
        });
    }
    Ok(found)
}

/// Whether an application learns this name in every sign-in anyway: a hint tells nobody more than their tokens would.
fn may_know_name(tx: &mut Tx<'_>, account: &Account, client: &Client) -> Result<bool, StoreError> {
    let settings = &client.settings;
    if settings.subject_type == SubjectType::Pairwise || !client.may_ask(Scope::Profile) {
        return Ok(false);
    }
    let profile = Scopes::read(Scope::Profile.name());
    Ok(settings.consent == Consent::Given || consents::covers(tx, account.id, &client.id, &profile)?)
}

/// Where the person wants to end: its home page, unless that is of another origin than where it begins, which it would have to
/// refuse (OpenID Connect Core section 4).
fn home_of<'a>(client: &'a Client, begins: &str) -> Option<&'a str> {
    let home = client.settings.client_uri.as_deref()?;
    (redirect::origin(home) == redirect::origin(begins)).then_some(home)
}

fn known(agreed: consents::Agreed) -> Known {
    let consents::Agreed { id, name, given_at } = agreed;
    let day = utc::text(given_at).split('T').next().unwrap_or_default().to_owned();
    Known { id, name, since: day }
}

/// `POST /applications/withdraw`: the application may not know the person any more, and its tokens are worth nothing.
pub async fn withdraw(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let params = form(request).await?;
    let realm = &app.realm;
    let session = realm.store.read(|tx| sessions::current(realm, tx, &headers))?;
    let session = session.ok_or(Problem::FormFromElsewhere)?;
    let issuer = app.config.issuer.as_str();
    app.csrf.check(
        WITHDRAW,
        &session.id.to_string(),
        params.value(csrf::FIELD),
        &headers,
        issuer,
    )?;
    let client = params.value("application").unwrap_or_default().to_owned();
    let login = session.account.name.as_str();
    let event = Event::new(EventKind::ConsentWithdrawn, Actor::Account(login.to_owned()))
        .about(login)
        .request(visitor.request)
        .at(Door::Web, "portal:sign-in")
        .from(&visitor.source)
        .detail("client", &client);
    let gone = realm.store.write(|tx| {
        let gone = consents::withdraw(tx, session.account.id, &client)?;
        if gone {
            audit::append(tx, &event, realm.clock.now())?;
        }
        Ok::<_, StoreError>(gone)
    })?;
    respond::see_other(if gone { "/?done=withdrawn" } else { "/" })
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
    if realm == names.realm || names.aliases.contains(&realm) {
        return begin(&app, &uri, &headers);
    }
    // Another realm of this process: its own host has its own cookies (Q16).
    let other = app.neighbour(&realm).ok_or(Problem::NoSuchPage)?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    respond::see_other(&other.issuer.at(&format!("/d/{realm}/login{query}")))
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
pub(crate) fn begin_for(app: &App, headers: &HeaderMap, then: Then, name: &str) -> Result<Response, Fault> {
    let flow = Flow::begin(app, Purpose::Portal(then), Stage::name(name))?;
    turn::answer(app, headers, Turn::Show(Box::new(flow)))
}

/// `GET /forgot-password`
pub async fn forgot_password(State(app): State<App>, headers: HeaderMap) -> Result<Response, Fault> {
    let frame = Frame::of(&app, &headers);
    let t = frame.t;
    let contact = frame.whom_to_ask();
    let text = t.fill("sign-in-forgotten-text", [("contact", contact.as_str())]);
    let mut view = message(frame, t.say("sign-in-forgotten"), text);
    view.more = Some(t.fill("sign-in-cannot-use-device", [("contact", contact.as_str())]));
    page(&view, &[], Scripts::None)
}
