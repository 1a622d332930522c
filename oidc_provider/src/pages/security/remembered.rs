//! Remembered browsers (R29): listed, and forgotten one by one or all at once.

use super::caller::{Caller, Here, Sent};
use super::device::minute;
use super::list::{not_found, refused};
use super::permission::{Change, Permission};
use super::sessions::name;
use super::view::RememberedView;
use crate::app::{App, blocking};
use crate::http::Fault;
use crate::oidc::authorize::respond;
use axum::extract::State;
use axum::response::Response;
use samekey_shared::audit::{self, EventKind};
use samekey_shared::store::StoreError;
use samekey_shared::trust::{self, Remembered};

/// Every remembered browser of this person.
pub(super) fn lines(here: Here<'_>) -> Result<Vec<RememberedView>, Fault> {
    let now = here.app.realm.clock.now();
    let account = here.session.account.id;
    let all = here.app.realm.store.read(|tx| trust::of_account(tx, account, now))?;
    Ok(all.iter().map(|one| line(here, one)).collect())
}

fn line(here: Here<'_>, one: &Remembered) -> RememberedView {
    let t = here.t();
    let browser = name(t, &one.browser);
    let since = minute(one.made_at);
    let until = minute(one.expires_at);
    RememberedView {
        id: one.id.to_string(),
        times: t.fill(
            "security-remembered-until",
            [("since", since.as_str()), ("until", until.as_str())],
        ),
        source: one.source.clone(),
        forget: t.fill(
            "security-forget-named",
            [("browser", browser.as_str()), ("moment", since.as_str())],
        ),
        browser,
    }
}

/// `POST /security/remembered`
pub async fn forget(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| forgotten(app, &caller)).await
}

fn forgotten(app: &App, caller: &Caller) -> Result<Response, Fault> {
    let here = caller.here(app);
    let (permission, _) = here.permitted(Change::SignOut)?;
    if permission != Permission::Granted {
        return refused(here, permission);
    }
    let wanted = match (caller.field("which"), caller.field("browser").parse()) {
        ("all", _) => None,
        (_, Ok(id)) => Some(id),
        (_, Err(_)) => return not_found(here),
    };
    let account = caller.session.account.id;
    let event = caller
        .authority()
        .service("portal:sessions")
        .event(EventKind::BrowserForgotten)
        .about(&caller.session.account.name);
    let now = app.realm.clock.now();
    let done = app.realm.store.write(|tx| {
        let gone = match wanted {
            Some(id) => trust::revoke(tx, account, id)?,
            None => trust::revoke_all(tx, account)? > 0,
        };
        if gone {
            audit::append(tx, &event, now)?;
        }
        Ok::<_, StoreError>(gone)
    })?;
    if done || wanted.is_none() {
        respond::see_other("/security?done=forgotten")
    } else {
        not_found(here)
    }
}
