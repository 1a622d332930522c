//! `/admin/policy`: the text that holds, its versions, and what it makes of a sign-in.

use super::overview::fault;
use super::view::{Cell, Field, Section, Table, Trouble, minute, sheet, text_field};
use crate::admin::Seat;
use crate::app::App;
use crate::http::Fault;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::administration::Question;
use samekey_shared::policy::rows::StoredPolicy;
use samekey_shared::policy::{FirstFactorKind, SourceFact};
use samekey_shared::texts::Texts;

const PAGE: &str = "/admin/policy";

/// `GET /admin/policy`, with `user` and `service` also what would happen to that sign-in.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a path would fix the desk's lifetime"
)]
pub(super) async fn show(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let (policy, versions) = seat.work(&app, |desk| desk.policy()).await.map_err(fault)?;
    let mut view = sheet(&app, &seat, PAGE, t.say("admin-tab-policy"));
    view.filter = fields(t, &seat);
    view.search = (Some(t.say("admin-explain-title")), t.say("admin-explain"));
    if let Some(user) = seat.params.value("user") {
        match question(&seat, user) {
            Some(question) => {
                let told = seat
                    .work(&app, move |desk| desk.explain(&question))
                    .await
                    .map_err(fault)?;
                view.sections.push(Section {
                    id: "explained",
                    title: t.say("admin-explained"),
                    verbatim: Some(told.to_string()),
                    ..Section::default()
                });
            }
            None => {
                view.problem = Some(Trouble {
                    sentence: t.say("admin-problem-question"),
                    code: "invalid_request",
                    status: StatusCode::BAD_REQUEST,
                });
            }
        }
    }
    view.sections.push(versions_section(t, &versions));
    view.sections.push(Section {
        id: "text",
        title: t.say("admin-policy-text"),
        text: Some(t.say("admin-policy-how")),
        verbatim: Some(policy.text().to_owned()),
        ..Section::default()
    });
    view.show()
}

fn question(seat: &Seat, user: &str) -> Option<Question> {
    let source: SourceFact = seat.params.value("source").unwrap_or("unknown").trim().parse().ok()?;
    let first: FirstFactorKind = seat.params.value("first").unwrap_or("password").parse().ok()?;
    Some(Question {
        user: user.trim().parse().ok()?,
        service: seat.params.value("service")?.trim().to_owned(),
        source,
        first,
    })
}

fn fields(t: Texts, seat: &Seat) -> Vec<Field> {
    let typed = |name: &'static str, key: &str, default: &str| {
        text_field(t, name, key, seat.params.value(name).unwrap_or(default))
    };
    let mut service = typed("service", "admin-service", "portal:sign-in");
    service.hint = Some(t.say("admin-service-hint"));
    let mut source = typed("source", "admin-source", "unknown");
    source.hint = Some(t.say("admin-source-hint"));
    let mut first = typed("first", "admin-first-factor", "password");
    let words = [
        ("password", t.say("sign-in-password")),
        ("publickey", t.say("approve-key")),
        ("passkey", t.say("devices-kind-passkey")),
        ("none", t.say("admin-first-factor-none")),
    ];
    first.options = words.map(|(word, said)| (word.to_owned(), said)).into();
    vec![typed("user", "admin-user-name", ""), service, source, first]
}

fn versions_section(t: Texts, versions: &[StoredPolicy]) -> Section {
    let row = |one: &StoredPolicy| {
        vec![
            one.version.into(),
            minute(one.applied_at).into(),
            one.by.clone().into(),
            if one.active {
                Cell::Badge("good", t.say("admin-version-holds"))
            } else {
                "".into()
            },
            Cell::Code(one.hash.chars().take(16).collect()),
        ]
    };
    let columns = [
        "admin-version",
        "admin-applied-at",
        "admin-applied-by",
        "admin-state",
        "admin-hash",
    ];
    Section {
        id: "versions",
        title: t.say("admin-versions"),
        table: Some(Table {
            caption: t.say("admin-versions"),
            columns: columns.map(|key| t.say(key)).into(),
            rows: versions.iter().map(row).collect(),
            empty: t.say("admin-shipped-policy"),
        }),
        ..Section::default()
    }
}
