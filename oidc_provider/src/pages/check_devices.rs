//! After a sign-in by e-mailed code on the way to an application: "check your devices now" (M19, Q4), before the person goes
//! on. The application learns nothing until they do.

use super::conclusion::{give_code, still_registered};
use super::flow::{CheckDevices, Flow, Stage};
use super::problem::Problem;
use super::turn::{self, Outcome, Person, Turn};
use super::{Frame, page};
use crate::app::App;
use crate::grants;
use crate::http::headers::Scripts;
use crate::http::{Failure, Fault};
use askama::Template;
use axum::response::Response;
use samekey_shared::secrets::opaque::Token;
use samekey_shared::store::StoreError;
use samekey_shared::texts::Texts;

#[derive(Template)]
#[template(path = "check_devices.html")]
struct CheckDevicesView<'a> {
    frame: Frame<'a>,
    flow: &'a str,
    csrf: &'a str,
}

/// The page.
pub(super) fn show(app: &App, t: Texts, flow: &Flow, targets: &[String]) -> Result<Response, Fault> {
    let view = CheckDevicesView {
        frame: Frame::new(app, t),
        flow: &flow.id.to_string(),
        csrf: &flow.csrf(app),
    };
    page(&view, targets, Scripts::None)
}

/// The person goes on: to the question of consent, or to the application, once.
pub(super) fn go_on(app: &App, person: &Person, mut flow: Flow, stage: CheckDevices) -> Result<Turn, Fault> {
    let CheckDevices { proven, must_agree } = stage;
    if must_agree {
        flow.stage = Stage::Consent(proven);
        return Ok(Turn::Show(Box::new(flow)));
    }
    let same = person
        .session
        .as_ref()
        .is_some_and(|session| session.id == proven.session && session.account.id == proven.account);
    let request = flow.request().filter(|_| same).ok_or(Problem::SignInGone)?;
    let token = Token::draw(app.realm.entropy.as_ref(), grants::SECRET_BYTES).map_err(Failure::from)?;
    let now = app.realm.clock.now();
    let written = app.realm.store.write(|tx| {
        let fresh = grants::spend_flow(tx, flow.id, now + super::flow::LIFETIME)?;
        match still_registered(tx, request)?.filter(|_| fresh) {
            Some(client) => give_code(tx, app, &client, (request, proven.clone()), &token),
            None => Ok::<_, StoreError>(false),
        }
    })?;
    if !written {
        return Err(Problem::SignInGone.into());
    }
    Ok(turn::finished(flow, None, Outcome::Code(token.text().to_owned())))
}
