//! Who calls `/security`, and the checks that each of its forms passes.

use super::permission::{self, Change, Permission};
use crate::app::App;
use crate::http::body::form;
use crate::http::{Fault, Params, Visitor, csrf};
use crate::pages::problem::Problem;
use crate::sessions::{self, Session};
use axum::extract::Request;
use axum::http::HeaderMap;
use samekey_shared::audit::Actor;
use samekey_shared::flows::FlowError;
use samekey_shared::flows::bind::Authority;
use samekey_shared::policy::Settings;
use samekey_shared::source::Door;

/// Name under which the form tokens of these pages are made.
const FORMS: &str = "security";

/// A signed-in person with a form of ours.
pub(super) struct Caller {
    pub visitor: Visitor,
    pub session: Session,
    pub params: Params,
    pub headers: HeaderMap,
}

/// The session of a page that is looked at; nobody is sent to sign in.
pub(super) fn looking(app: &App, headers: &HeaderMap) -> Result<Option<Session>, Fault> {
    Ok(app.realm.store.read(|tx| sessions::current(&app.realm, tx, headers))?)
}

/// The form token of this session.
pub(super) fn token(app: &App, session: &Session) -> String {
    app.csrf.of(FORMS, &session.id.to_string())
}

impl Caller {
    /// Reads a form and holds its token against the session, before anything in it is looked at.
    pub(super) async fn of(app: &App, visitor: Visitor, request: Request) -> Result<Self, Fault> {
        let headers = request.headers().clone();
        let session = looking(app, &headers)?.ok_or(Problem::FormFromElsewhere)?;
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

    /// The person acts on their own devices.
    pub(super) fn authority(&self) -> Authority {
        Authority::new(Actor::Account(self.session.account.name.to_string()), Door::Web)
            .from(&self.visitor.source)
            .request(self.visitor.request)
    }
}

/// What stands between this person and a change, and the settings that say so.
pub(super) fn permitted(app: &App, session: &Session, change: Change) -> Result<(Permission, Settings), Fault> {
    let now = app.realm.clock.now();
    Ok(app.realm.store.read(|tx| {
        let settings = app.realm.policy(tx)?.settings().clone();
        let permission = permission::of(tx, session, &settings, change, now)?;
        Ok::<_, FlowError>((permission, settings))
    })?)
}
