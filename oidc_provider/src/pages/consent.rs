//! The question of consent, asked once for each set of scopes, after the sign-in and before the code.

use super::conclusion::{give_code, still_registered};
use super::flow::{Flow, Proven};
use super::problem::Problem;
use super::turn::{self, Outcome, Person, Turn};
use super::view::ConsentView;
use super::{About, Frame, page_with};
use crate::app::App;
use crate::clients::redirect;
use crate::grants::{self, consents};
use crate::http::headers::Scripts;
use crate::http::{Failure, Fault};
use crate::oidc::scope::Scope;
use axum::response::Response;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::secrets::opaque::Token;
use samekey_shared::source::Door;
use samekey_shared::store::StoreError;
use samekey_shared::texts::Texts;

/// What a scope lets an application know.
pub(super) fn line(t: Texts, scope: Scope) -> String {
    match scope {
        Scope::Openid => t.say("sign-in-scope-openid"),
        Scope::Profile => t.say("sign-in-scope-profile"),
        Scope::Email => t.say("sign-in-scope-email"),
        Scope::Address => t.say("sign-in-scope-address"),
        Scope::Phone => t.say("sign-in-scope-phone"),
        Scope::Groups => t.say("sign-in-scope-groups"),
        Scope::OfflineAccess => t.say("sign-in-scope-offline"),
        Scope::Administration => t.say("sign-in-scope-administration"),
    }
}

/// The page.
pub(super) fn show(
    app: &App,
    t: Texts,
    flow: &Flow,
    application: Option<About<'_>>,
    targets: &[String],
) -> Result<Response, Fault> {
    let request = flow.request().ok_or(Problem::SignInGone)?;
    let about = application.ok_or(Problem::UnknownApplication)?;
    let pictures: Vec<String> = about.pictures().into_iter().collect();
    let target = redirect::origin(&request.return_to.redirect_uri).unwrap_or_default();
    let view = ConsentView {
        frame: Frame::new(app, t),
        about,
        lines: request.scopes.iter().map(|scope| line(t, scope)).collect(),
        target: &target,
        flow: &flow.id.to_string(),
        csrf: &flow.csrf(app),
    };
    page_with(&view, targets, &pictures, Scripts::None)
}

/// The person agrees: consent, code and audit event in one unit of work, once.
pub(super) fn allow(app: &App, person: &Person, flow: Flow, proven: &Proven) -> Result<Turn, Fault> {
    let same = person
        .session
        .as_ref()
        .filter(|session| session.id == proven.session && session.account.id == proven.account);
    let session = same.ok_or(Problem::SignInGone)?;
    let request = flow.request().ok_or(Problem::SignInGone)?;
    let token = Token::draw(app.realm.entropy.as_ref(), grants::SECRET_BYTES).map_err(Failure::from)?;
    let now = app.realm.clock.now();
    let client = &request.return_to.client;
    let event = Event::new(
        EventKind::ConsentGiven,
        Actor::Account(session.account.name.to_string()),
    )
    .about(&session.account.name)
    .request(proven.grant)
    .at(Door::Web, format!("oidc:{client}"))
    .from(&person.visitor.source)
    .detail("scope", &request.scopes);
    let written = app.realm.store.write(|tx| {
        let fresh = grants::spend_flow(tx, flow.id, now + super::flow::LIFETIME)?;
        let Some(registered) = still_registered(tx, request)?.filter(|_| fresh) else {
            return Ok(false);
        };
        if !give_code(tx, app, &registered, (request, proven.clone()), &token)? {
            return Ok(false);
        }
        consents::give(tx, proven.account, client, &request.scopes, now)?;
        audit::append(tx, &event, now)?;
        Ok::<_, StoreError>(true)
    })?;
    if !written {
        return Err(Problem::SignInGone.into());
    }
    Ok(turn::finished(flow, None, Outcome::Code(token.text().to_owned())))
}
