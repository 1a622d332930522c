//! The API described (`/api/openapi.json`); `pages::admin::api` shows it to people.

use super::{accounts, clients, devices, realm, sessions, trail};
use crate::http::Fault;
use crate::http::json::json;
use crate::pages::problem::Problem;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa::openapi::path::Operation;
use utoipa::{Modify, OpenApi};

/// The API, from its handlers' own types.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Samekey administration",
        description = "Accounts, devices, sessions, applications, settings, audit trail. \
        Roles: docs/reference/roles.md. Changes need the session's form token (GET /api/v1/me) in X-Samekey-Csrf and a \
        second factor proven within ten minutes."
    ),
    modifiers(&Named),
    paths(
        realm::me,
        realm::overview,
        realm::settings,
        realm::change_settings,
        realm::policy,
        accounts::list,
        accounts::show,
        accounts::add,
        accounts::change,
        accounts::appoint,
        accounts::lock,
        accounts::unlock,
        accounts::disable,
        accounts::remove,
        accounts::rescue,
        devices::list,
        devices::unbind,
        devices::ticket,
        devices::set_email,
        devices::release,
        sessions::list,
        sessions::of_account,
        sessions::end,
        sessions::end_all,
        clients::list,
        clients::show,
        clients::ensure,
        clients::new_secret,
        clients::remove,
        trail::list,
        trail::export,
    )
)]
pub struct Description;

/// Names each operation by its tag and its handler, `accounts-list`: many handlers are called `list`, and programs made of this
/// description keep these names.
struct Named;

impl Modify for Named {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let items = description.paths.paths.values_mut();
        let operations = items.flat_map(|item| {
            let all = [
                &mut item.get,
                &mut item.put,
                &mut item.post,
                &mut item.patch,
                &mut item.delete,
            ];
            all.into_iter().flatten()
        });
        operations.for_each(name);
    }
}

fn name(operation: &mut Operation) {
    let tag = operation.tags.as_ref().and_then(|tags| tags.first());
    if let (Some(tag), Some(handler)) = (tag, &operation.operation_id) {
        operation.operation_id = Some(format!("{tag}-{}", handler.replace('_', "-")));
    }
}

/// `GET /api/openapi.json`
pub async fn document() -> Result<Response, Fault> {
    let value = serde_json::to_value(Description::openapi()).map_err(|_| Problem::Failed)?;
    Ok(json(StatusCode::OK, &value))
}
