//! `/admin/accounts`: everybody, searched, page by page; and somebody new.

use super::overview::fault;
use super::troubles;
use super::view::{Cell, Field, Link, Section, Table, deed, minute_or_never, sheet, text_field};
use crate::admin::Seat;
use crate::app::App;
use crate::http::params::encode;
use crate::http::{Fault, Params};
use crate::oidc::authorize::respond;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use samekey_shared::accounts::{AccountError, AccountState, LoginName};
use samekey_shared::administration::{AdministrationError, Filter, Listed, NewPerson, PAGE, Which};
use samekey_shared::devices::DeviceKind;
use samekey_shared::roles::{Action, Role, may_appoint};
use samekey_shared::texts::Texts;
use std::collections::BTreeSet;

/// Where the list is.
pub(super) const LIST: &str = "/admin/accounts";

/// What a choice of accounts is called.
pub(super) fn which_word(t: Texts, which: Which) -> String {
    match which {
        Which::All => t.say("admin-which-all"),
        Which::Unenrolled => t.say("admin-which-unenrolled"),
        Which::OneKind => t.say("admin-which-one-kind"),
        Which::InState(state) => state_word(t, state),
        Which::OfRole(role) => role_word(t, role),
    }
}

/// What a state is called.
pub(super) fn state_word(t: Texts, state: AccountState) -> String {
    match state {
        AccountState::Active => t.say("admin-state-active"),
        AccountState::Locked => t.say("admin-state-locked"),
        AccountState::Disabled => t.say("admin-state-disabled"),
    }
}

/// What a role is called.
pub(super) fn role_word(t: Texts, role: Role) -> String {
    match role {
        Role::Owner => t.say("admin-role-owner"),
        Role::Admin => t.say("admin-role-admin"),
        Role::Helpdesk => t.say("admin-role-helpdesk"),
        Role::Auditor => t.say("admin-role-auditor"),
        Role::User => t.say("admin-role-user"),
    }
}

/// What a kind of device is called.
pub(super) fn kind_word(t: Texts, kind: DeviceKind) -> String {
    match kind {
        DeviceKind::Totp => t.say("devices-kind-totp"),
        DeviceKind::RecoveryCodes => t.say("devices-kind-recovery-codes"),
        DeviceKind::Passkey => t.say("devices-kind-passkey"),
        DeviceKind::SecurityKey => t.say("devices-kind-security-key"),
        DeviceKind::Email => t.say("devices-kind-email"),
        DeviceKind::SshKey => t.say("devices-kind-ssh-key"),
    }
}

/// A state as a badge.
pub(super) fn state_badge(t: Texts, state: AccountState) -> Cell {
    let class = if state == AccountState::Active { "good" } else { "bad" };
    Cell::Badge(class, state_word(t, state))
}

/// `GET /admin/accounts`
pub(super) async fn list(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let which: Which = seat.field("which").parse().unwrap_or_default();
    let text: String = seat.field("text").trim().chars().take(100).collect();
    let after = seat.params.value("after").map(str::to_owned);
    let filter = Filter {
        which,
        text: text.clone(),
    };
    let found = seat
        .work(&app, move |desk| desk.accounts(&filter, after.as_deref(), PAGE))
        .await;
    let found = found.map_err(fault)?;
    let mut view = sheet(&app, &seat, LIST, t.say("admin-tab-accounts"));
    view.notice = (seat.field("done") == "removed").then(|| t.say("admin-done-removed"));
    view.filter = filter_fields(t, which, &text);
    let mut section = Section {
        id: "accounts",
        title: which_word(t, which),
        table: Some(table(t, &found.items)),
        ..Section::default()
    };
    if seat.may(Action::AccountsAdd, None) {
        section.links.push(Link {
            address: format!("{LIST}/add"),
            label: t.say("admin-add-account"),
            class: "second",
        });
    }
    view.sections.push(section);
    let query = |next: &str| encode([("which", which.as_str()), ("text", text.as_str()), ("after", next)].into_iter());
    view.next = found.next.map(|next| format!("{LIST}?{}", query(&next)));
    view.show()
}

fn filter_fields(t: Texts, which: Which, text: &str) -> Vec<Field> {
    let mut search = text_field(t, "text", "admin-search-accounts", text);
    search.hint = Some(t.say("admin-search-accounts-hint"));
    let options = Which::EVERY
        .iter()
        .map(|one| (one.as_str().to_owned(), which_word(t, *one)));
    let choice = Field {
        name: "which",
        label: t.say("admin-which"),
        value: which.as_str().to_owned(),
        options: options.collect(),
        ..Field::default()
    };
    vec![search, choice]
}

fn table(t: Texts, items: &[Listed]) -> Table {
    let row = |one: &Listed| {
        let account = &one.account;
        let kinds: Vec<String> = one.kinds.iter().map(|kind| kind_word(t, *kind)).collect();
        vec![
            Cell::Link(format!("{LIST}/{}", account.name), account.name.to_string()),
            account.display_name.clone().unwrap_or_default().into(),
            state_badge(t, account.state),
            role_word(t, account.role).into(),
            if kinds.is_empty() {
                Cell::Badge("warn", t.say("admin-nothing-bound"))
            } else {
                kinds.join(", ").into()
            },
            minute_or_never(t, account.first_sign_in_at).into(),
        ]
    };
    let columns = [
        "admin-user-name",
        "admin-display-name",
        "admin-state",
        "admin-role",
        "admin-second-factors",
        "admin-first-sign-in",
    ];
    Table {
        caption: t.say("admin-tab-accounts"),
        columns: columns.map(|key| t.say(key)).into(),
        rows: items.iter().map(row).collect(),
        empty: t.say("admin-nobody-found"),
    }
}

/// `GET /admin/accounts/add`
pub(super) async fn ask_add(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    asked(&app, &seat, None)
}

/// `POST /admin/accounts/add`
pub(super) async fn add(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let optional = |name: &str| Some(seat.field(name).trim().to_owned()).filter(|text| !text.is_empty());
    let new = NewPerson {
        display_name: optional("display-name"),
        email: optional("email"),
        groups: words(&seat.params, "groups"),
        flags: words(&seat.params, "flags"),
        role: seat.field("role").parse().unwrap_or_default(),
    };
    let name: Result<LoginName, _> = seat.field("name").trim().parse();
    let Ok(name) = name else {
        let wrong = AdministrationError::Account(AccountError::Text {
            what: "the user name",
            why: "it is made of a-z, 0-9, _ . and -",
        });
        return asked(&app, &seat, Some(troubles::told(t, wrong.into())?));
    };
    let address = format!("{LIST}/{name}?done=added");
    match seat.work(&app, move |desk| desk.add(&name, &new)).await {
        Ok(_) => respond::see_other(&address),
        Err(refused) => asked(&app, &seat, Some(troubles::told(t, refused)?)),
    }
}

fn asked(app: &App, seat: &Seat, problem: Option<super::view::Trouble>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let mut view = deed(app, seat, LIST, t.say("admin-add-account"));
    let filled = |name: &'static str, key: &str| text_field(t, name, key, seat.field(name));
    let mut name = filled("name", "admin-user-name");
    name.required = true;
    name.hint = Some(t.say("admin-user-name-hint"));
    let mut email = filled("email", "admin-email");
    email.hint = Some(t.say("admin-email-hint"));
    let mut groups = filled("groups", "admin-groups");
    groups.hint = Some(t.say("admin-words-hint"));
    view.fields = vec![
        name,
        filled("display-name", "admin-display-name"),
        email,
        groups,
        filled("flags", "admin-flags"),
        role_field(t, seat.role(), Role::User, seat.field("role")),
    ];
    view.text = t.say("admin-add-account-text");
    view.address = format!("{LIST}/add");
    view.button = t.say("admin-add");
    view.problem = problem;
    view.show()
}

/// The roles that somebody of this role may give to somebody of that one.
pub(super) fn role_field(t: Texts, by: Role, from: Role, value: &str) -> Field {
    let given = Role::ALL
        .iter()
        .filter(|to| **to == from || may_appoint(by, from, **to));
    Field {
        name: "role",
        label: t.say("admin-role"),
        value: if value.is_empty() { from.as_str() } else { value }.to_owned(),
        options: given.map(|to| (to.as_str().to_owned(), role_word(t, *to))).collect(),
        ..Field::default()
    }
}

/// Words with spaces or commas between them.
pub(super) fn words(params: &Params, name: &str) -> BTreeSet<String> {
    let text = params.value(name).unwrap_or_default();
    text.split([' ', ','])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
