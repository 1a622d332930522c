//! Who calls `/security`, and the checks that each of its forms passes.

use super::permission::{self, Change, Permission};
use super::troubles;
use super::view::ProblemView;
use crate::app::App;
use crate::http::body::form;
use crate::http::{Fault, Params, Visitor, csrf};
use crate::pages::flow::Then;
use crate::pages::problem::Problem;
use crate::pages::{Frame, portal};
use crate::sessions::{self, Session};
use axum::Extension;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use samekey_shared::audit::Actor;
use samekey_shared::devices::{DeviceName, NameRule};
use samekey_shared::flows::{Authority, FlowError};
use samekey_shared::policy::{DeviceNames, Settings};
use samekey_shared::source::Door;
use samekey_shared::texts::Texts;

/// Name under which the form tokens of these pages are made.
const FORMS: &str = "security";

/// A signed-in person with a form of ours, or looking at a page.
pub(super) struct Caller {
    pub visitor: Visitor,
    pub session: Session,
    pub params: Params,
    pub headers: HeaderMap,
}

/// A signed-in person at one of these pages: what every page is made of.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub app: &'a App,
    pub visitor: &'a Visitor,
    pub session: &'a Session,
}

/// Somebody signed in who looks at a page; whoever has no session is sent to sign in, and comes back.
pub struct Looking(pub(super) Caller);

impl FromRequestParts<App> for Looking {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let visitor = Extension::<Visitor>::from_request_parts(parts, app).await;
        let Extension(visitor) = visitor.map_err(IntoResponse::into_response)?;
        match Caller::looking(app, visitor, &parts.uri, &parts.headers) {
            Ok(Some(caller)) => Ok(Self(caller)),
            Ok(None) => Err(portal::begin_for(app, &parts.headers, Then::Security, "").into_response()),
            Err(fault) => Err(fault.into_response()),
        }
    }
}

/// Somebody signed in who sent a form of ours: its token is held against the session before anything in it is looked at.
pub struct Sent(pub(super) Caller);

impl FromRequest<App> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Extension::<Visitor>::from_request_parts(&mut parts, app).await;
        let Extension(visitor) = visitor.map_err(IntoResponse::into_response)?;
        let sent = Caller::of(app, visitor, Request::from_parts(parts, body)).await;
        sent.map(Self).map_err(IntoResponse::into_response)
    }
}

impl Caller {
    /// Somebody looks at a page; `None` without a session.
    pub(super) fn looking(app: &App, visitor: Visitor, uri: &Uri, headers: &HeaderMap) -> Result<Option<Self>, Fault> {
        let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
        let session = app.realm.store.read(|tx| sessions::current(&app.realm, tx, headers))?;
        Ok(session.map(|session| Self {
            visitor,
            session,
            params,
            headers: headers.clone(),
        }))
    }

    /// Reads a form and holds its token against the session.
    async fn of(app: &App, visitor: Visitor, request: Request) -> Result<Self, Fault> {
        let headers = request.headers().clone();
        let session = app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))?;
        let session = session.ok_or(Problem::FormFromElsewhere)?;
        let params = form(request).await?;
        let issuer = app.config.issuer.as_str();
        let shown = params.value(csrf::FIELD);
        app.csrf
            .check(FORMS, &session.id.to_string(), shown, &headers, issuer)?;
        Ok(Self {
            visitor,
            session,
            params,
            headers,
        })
    }

    /// A field; empty where it is missing.
    pub(super) fn field(&self, name: &str) -> &str {
        self.params.value(name).unwrap_or_default()
    }

    /// The person's place.
    pub(super) fn here<'a>(&'a self, app: &'a App) -> Here<'a> {
        Here {
            app,
            visitor: &self.visitor,
            session: &self.session,
        }
    }

    /// The person acts on their own devices.
    pub(super) fn authority(&self) -> Authority {
        Authority::new(Actor::Account(self.session.account.name.to_string()), Door::Web)
            .from(&self.visitor.source)
            .request(self.visitor.request)
    }
}

impl<'a> Here<'a> {
    /// The sentences.
    pub(super) fn t(self) -> Texts {
        self.visitor.t
    }

    /// What stands around the page.
    pub(super) fn frame(self) -> Frame<'a> {
        Frame::new(self.app, self.t()).signed_in(self.session)
    }

    /// The form token of this session.
    pub(super) fn token(self) -> String {
        self.app.csrf.of(FORMS, &self.session.id.to_string())
    }

    /// What stands between this person and a change, and the settings that say so.
    pub(super) fn permitted(self, change: Change) -> Result<(Permission, Settings), Fault> {
        let realm = &self.app.realm;
        let now = realm.clock.now();
        Ok(realm.store.read(|tx| {
            let settings = realm.policy(tx)?.settings().clone();
            let permission = permission::of(tx, self.session, &settings, change, (&self.visitor.source, now))?;
            Ok::<_, FlowError>((permission, settings))
        })?)
    }

    /// A device's name as typed, by the rule in force (R69, Q1).
    pub(super) fn named(self, text: &str, settings: &Settings) -> Result<DeviceName, ProblemView> {
        let rule = match settings.device_name {
            DeviceNames::Ascii => NameRule::Ascii,
            DeviceNames::Unicode => NameRule::Unicode,
        };
        DeviceName::parse(text, rule).map_err(|error| troubles::of_name(self.t(), error))
    }
}
