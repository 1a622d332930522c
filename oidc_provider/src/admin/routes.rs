//! The administrators' part of the table of routes: every one names the action that it is, and passes the door with it.

use super::api::{accounts, clients, description, devices, realm, sessions, trail};
use crate::app::routes::{Served, Who, on, on_get};
use crate::pages::assets;
use samekey_shared::roles::Action;

/// Every route of administrators, and the API's description, which tells nothing about anybody.
pub(crate) fn table() -> Vec<Served> {
    let mut table = api();
    table.extend(crate::pages::admin::table());
    table.extend([
        on_get("/api", Who::Anybody, description::viewer),
        on_get("/api/openapi.json", Who::Anybody, description::document),
        on_get("/api/{file}", Who::Anybody, description::file),
        on_get("/assets/viewer.js", Who::Anybody, assets::viewer),
    ]);
    table
}

fn api() -> Vec<Served> {
    use Action::{
        AccountsAdd, AccountsChange, AccountsDisable, AccountsLock, AccountsRemove, AccountsSee, AuditExport, AuditSee,
        ClientsChange, ClientsSee, DevicesSee, DevicesUnbind, OverviewSee, PolicySee, Rescue, RolesChange, SessionsEnd,
        SessionsSee, SettingsChange, SettingsSee,
    };
    let may = Who::Administrator;
    vec![
        on("GET", "/api/v1/me", may(OverviewSee), realm::me),
        on("GET", "/api/v1/overview", may(OverviewSee), realm::overview),
        on("GET", "/api/v1/settings", may(SettingsSee), realm::settings),
        on("PATCH", "/api/v1/settings", may(SettingsChange), realm::change_settings),
        on("GET", "/api/v1/policy", may(PolicySee), realm::policy),
        on("GET", "/api/v1/accounts", may(AccountsSee), accounts::list),
        on("GET", "/api/v1/accounts/{name}", may(AccountsSee), accounts::show),
        on("PUT", "/api/v1/accounts/{name}", may(AccountsAdd), accounts::add),
        on(
            "PATCH",
            "/api/v1/accounts/{name}",
            may(AccountsChange),
            accounts::change,
        ),
        on(
            "DELETE",
            "/api/v1/accounts/{name}",
            may(AccountsRemove),
            accounts::remove,
        ),
        on(
            "PUT",
            "/api/v1/accounts/{name}/role",
            may(RolesChange),
            accounts::appoint,
        ),
        on(
            "POST",
            "/api/v1/accounts/{name}/lock",
            may(AccountsLock),
            accounts::lock,
        ),
        on(
            "POST",
            "/api/v1/accounts/{name}/unlock",
            may(AccountsLock),
            accounts::unlock,
        ),
        on(
            "POST",
            "/api/v1/accounts/{name}/disable",
            may(AccountsDisable),
            accounts::disable,
        ),
        on("PUT", "/api/v1/accounts/{name}/rescue", may(Rescue), accounts::rescue),
        on("GET", "/api/v1/accounts/{name}/devices", may(DevicesSee), devices::list),
        on(
            "DELETE",
            "/api/v1/accounts/{name}/devices/{device}",
            may(DevicesUnbind),
            devices::unbind,
        ),
        on(
            "GET",
            "/api/v1/accounts/{name}/sessions",
            may(SessionsSee),
            sessions::of_account,
        ),
        on(
            "DELETE",
            "/api/v1/accounts/{name}/sessions",
            may(SessionsEnd),
            sessions::end_all,
        ),
        on("GET", "/api/v1/sessions", may(SessionsSee), sessions::list),
        on("DELETE", "/api/v1/sessions/{session}", may(SessionsEnd), sessions::end),
        on("GET", "/api/v1/clients", may(ClientsSee), clients::list),
        on("GET", "/api/v1/clients/{id}", may(ClientsSee), clients::show),
        on("PUT", "/api/v1/clients/{id}", may(ClientsChange), clients::ensure),
        on("DELETE", "/api/v1/clients/{id}", may(ClientsChange), clients::remove),
        on(
            "POST",
            "/api/v1/clients/{id}/secret",
            may(ClientsChange),
            clients::new_secret,
        ),
        on("GET", "/api/v1/audit", may(AuditSee), trail::list),
        on("GET", "/api/v1/audit/export", may(AuditExport), trail::export),
    ]
}
