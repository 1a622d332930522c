//! `/admin/clients`: the applications that sign people in here.

use super::client_form;
use super::overview::fault;
use super::troubles;
use super::view::{Cell, Link, Section, Table, Trouble, deed, minute, sheet};
use crate::admin::Seat;
use crate::admin::clients::{self, Otherwise};
use crate::app::App;
use crate::clients::{Client, ClientId, Consent, Ensured, Pkce, unusual};
use crate::http::Fault;
use crate::oidc::authorize::respond;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use samekey_shared::roles::Action;
use samekey_shared::secrets::SecretText;
use samekey_shared::texts::Texts;

pub(super) const LIST: &str = "/admin/clients";

/// Words of the form, and what they are called.
pub(super) const KINDS: [(&str, &str); 2] = [
    ("confidential", "admin-client-confidential"),
    ("public", "admin-client-public"),
];
pub(super) const PKCES: [(&str, &str); 2] = [
    ("required", "admin-client-pkce-required"),
    ("optional", "admin-client-pkce-optional"),
];
pub(super) const CONSENTS: [(&str, &str); 2] = [
    ("given", "admin-client-consent-given"),
    ("asked", "admin-client-consent-asked"),
];

/// What one of these words is called.
fn called(t: Texts, words: [(&str, &str); 2], word: &str) -> String {
    let found = words.iter().find(|(known, _)| *known == word);
    found.map_or_else(|| word.to_owned(), |(_, key)| t.say(key))
}

/// `GET /admin/clients`
pub(super) async fn list(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let found = seat.work(&app, clients::list).await.map_err(fault)?;
    let row = |one: &Client| {
        vec![
            Cell::Link(format!("{LIST}/{}", one.id), one.id.to_string()),
            one.name.clone().into(),
            one.kind.name().into(),
            one.settings.redirect_uris.join(" ").into(),
        ]
    };
    let columns = [
        "admin-client-id",
        "admin-client-name",
        "admin-kind",
        "admin-client-redirects",
    ];
    let mut view = sheet(&app, &seat, LIST, t.say("admin-tab-clients"));
    view.notice = (seat.field("done") == "removed").then(|| t.say("admin-done-removed"));
    let mut section = Section {
        id: "clients",
        title: t.say("admin-tab-clients"),
        table: Some(Table {
            caption: t.say("admin-tab-clients"),
            columns: columns.map(|key| t.say(key)).into(),
            rows: found.iter().map(row).collect(),
            empty: t.say("admin-no-clients"),
        }),
        ..Section::default()
    };
    if seat.may(Action::ClientsChange, None) {
        section.links.push(link(t, "add", "admin-client-add", "second"));
    }
    view.sections.push(section);
    view.show()
}

fn link(t: Texts, path: &str, key: &str, class: &'static str) -> Link {
    Link {
        address: format!("{LIST}/{path}"),
        label: t.say(key),
        class,
    }
}

/// `GET /admin/clients/<id>`
pub(super) async fn show(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let client = seat
        .work(&app, move |desk| clients::show(desk, &id))
        .await
        .map_err(fault)?;
    let settings = &client.settings;
    let mut view = sheet(&app, &seat, LIST, client.name.clone());
    view.notice = (seat.field("done") == "changed").then(|| t.say("admin-done-changed"));
    let mut section = Section {
        id: "client",
        title: client.id.to_string(),
        facts: vec![
            (t.say("admin-kind"), called(t, KINDS, client.kind.name()).into()),
            (t.say("admin-client-redirects"), settings.redirect_uris.join(" ").into()),
            (
                t.say("admin-client-logouts"),
                settings.post_logout_redirect_uris.join(" ").into(),
            ),
            (t.say("admin-client-pkce"), called(t, PKCES, pkce(settings.pkce)).into()),
            (
                t.say("admin-client-consent"),
                called(t, CONSENTS, consent(settings.consent)).into(),
            ),
            (t.say("admin-client-alg"), settings.id_token_alg.name().into()),
            (t.say("admin-client-auth"), client.auth_method().name().into()),
            (t.say("admin-since"), minute(client.created_at).into()),
        ],
        ..Section::default()
    };
    // Under the names by which the command and the API change them.
    let further = unusual(settings).into_iter().map(|(name, value)| (name, value.into()));
    section.facts.extend(further);
    if seat.may(Action::ClientsChange, None) {
        section
            .links
            .push(link(t, &format!("{}/change", client.id), "admin-change", "second"));
        if client.auth_method().has_secret() {
            section.links.push(link(
                t,
                &format!("{}/secret", client.id),
                "admin-client-secret",
                "second",
            ));
        }
        section
            .links
            .push(link(t, &format!("{}/remove", client.id), "admin-remove", "danger"));
    }
    view.sections.push(section);
    view.show()
}

pub(super) fn pkce(pkce: Pkce) -> &'static str {
    match pkce {
        Pkce::Required => "required",
        Pkce::Optional => "optional",
    }
}

pub(super) fn consent(consent: Consent) -> &'static str {
    match consent {
        Consent::Given => "given",
        Consent::Asked => "asked",
    }
}

/// `GET /admin/clients/add`
pub(super) async fn ask_add(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    form(&app, &seat, None, None)
}

/// `POST /admin/clients/add`
pub(super) async fn add(State(app): State<App>, Extension(seat): Extension<Seat>) -> Result<Response, Fault> {
    let id = seat.field("id").trim().parse();
    let Ok(id) = id else {
        return form(&app, &seat, None, Some(wrong_id(seat.visitor.t)));
    };
    ensure(&app, &seat, id, None, Otherwise::Refuse).await
}

/// `GET /admin/clients/<id>/change`
pub(super) async fn ask_change(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let client = seat
        .work(&app, move |desk| clients::show(desk, &id))
        .await
        .map_err(fault)?;
    form(&app, &seat, Some(&client), None)
}

/// `POST /admin/clients/<id>/change`
pub(super) async fn change(
    State(app): State<App>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let client = seat
        .work(&app, move |desk| clients::show(desk, &id))
        .await
        .map_err(fault)?;
    let id = client.id.clone();
    ensure(&app, &seat, id, Some(client), Otherwise::Replace).await
}

fn wrong_id(t: Texts) -> Trouble {
    Trouble {
        sentence: t.say("admin-client-id-hint"),
        code: "name_invalid",
        status: axum::http::StatusCode::CONFLICT,
    }
}

async fn ensure(
    app: &App,
    seat: &Seat,
    id: ClientId,
    before: Option<Client>,
    otherwise: Otherwise,
) -> Result<Response, Fault> {
    let wanted = match client_form::registration(seat, id.clone(), before.as_ref()) {
        Ok(wanted) => wanted,
        Err(problem) => return form(app, seat, before.as_ref(), Some(problem)),
    };
    let done = seat
        .work(app, move |desk| Ok(clients::ensure(desk, &wanted, otherwise)))
        .await
        .map_err(fault)?;
    match done {
        Ok(Ensured::Added(Some(secret))) => shown_once(app, seat, &id, &secret.0),
        Ok(_) => respond::see_other(&format!("{LIST}/{id}?done=changed")),
        Err(error) => {
            let problem = troubles::of_client(seat.visitor.t, error)?;
            form(app, seat, before.as_ref(), Some(problem))
        }
    }
}

fn form(app: &App, seat: &Seat, before: Option<&Client>, problem: Option<Trouble>) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let (title, button, address) = match before {
        Some(before) => (
            t.say("admin-change"),
            t.say("admin-change"),
            format!("{LIST}/{}/change", before.id),
        ),
        None => (t.say("admin-client-add"), t.say("admin-add"), format!("{LIST}/add")),
    };
    let mut view = deed(app, seat, LIST, title);
    view.button = button;
    view.address = address;
    view.fields = client_form::fields(seat, before, problem.is_some());
    view.text = t.say("admin-client-text");
    view.problem = problem;
    view.show()
}

pub(super) fn shown_once(app: &App, seat: &Seat, id: &ClientId, secret: &SecretText) -> Result<Response, Fault> {
    let t = seat.visitor.t;
    let mut view = sheet(app, seat, LIST, t.say("admin-client-secret"));
    view.notice = Some(t.say("admin-shown-once"));
    view.sections.push(Section {
        id: "secret",
        title: id.to_string(),
        facts: vec![(t.say("admin-client-secret"), Cell::Code(secret.expose().clone()))],
        links: vec![link(t, id.as_str(), "frame-back", "second")],
        ..Section::default()
    });
    view.show()
}
