//! The administrators' part of the table of routes: every one names the action that it is, and passes the door with it.

use super::api::{accounts, clients, description, devices, realm, sessions, trail};
use crate::app::routes::{Served, Who, on, on_get};
use crate::pages::admin::api as shown;
use samekey_shared::roles::Action;

/// Every route of administrators, and the API's description, which tells nothing about anybody.
pub(crate) fn table() -> Vec<Served> {
    let mut table = realm_api();
    table.extend(account_api());
    table.extend(client_api());
    table.extend(crate::pages::admin::table());
    table.extend([
        on_get("/api", Who::Anybody, shown::show),
        on_get("/api/openapi.json", Who::Anybody, description::document),
    ]);
    table
}

fn realm_api() -> Vec<Served> {
    use Action::{
        AuditExport, AuditSee, OverviewSee, PolicySee, SessionsEnd, SessionsSee, SettingsChange, SettingsSee,
    };
    let may = Who::Administrator;
    vec![
        on("GET", "/api/v1/me", may(OverviewSee), realm::me),
        on("GET", "/api/v1/overview", may(OverviewSee), realm::overview),
        on("GET", "/api/v1/settings", may(SettingsSee), realm::settings),
        on("PATCH", "/api/v1/settings", may(SettingsChange), realm::change_settings),
        on("GET", "/api/v1/policy", may(PolicySee), realm::policy),
        on("GET", "/api/v1/sessions", may(SessionsSee), sessions::list),
        on("DELETE", "/api/v1/sessions/{session}", may(SessionsEnd), sessions::end),
        on("GET", "/api/v1/audit", may(AuditSee), trail::list),
        on("GET", "/api/v1/audit/export", may(AuditExport), trail::export),
    ]
}

fn account_api() -> Vec<Served> {
    use Action::{
        AccountsAdd, AccountsChange, AccountsDisable, AccountsLock, AccountsRemove, AccountsSee, DevicesSee,
        DevicesUnbind, EmailSet, ObjectionsSettle, Rescue, RolesChange, SessionsEnd, SessionsSee,
    };
    const ONE: &str = "/api/v1/accounts/{name}";
    const SESSIONS: &str = "/api/v1/accounts/{name}/sessions";
    const DEVICE: &str = "/api/v1/accounts/{name}/devices/{device}";
    let may = Who::Administrator;
    vec![
        on("GET", "/api/v1/accounts", may(AccountsSee), accounts::list),
        on("GET", ONE, may(AccountsSee), accounts::show),
        on("PUT", ONE, may(AccountsAdd), accounts::add),
        on("PATCH", ONE, may(AccountsChange), accounts::change),
        on("DELETE", ONE, may(AccountsRemove), accounts::remove),
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
        on(
            "PUT",
            "/api/v1/accounts/{name}/email",
            may(EmailSet),
            devices::set_email,
        ),
        on(
            "POST",
            "/api/v1/accounts/{name}/release",
            may(ObjectionsSettle),
            devices::release,
        ),
        on(
            "POST",
            "/api/v1/accounts/{name}/tickets",
            may(Action::TicketsIssue),
            devices::ticket,
        ),
        on("GET", "/api/v1/accounts/{name}/devices", may(DevicesSee), devices::list),
        on("DELETE", DEVICE, may(DevicesUnbind), devices::unbind),
        on("GET", SESSIONS, may(SessionsSee), sessions::of_account),
        on("DELETE", SESSIONS, may(SessionsEnd), sessions::end_all),
    ]
}

fn client_api() -> Vec<Served> {
    const ONE: &str = "/api/v1/clients/{id}";
    let see = Who::Administrator(Action::ClientsSee);
    let change = Who::Administrator(Action::ClientsChange);
    vec![
        on("GET", "/api/v1/clients", see, clients::list),
        on("GET", ONE, see, clients::show),
        on("PUT", ONE, change, clients::ensure),
        on("DELETE", ONE, change, clients::remove),
        on("POST", "/api/v1/clients/{id}/secret", change, clients::new_secret),
    ]
}
