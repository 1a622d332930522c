//! `/admin/audit`: what happened, searched; and taken away as JSON lines.

use super::overview::fault;
use super::view::{Cell, Field, Link, Section, Table, Trouble, sheet, text_field};
use crate::admin::{Seat, api};
use crate::app::App;
use crate::http::Fault;
use crate::http::params::encode;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use samekey_shared::administration::{Found, PAGE};
use samekey_shared::audit::{EventKind, Record, utc};
use samekey_shared::roles::Action;
use samekey_shared::texts::Texts;
use serde_json::Value;

const LIST: &str = "/admin/audit";

/// What the search looks at.
const FIELDS: [&str; 5] = ["account", "kind", "request", "from", "until"];

/// `GET /admin/audit`
pub(super) async fn list(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let before = seat.params.value("before").and_then(|text| text.parse().ok());
    let mut problem = None;
    let found = match api::trail::search(&seat) {
        Ok(search) => seat
            .work(&app, move |desk| desk.events(&search, before, PAGE as usize))
            .await
            .map_err(fault)?,
        Err(what) => {
            problem = Some(Trouble {
                sentence: t.fill("admin-problem-search", [("what", what)]),
                code: "invalid_request",
                status: StatusCode::BAD_REQUEST,
            });
            Found::default()
        }
    };
    let mut view = sheet(&app, &seat, LIST, t.say("admin-tab-audit"));
    view.problem = problem;
    view.filter = fields(t, &seat);
    let mut section = Section {
        id: "events",
        title: t.say("admin-events"),
        table: Some(table(t, &found.records)),
        ..Section::default()
    };
    if seat.may(Action::AuditExport, None) {
        section.links.push(Link {
            address: "/api/v1/audit/export".to_owned(),
            label: t.say("admin-export"),
            class: "second",
        });
    }
    view.sections.push(section);
    view.next = found.next.map(|next| {
        let kept = FIELDS.into_iter().map(|name| (name, seat.field(name)));
        let next = next.to_string();
        let query = encode(
            kept.filter(|(_, value)| !value.is_empty())
                .chain([("before", next.as_str())]),
        );
        format!("{LIST}?{query}")
    });
    view.show()
}

fn fields(t: Texts, seat: &Seat) -> Vec<Field> {
    let typed = |name: &'static str, key: &str| text_field(t, name, key, seat.field(name));
    let mut kind = typed("kind", "admin-event");
    kind.options = vec![(String::new(), t.say("admin-which-all"))];
    kind.options.extend(EventKind::ALL.iter().map(|kind| {
        let word = kind.as_str().to_owned();
        (word.clone(), word)
    }));
    let mut from = typed("from", "admin-from");
    from.hint = Some(t.say("admin-from-hint"));
    vec![
        typed("account", "admin-user-name"),
        kind,
        typed("request", "admin-request"),
        from,
        typed("until", "admin-before"),
    ]
}

fn table(t: Texts, records: &[Record]) -> Table {
    let row = |record: &Record| {
        let event: Value = serde_json::from_str(&record.event).unwrap_or_default();
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let subject = record.subject.clone().unwrap_or_default();
        let detail = event.get("detail").and_then(Value::as_object);
        let detail = detail.map(|detail| {
            let pairs = detail
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or_default()));
            pairs.collect::<Vec<_>>().join(" · ")
        });
        let request = record.request.clone().unwrap_or_default();
        vec![
            utc::text(record.at).replace('T', " ").replace('Z', " UTC").into(),
            Cell::Code(record.kind.clone()),
            subject.into(),
            text("actor").into(),
            text("result").into(),
            format!("{} {}", text("service"), text("source")).into(),
            Cell::Long(detail.unwrap_or_default()),
            if request.is_empty() {
                "".into()
            } else {
                let short: String = request.chars().take(8).collect();
                Cell::Link(format!("{LIST}?request={request}"), short)
            },
        ]
    };
    let columns = [
        "admin-when",
        "admin-event",
        "admin-user-name",
        "admin-actor",
        "admin-result",
        "admin-where",
        "admin-detail",
        "admin-request",
    ];
    Table {
        caption: t.say("admin-events"),
        columns: columns.map(|key| t.say(key)).into(),
        rows: records.iter().map(row).collect(),
        empty: t.say("admin-nothing-found"),
    }
}
