//! `/api`: the API's document as a page, made here and read without scripts. It tells nothing about anybody, so everybody may.

mod curl;
mod outline;
mod shape;

use super::accounts::role_word;
use crate::admin::api::description::Description;
use crate::app::App;
use crate::http::Fault;
use crate::http::headers::Scripts;
use crate::pages::problem::Problem;
use crate::pages::{Frame, page};
use crate::sessions;
use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use outline::{Operation, Outline};
use samekey_shared::roles::{Role, may};
use utoipa::OpenApi;

#[derive(Template)]
#[template(path = "admin_api.html")]
struct ApiView<'a> {
    frame: Frame<'a>,
    outline: Outline,
    /// Where calls go to.
    origin: &'a str,
}

/// `GET /api`
pub(crate) async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Response, Fault> {
    let session = app.realm.store.read(|tx| sessions::current(&app.realm, tx, &headers))?;
    let document = serde_json::to_value(Description::openapi()).map_err(|_| Problem::Failed)?;
    let frame = Frame::of(&app, &headers).wide();
    let view = ApiView {
        frame: match &session {
            Some(session) => frame.signed_in(session),
            None => frame,
        },
        outline: Outline::of(&document),
        origin: app.config.issuer.as_str(),
    };
    page(&view, &[], Scripts::Own)
}

impl ApiView<'_> {
    /// Whose role reaches so far, by the table of routes: the same that the door goes by.
    fn roles(&self, operation: &Operation) -> Vec<String> {
        let Some(action) = operation.action else {
            return Vec::new();
        };
        let reach = Role::ALL.iter().filter(|role| may(**role, action, None));
        reach.map(|role| role_word(self.frame.t, *role)).collect()
    }

    fn curl(&self, operation: &Operation) -> String {
        curl::line(self.origin, operation)
    }
}
