//! `/admin`: how the realm stands, in numbers and a picture, and the addresses to sign in at (R95).

use super::view::{Cell, Picture, Section, Table, sheet};
use crate::admin::days::{self, DAYS, Day};
use crate::admin::{Refused, Seat};
use crate::app::{App, AppState};
use crate::http::Fault;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use samekey_shared::administration::Overview;
use samekey_shared::policy::show_moment;
use samekey_shared::qr;
use samekey_shared::texts::Texts;

/// `GET /admin`
pub(super) async fn show(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let found = seat.work(&app, |desk| Ok((desk.overview()?, days::last(desk)?))).await;
    let (overview, days) = found.map_err(fault)?;
    let t = seat.visitor.t;
    let mut view = sheet(&app, &seat, "/admin", t.say("admin-tab-overview"));
    view.sections = vec![counts(t, &overview), sign_ins(t, &days), addresses(&app, t)];
    view.show()
}

/// `GET /admin/sign-ins.svg`: the picture, drawn here.
pub(super) async fn picture(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let days = seat.work(&app, days::last).await.map_err(fault)?;
    let mut response = Response::new(Body::from(drawn(&days)));
    let kind = HeaderValue::from_static("image/svg+xml");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// Nothing that a person could do about: the door has let them in for this very page.
pub(super) fn fault(refused: Refused) -> Fault {
    match refused {
        Refused::Failed(fault) => fault,
        Refused::Told(samekey_shared::administration::AdministrationError::NotFound) => {
            crate::pages::problem::Problem::NoSuchPage.into()
        }
        Refused::Told(_) => crate::pages::problem::Problem::NotAllowed.into(),
    }
}

fn counts(t: Texts, found: &Overview) -> Section {
    let linked = |number: i64, which: &str| Cell::Link(format!("/admin/accounts?which={which}"), number.to_string());
    Section {
        id: "accounts",
        title: t.say("admin-tab-accounts"),
        figures: vec![
            (t.say("admin-count-all"), linked(found.accounts.all, "all")),
            (t.say("admin-count-enrolled"), found.enrolled.into()),
            (t.say("admin-count-one-kind"), linked(found.one_kind, "one-kind")),
            (t.say("admin-count-due"), linked(found.due, "unenrolled")),
            (t.say("admin-count-locked"), linked(found.accounts.locked, "locked")),
            (
                t.say("admin-count-disabled"),
                linked(found.accounts.disabled, "disabled"),
            ),
            (t.say("admin-count-kept-off"), found.kept_off.into()),
        ],
        ..Section::default()
    }
}

fn sign_ins(t: Texts, days: &[Day]) -> Section {
    let total: i64 = days.iter().map(|day| day.let_in).sum();
    let refused: i64 = days.iter().map(|day| day.refused).sum();
    let row = |day: &Day| vec![date(day).into(), day.let_in.into(), day.refused.into()];
    Section {
        id: "sign-ins",
        title: t.say("admin-sign-ins"),
        text: Some(t.say("admin-sign-ins-legend")),
        picture: Some(Picture {
            address: "/admin/sign-ins.svg",
            alt: t.fill(
                "admin-sign-ins-alt",
                [("let", total), ("refused", refused), ("days", DAYS)],
            ),
            summary: t.say("admin-as-table"),
            table: Table {
                caption: t.say("admin-sign-ins"),
                columns: vec![t.say("admin-day"), t.say("admin-let-in"), t.say("admin-refused")],
                rows: days.iter().rev().map(row).collect(),
                empty: String::new(),
            },
        }),
        ..Section::default()
    }
}

fn addresses(app: &AppState, t: Texts) -> Section {
    let issuer = app.config.issuer.as_str();
    let realm = &app.realm.names.realm;
    let link = |address: String| Cell::Link(address.clone(), address);
    Section {
        id: "addresses",
        title: t.say("admin-addresses"),
        facts: vec![
            (t.say("admin-address-general"), link(format!("{issuer}/login"))),
            (t.say("admin-address-realm"), link(format!("{issuer}/d/{realm}/login"))),
            (t.say("admin-address-api"), link(format!("{issuer}/api"))),
        ],
        qr: qr::outline(&format!("{issuer}/d/{realm}/login")),
        ..Section::default()
    }
}

fn date(day: &Day) -> String {
    show_moment(day.day * 86_400)
}

/// Bars of let in and refused, without styles: colours that show on light and dark alike.
fn drawn(days: &[Day]) -> String {
    const HEIGHT: i64 = 140;
    const STEP: i64 = 21;
    let most = days
        .iter()
        .map(|day| day.let_in + day.refused)
        .max()
        .unwrap_or(0)
        .max(1);
    let mut bars = String::new();
    for (x, day) in (0_i64..).map(|n| 5 + n * STEP).zip(days) {
        let let_in = day.let_in * HEIGHT / most;
        let refused = day.refused * HEIGHT / most;
        bars.extend([format!(
            "<rect x=\"{x}\" y=\"{}\" width=\"15\" height=\"{let_in}\" fill=\"#3b78c9\"/>\
             <rect x=\"{x}\" y=\"{}\" width=\"15\" height=\"{refused}\" fill=\"#c9503b\"/>\n",
            150 - let_in,
            150 - let_in - refused
        )]);
    }
    let ends = [(days.first(), "5", "start"), (days.last(), "634", "end")];
    for (day, x, anchor) in ends {
        if let Some(day) = day {
            let text = date(day);
            bars.extend([format!(
                "<text x=\"{x}\" y=\"170\" font-size=\"13\" font-family=\"sans-serif\" fill=\"#7a8594\" text-anchor=\"{anchor}\">{text}</text>\n"
            )]);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 180\" width=\"640\" height=\"180\">\n\
         <line x1=\"0\" y1=\"150.5\" x2=\"640\" y2=\"150.5\" stroke=\"#7a8594\"/>\n\
         <text x=\"0\" y=\"12\" font-size=\"13\" font-family=\"sans-serif\" fill=\"#7a8594\">{most}</text>\n{bars}</svg>\n"
    )
}
