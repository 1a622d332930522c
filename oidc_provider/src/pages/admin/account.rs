//! `/admin/accounts/<name>`: one account, its "Security settings" (R67, R82, R100): devices, sessions, locks.

use super::accounts::{LIST, kind_word, role_word, state_badge};
use super::overview::fault;
use super::view::{Cell, Link, Section, Table, minute, minute_or_never, sheet};
use crate::admin::{Seat, sessions};
use crate::app::{App, AppState};
use crate::http::Fault;
use crate::pages::problem::Problem;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use samekey_shared::accounts::{AccountState, LoginName};
use samekey_shared::administration::Detail;
use samekey_shared::attempts::Gate;
use samekey_shared::devices::DeviceKind;
use samekey_shared::roles::{Action, Role};
use samekey_shared::texts::Texts;

/// What was done, as the address says it, and its sentence.
const DONE: [(&str, &str); 12] = [
    ("added", "admin-done-added"),
    ("changed", "admin-done-changed"),
    ("role", "admin-done-role"),
    ("locked", "admin-done-locked"),
    ("unlocked", "admin-done-unlocked"),
    ("disabled", "admin-done-disabled"),
    ("unbound", "admin-done-unbound"),
    ("signed-out", "admin-done-signed-out"),
    ("rescued", "admin-done-rescued"),
    ("email", "admin-done-email"),
    ("released", "admin-done-released"),
    ("nothing", "admin-done-nothing"),
];

/// Words of deeds, the action each is, and its label.
const DEEDS: [(&str, Action, &str); 11] = [
    ("ticket", Action::TicketsIssue, "admin-ticket"),
    ("sign-out", Action::SessionsEnd, "admin-sign-out"),
    ("lock", Action::AccountsLock, "admin-lock"),
    ("unlock", Action::AccountsLock, "admin-unlock"),
    ("rescue", Action::Rescue, "admin-rescue"),
    ("email", Action::EmailSet, "admin-set-email"),
    ("release", Action::ObjectionsSettle, "admin-release"),
    ("change", Action::AccountsChange, "admin-change"),
    ("role", Action::RolesChange, "admin-change-role"),
    ("disable", Action::AccountsDisable, "admin-disable"),
    ("remove", Action::AccountsRemove, "admin-remove"),
];

/// `GET /admin/accounts/<name>`
pub(super) async fn show(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let name: LoginName = name.parse().map_err(|_| Problem::NoSuchPage)?;
    let found = seat
        .work(&app, move |desk| {
            Ok((desk.show(&name)?, sessions::of_account(desk, &name)?))
        })
        .await;
    let (detail, sessions) = found.map_err(fault)?;
    let account = &detail.account;
    let mut view = sheet(&app, &seat, LIST, account.name.to_string());
    let done = seat.field("done");
    let sentence = DONE.into_iter().find(|(word, _)| *word == done);
    view.notice = sentence.map(|(_, key)| t.say(key));
    let own = account.id == seat.session.account.id;
    view.sections = vec![
        profile(&app, t, &detail),
        devices(t, &seat, &detail, own),
        locks(t, &detail),
        signed_in(t, &sessions),
        deeds(t, &seat, &detail, own),
    ];
    view.show()
}

fn profile(app: &AppState, t: Texts, detail: &Detail) -> Section {
    let account = &detail.account;
    let (issuer, realm) = (app.config.issuer.as_str(), &app.realm.names.realm);
    // R88, R95: with the name filled in; what is sent around is no secret.
    let address = format!("{issuer}/d/{realm}/login?username={}", account.name);
    let or_none = |text: String| {
        Cell::Plain(if text.is_empty() {
            t.say("admin-setting-none")
        } else {
            text
        })
    };
    let words = |set: &std::collections::BTreeSet<String>| or_none(set.iter().cloned().collect::<Vec<_>>().join(", "));
    Section {
        id: "profile",
        title: t.say("admin-profile"),
        facts: vec![
            (
                t.say("admin-display-name"),
                or_none(account.display_name.clone().unwrap_or_default()),
            ),
            (t.say("admin-email"), or_none(account.email.clone().unwrap_or_default())),
            (t.say("admin-state"), state_badge(t, account.state)),
            (t.say("admin-role"), role_word(t, account.role).into()),
            (t.say("admin-groups"), words(&detail.groups)),
            (t.say("admin-flags"), words(&account.flags)),
            (t.say("admin-since"), minute(account.created_at).into()),
            (
                t.say("admin-first-sign-in"),
                minute_or_never(t, account.first_sign_in_at).into(),
            ),
            (t.say("admin-address-personal"), Cell::Link(address.clone(), address)),
            (t.say("admin-id"), Cell::Code(account.id.to_string())),
        ],
        ..Section::default()
    }
}

fn devices(t: Texts, seat: &Seat, detail: &Detail, own: bool) -> Section {
    let account = &detail.account;
    let may_unbind = !own && seat.may(Action::DevicesUnbind, Some(account.role));
    let rows = detail.bound.devices.iter().map(|device| {
        let unbind = format!("{LIST}/{}/devices/{}/unbind", account.name, device.id);
        vec![
            device.name.to_string().into(),
            kind_word(t, device.kind).into(),
            minute(device.created_at).into(),
            minute_or_never(t, device.last_used.as_ref().map(|last| last.at)).into(),
            if may_unbind {
                Cell::Link(unbind, t.say("admin-unbind"))
            } else {
                "".into()
            },
        ]
    });
    let columns = [
        "admin-device",
        "admin-kind",
        "admin-bound-at",
        "admin-last-used",
        "admin-operation",
    ];
    let mut section = Section {
        id: "security",
        title: t.say("admin-security-settings"),
        table: Some(Table {
            caption: t.say("admin-second-factors"),
            columns: columns.map(|key| t.say(key)).into(),
            rows: rows.collect(),
            empty: t.say("admin-nothing-bound"),
        }),
        ..Section::default()
    };
    if detail.bound.recovery_left > 0 {
        section.text = Some(t.fill("admin-recovery-left", [("left", detail.bound.recovery_left)]));
    }
    section
}

fn locks(t: Texts, detail: &Detail) -> Section {
    let rows = detail.locks.iter().map(|lock| {
        let until = if lock.until == Gate::NEVER {
            t.say("admin-until-unlocked")
        } else {
            minute(lock.until)
        };
        vec![Cell::Code(lock.bucket.clone()), until.into()]
    });
    Section {
        id: "locks",
        title: t.say("admin-locks"),
        text: detail.held.then(|| t.say("admin-held")),
        table: Some(Table {
            caption: t.say("admin-locks"),
            columns: vec![t.say("admin-who"), t.say("admin-until")],
            rows: rows.collect(),
            empty: t.say("admin-no-locks"),
        }),
        ..Section::default()
    }
}

fn signed_in(t: Texts, sessions: &[sessions::Listed]) -> Section {
    let row = |one: &sessions::Listed| {
        vec![
            one.browser.clone().into(),
            one.source.clone().into(),
            minute(one.signed_in_at).into(),
            minute(one.seen_at).into(),
        ]
    };
    let columns = ["admin-browser", "admin-source", "admin-signed-in-at", "admin-seen-at"];
    Section {
        id: "sessions",
        title: t.say("admin-tab-sessions"),
        table: Some(Table {
            caption: t.say("admin-tab-sessions"),
            columns: columns.map(|key| t.say(key)).into(),
            rows: sessions.iter().map(row).collect(),
            empty: t.say("admin-no-sessions"),
        }),
        ..Section::default()
    }
}

fn deeds(t: Texts, seat: &Seat, detail: &Detail, own: bool) -> Section {
    let account = &detail.account;
    let on: Option<Role> = Some(account.role);
    let closed = account.state != AccountState::Active || !detail.locks.is_empty();
    let offered = DEEDS.into_iter().filter(|(word, action, _)| {
        let fits = match *word {
            "unlock" => closed,
            "lock" => account.state == AccountState::Active,
            "disable" => account.state != AccountState::Disabled,
            "email" => detail.bound.devices.iter().all(|one| one.kind != DeviceKind::Email),
            "release" => detail.held,
            _ => true,
        };
        fits && !own && seat.may(*action, on)
    });
    let links = offered.map(|(word, _, key)| Link {
        address: format!("{LIST}/{}/{word}", account.name),
        label: t.say(key),
        class: if matches!(word, "remove" | "disable") {
            "danger"
        } else {
            "second"
        },
    });
    let mut section = Section {
        id: "deeds",
        title: t.say("admin-operations"),
        links: links.collect(),
        ..Section::default()
    };
    if own {
        section.text = Some(t.say("admin-problem-oneself"));
    } else if section.links.is_empty() {
        section.text = Some(t.say("admin-not-allowed"));
    }
    section.links.push(Link {
        address: format!("/admin/audit?account={}", account.name),
        label: t.say("admin-tab-audit"),
        class: "second",
    });
    section
}
