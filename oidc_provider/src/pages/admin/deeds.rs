//! What is done to one account: each asked first with what follows from it, and told afterwards.

use super::accounts::{LIST, role_field, words};
use super::overview::fault;
use super::troubles;
use super::view::{Cell, Field, Section, Trouble, deed, minute, sheet, text_field};
use crate::admin::{Refused, Seat};
use crate::app::App;
use crate::app::routes::{Served, Who, on};
use crate::http::Fault;
use crate::oidc::authorize::respond;
use crate::pages::problem::Problem;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use samekey_shared::accounts::{AccountError, LoginName};
use samekey_shared::administration::{AdministrationError, Detail, Properties, Rescue};
use samekey_shared::policy::parse_duration;
use samekey_shared::qr;
use samekey_shared::roles::Action;
use samekey_shared::texts::Texts;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lock,
    Unlock,
    Disable,
    Remove,
    SignOut,
    Role,
    Change,
    Rescue,
    Email,
    Release,
}

/// Paths, the action that each is, and what it is.
const KINDS: [(&str, Action, Kind); 10] = [
    ("/admin/accounts/{name}/lock", Action::AccountsLock, Kind::Lock),
    ("/admin/accounts/{name}/unlock", Action::AccountsLock, Kind::Unlock),
    ("/admin/accounts/{name}/disable", Action::AccountsDisable, Kind::Disable),
    ("/admin/accounts/{name}/remove", Action::AccountsRemove, Kind::Remove),
    ("/admin/accounts/{name}/sign-out", Action::SessionsEnd, Kind::SignOut),
    ("/admin/accounts/{name}/role", Action::RolesChange, Kind::Role),
    ("/admin/accounts/{name}/change", Action::AccountsChange, Kind::Change),
    ("/admin/accounts/{name}/rescue", Action::Rescue, Kind::Rescue),
    ("/admin/accounts/{name}/email", Action::EmailSet, Kind::Email),
    (
        "/admin/accounts/{name}/release",
        Action::ObjectionsSettle,
        Kind::Release,
    ),
];

/// The deeds' routes.
pub(super) fn table() -> Vec<Served> {
    let both = KINDS.into_iter().flat_map(|(path, action, kind)| {
        let who = Who::Administrator(action);
        [
            on(
                "GET",
                path,
                who,
                move |State(app): State<App>, Extension(seat): Extension<Seat>, Path(name): Path<String>| {
                    ask(kind, app, seat, name)
                },
            ),
            on(
                "POST",
                path,
                who,
                move |State(app): State<App>, Extension(seat): Extension<Seat>, Path(name): Path<String>| {
                    act(kind, app, seat, name)
                },
            ),
        ]
    });
    both.collect()
}

async fn ask(kind: Kind, app: App, seat: Seat, name: String) -> Result<Response, Fault> {
    let name: LoginName = name.parse().map_err(|_| Problem::NoSuchPage)?;
    question(kind, &app, &seat, name, None).await
}

async fn act(kind: Kind, app: App, seat: Seat, name: String) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let name: LoginName = name.parse().map_err(|_| Problem::NoSuchPage)?;
    match done(kind, &app, &seat, &name).await {
        Ok("removed") => respond::see_other("/admin/accounts?done=removed"),
        Ok(word) => respond::see_other(&format!("{LIST}/{name}?done={word}")),
        Err(refused) => {
            let problem = troubles::told(t, refused)?;
            question(kind, &app, &seat, name, Some(problem)).await
        }
    }
}

/// Does it; the word for what was done.
async fn done(kind: Kind, app: &App, seat: &Seat, name: &LoginName) -> Result<&'static str, Refused> {
    let form = seat.clone();
    let name = name.clone();
    seat.work(app, move |desk| {
        let word = |changed: bool, word: &'static str| if changed { word } else { "nothing" };
        let typed = form.field("confirmation");
        Ok(match kind {
            Kind::Lock => word(desk.lock(&name)?, "locked"),
            Kind::Unlock => word(desk.unlock(&name)?, "unlocked"),
            Kind::Disable => word(desk.disable(&name)?, "disabled"),
            Kind::Remove => {
                desk.remove(&name, typed)?;
                "removed"
            }
            Kind::SignOut => word(desk.sign_out(&name)? > 0, "signed-out"),
            Kind::Role => {
                let to = form.field("role").parse().map_err(|_| no_such_role())?;
                word(desk.appoint(&name, to)?, "role")
            }
            Kind::Change => {
                let to = Properties {
                    display_name: Some(form.field("display-name").trim().to_owned()),
                    groups: Some(words(&form.params, "groups")),
                    flags: Some(words(&form.params, "flags")),
                    ..Properties::default()
                };
                word(desk.change(&name, &to)?, "changed")
            }
            Kind::Rescue => {
                let lasts = parse_duration(form.field("lasts").trim()).unwrap_or(0);
                let reason = form.field("reason").to_owned();
                desk.rescue(&name, &Rescue { lasts, reason })?;
                "rescued"
            }
            Kind::Email => {
                desk.set_email(&name, form.field("address"))?;
                "email"
            }
            Kind::Release => word(desk.settle_objection(&name)?, "released"),
        })
    })
    .await
}

fn no_such_role() -> AdministrationError {
    AdministrationError::Account(AccountError::Text {
        what: "the role",
        why: "it is one of the list",
    })
}

async fn question(
    kind: Kind,
    app: &App,
    seat: &Seat,
    name: LoginName,
    problem: Option<Trouble>,
) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let asked = name.clone();
    let detail = seat.work(app, move |desk| desk.show(&asked)).await.map_err(fault)?;
    let (title, text, danger) = said(kind, t, &name);
    let mut view = deed(app, seat, LIST, title.clone());
    view.text = text;
    view.button = title;
    view.danger = danger;
    view.address = format!("{LIST}/{name}/{}", path(kind));
    view.back = format!("{LIST}/{name}");
    view.fields = fields(kind, t, seat, &detail);
    view.problem = problem;
    view.show()
}

fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Lock => "lock",
        Kind::Unlock => "unlock",
        Kind::Disable => "disable",
        Kind::Remove => "remove",
        Kind::SignOut => "sign-out",
        Kind::Role => "role",
        Kind::Change => "change",
        Kind::Rescue => "rescue",
        Kind::Email => "email",
        Kind::Release => "release",
    }
}

/// Title, what follows, and whether it is hard to undo.
fn said(kind: Kind, t: Texts, name: &LoginName) -> (String, String, bool) {
    let name = [("name", name.as_str())];
    match kind {
        Kind::Lock => (t.say("admin-lock"), t.fill("admin-lock-text", name), false),
        Kind::Unlock => (t.say("admin-unlock"), t.fill("admin-unlock-text", name), false),
        Kind::Disable => (t.say("admin-disable"), t.fill("admin-disable-text", name), true),
        Kind::Remove => (t.say("admin-remove"), t.fill("admin-remove-text", name), true),
        Kind::SignOut => (t.say("admin-sign-out"), t.fill("admin-sign-out-text", name), false),
        Kind::Role => (t.say("admin-change-role"), t.fill("admin-role-text", name), false),
        Kind::Change => (t.say("admin-change"), t.fill("admin-change-text", name), false),
        Kind::Rescue => (t.say("admin-rescue"), t.fill("admin-rescue-text", name), false),
        Kind::Email => (t.say("admin-set-email"), t.fill("admin-set-email-text", name), false),
        Kind::Release => (t.say("admin-release"), t.fill("admin-release-text", name), false),
    }
}

fn fields(kind: Kind, t: Texts, seat: &Seat, detail: &Detail) -> Vec<Field> {
    let account = &detail.account;
    let joined = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
    let kept = |name: &'static str, key: &str, there: String| {
        let typed = seat.params.value(name).map_or(there, str::to_owned);
        text_field(t, name, key, typed)
    };
    match kind {
        Kind::Lock | Kind::Unlock | Kind::Disable | Kind::SignOut | Kind::Release => Vec::new(),
        Kind::Email => {
            let mut address = kept("address", "mail-security-address", String::new());
            address.required = true;
            vec![address]
        }
        Kind::Remove => vec![confirmation(t)],
        Kind::Role => vec![role_field(t, seat.role(), account.role, seat.field("role"))],
        Kind::Change => {
            let mut groups = kept("groups", "admin-groups", joined(&detail.groups));
            groups.hint = Some(t.say("admin-words-hint"));
            let shown = account.display_name.clone().unwrap_or_default();
            vec![
                kept("display-name", "admin-display-name", shown),
                groups,
                kept("flags", "admin-flags", joined(&account.flags)),
            ]
        }
        Kind::Rescue => {
            let mut lasts = kept("lasts", "admin-rescue-lasts", "1h".to_owned());
            lasts.hint = Some(t.say("admin-rescue-lasts-hint"));
            let mut reason = kept("reason", "admin-reason", String::new());
            reason.required = true;
            vec![lasts, reason]
        }
    }
}

/// The field for the typed YES (Q6).
pub(super) fn confirmation(t: Texts) -> Field {
    let mut field = text_field(t, "confirmation", "admin-type-yes", "");
    field.required = true;
    field
}

/// `GET /admin/accounts/<name>/devices/<device>/unbind`
pub(super) async fn ask_unbind(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path((name, device)): Path<(String, String)>,
) -> Result<Response, Fault> {
    unbind_question(&app, &seat, &name, &device, None).await
}

/// `POST /admin/accounts/<name>/devices/<device>/unbind`
pub(super) async fn unbind(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path((name, device)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let account: LoginName = name.parse().map_err(|_| Problem::NoSuchPage)?;
    let id = device.parse().map_err(|_| Problem::NoSuchPage)?;
    let typed = seat.field("confirmation").to_owned();
    match seat.work(&app, move |desk| desk.unbind(&account, id, &typed)).await {
        Ok(_) => respond::see_other(&format!("{LIST}/{name}?done=unbound")),
        Err(refused) => {
            let problem = troubles::told(t, refused)?;
            unbind_question(&app, &seat, &name, &device, Some(problem)).await
        }
    }
}

async fn unbind_question(
    app: &App,
    seat: &Seat,
    name: &str,
    device: &str,
    problem: Option<Trouble>,
) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let account: LoginName = name.parse().map_err(|_| Problem::NoSuchPage)?;
    let asked = account.clone();
    let devices = seat.work(app, move |desk| desk.devices(&asked)).await.map_err(fault)?;
    let found = devices
        .iter()
        .find(|one| one.id.to_string() == device)
        .ok_or(Problem::NoSuchPage)?;
    let mut view = deed(
        app,
        seat,
        LIST,
        t.fill("admin-unbind-title", [("device", found.name.as_str())]),
    );
    view.text = t.fill("admin-unbind-text", [("name", name), ("device", found.name.as_str())]);
    view.fields = vec![confirmation(t)];
    view.address = format!("{LIST}/{name}/devices/{device}/unbind");
    view.back = format!("{LIST}/{name}");
    view.button = t.say("admin-unbind");
    view.danger = true;
    view.problem = problem;
    view.show()
}

/// `GET /admin/accounts/<name>/ticket`
pub(super) async fn ask_ticket(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    ticket_question(&app, &seat, &name, None)
}

fn ticket_question(app: &App, seat: &Seat, name: &str, problem: Option<Trouble>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let name: LoginName = name.parse().map_err(|_| Problem::NoSuchPage)?;
    let mut view = deed(app, seat, LIST, t.say("admin-ticket"));
    view.text = t.fill("admin-ticket-text", [("name", name.as_str())]);
    let mut lasts = text_field(t, "lasts", "admin-ticket-lasts", "1h");
    lasts.hint = Some(t.say("admin-ticket-lasts-hint"));
    view.fields = vec![lasts];
    view.address = format!("{LIST}/{name}/ticket");
    view.back = format!("{LIST}/{name}");
    view.button = t.say("admin-ticket");
    view.problem = problem;
    view.show()
}

/// `POST /admin/accounts/<name>/ticket`: link and code, shown this once.
pub(super) async fn ticket(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let account: LoginName = name.parse().map_err(|_| Problem::NoSuchPage)?;
    let lasts = parse_duration(seat.field("lasts").trim()).unwrap_or(0);
    let ticket = match seat.work(&app, move |desk| desk.ticket(&account, lasts)).await {
        Ok(ticket) => ticket,
        Err(refused) => return ticket_question(&app, &seat, &name, Some(troubles::told(t, refused)?)),
    };
    let link = ticket.link(app.config.issuer.as_str());
    let mut view = sheet(&app, &seat, LIST, t.say("admin-ticket-made"));
    view.notice = Some(t.say("admin-shown-once"));
    view.sections.push(Section {
        id: "ticket",
        title: t.fill("admin-ticket-for", [("name", name.as_str())]),
        qr: qr::outline(link.expose()),
        facts: vec![
            (t.say("admin-ticket-link"), Cell::Code(link.expose().clone())),
            (t.say("admin-ticket-code"), Cell::Code(ticket.code.to_string())),
            (t.say("admin-until"), minute(ticket.expires_at).into()),
        ],
        links: vec![super::view::Link {
            address: format!("{LIST}/{name}"),
            label: t.say("frame-back"),
            class: "second",
        }],
        ..Section::default()
    });
    view.show()
}
