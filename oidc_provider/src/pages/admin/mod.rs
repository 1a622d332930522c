//! The administrators' pages, `/admin`: plain forms over the desk; every change asks first and is told afterwards.
//!
//! Two templates show them all: a page of sections (`view::Sheet`) and a form that asks (`view::Deed`). `/api` has its own.

mod account;
mod accounts;
pub(crate) mod api;
mod audit;
mod client_deeds;
mod client_form;
mod client_troubles;
mod clients;
mod deeds;
mod overview;
mod policy;
mod sessions;
mod setting_words;
mod settings;
mod troubles;
mod view;

use crate::app::routes::{Served, Who, on};
use samekey_shared::roles::Action;

/// The pages' routes.
pub(crate) fn table() -> Vec<Served> {
    let mut table = realm_table();
    table.extend(account_table());
    table.extend(client_table());
    table.extend(deeds::table());
    table
}

fn realm_table() -> Vec<Served> {
    use Action::{AuditSee, OverviewSee, PolicySee, SessionsEnd, SessionsSee, SettingsChange, SettingsSee};
    let may = Who::Administrator;
    vec![
        on("GET", "/admin", may(OverviewSee), overview::show),
        on("GET", "/admin/sign-ins.svg", may(OverviewSee), overview::picture),
        on("GET", "/admin/sessions", may(SessionsSee), sessions::list),
        on("POST", "/admin/sessions", may(SessionsEnd), sessions::end),
        on("GET", "/admin/settings", may(SettingsSee), settings::show),
        on("GET", "/admin/settings/{group}", may(SettingsChange), settings::ask),
        on("POST", "/admin/settings/{group}", may(SettingsChange), settings::change),
        on("GET", "/admin/policy", may(PolicySee), policy::show),
        on("GET", "/admin/audit", may(AuditSee), audit::list),
    ]
}

fn account_table() -> Vec<Served> {
    use Action::{AccountsAdd, AccountsSee, DevicesUnbind, TicketsIssue};
    const ADD: &str = "/admin/accounts/add";
    const TICKET: &str = "/admin/accounts/{name}/ticket";
    const UNBIND: &str = "/admin/accounts/{name}/devices/{device}/unbind";
    let may = Who::Administrator;
    vec![
        on("GET", "/admin/accounts", may(AccountsSee), accounts::list),
        on("GET", ADD, may(AccountsAdd), accounts::ask_add),
        on("POST", ADD, may(AccountsAdd), accounts::add),
        on("GET", "/admin/accounts/{name}", may(AccountsSee), account::show),
        on("GET", TICKET, may(TicketsIssue), deeds::ask_ticket),
        on("POST", TICKET, may(TicketsIssue), deeds::ticket),
        on("GET", UNBIND, may(DevicesUnbind), deeds::ask_unbind),
        on("POST", UNBIND, may(DevicesUnbind), deeds::unbind),
    ]
}

fn client_table() -> Vec<Served> {
    const ADD: &str = "/admin/clients/add";
    const CHANGE: &str = "/admin/clients/{id}/change";
    const SECRET: &str = "/admin/clients/{id}/secret";
    const REMOVE: &str = "/admin/clients/{id}/remove";
    let see = Who::Administrator(Action::ClientsSee);
    let change = Who::Administrator(Action::ClientsChange);
    vec![
        on("GET", "/admin/clients", see, clients::list),
        on("GET", ADD, change, clients::ask_add),
        on("POST", ADD, change, clients::add),
        on("GET", "/admin/clients/{id}", see, clients::show),
        on("GET", CHANGE, change, clients::ask_change),
        on("POST", CHANGE, change, clients::change),
        on("GET", SECRET, change, client_deeds::ask_secret),
        on("POST", SECRET, change, client_deeds::new_secret),
        on("GET", REMOVE, change, client_deeds::ask_remove),
        on("POST", REMOVE, change, client_deeds::remove),
    ]
}
