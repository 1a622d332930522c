//! Signed-in browsers: listed, and ended one by one or together (ASVS 7.5.2).

use super::caller::{Caller, Here, Sent};
use super::device::minute;
use super::list::{not_found, refused};
use super::permission::{Change, Permission};
use super::view::SessionView;
use crate::app::{App, blocking};
use crate::http::Fault;
use crate::oidc::authorize::respond;
use crate::oidc::end_session::{self, front_channel};
use crate::sessions::{self, Listed};
use axum::extract::State;
use axum::response::Response;
use samekey_shared::audit::{self, EventKind};
use samekey_shared::ids::SessionId;
use samekey_shared::store::{StoreError, Tx};
use samekey_shared::texts::Texts;

/// Every session of this person, the one that looks first.
pub(super) fn lines(here: Here<'_>) -> Result<Vec<SessionView>, Fault> {
    let realm = &here.app.realm;
    let account = here.session.account.id;
    let mut all = realm.store.read(|tx| sessions::of_account(realm, tx, account))?;
    all.sort_by_key(|one| one.id != here.session.id);
    Ok(all.iter().map(|one| line(here, one)).collect())
}

fn line(here: Here<'_>, one: &Listed) -> SessionView {
    let t = here.t();
    let browser = name(t, &one.browser);
    let moment = minute(one.signed_in_at);
    SessionView {
        id: one.id.to_string(),
        signed_in: if one.source.is_empty() {
            t.with("security-session-since", "moment", &moment)
        } else {
            t.fill(
                "security-session-from",
                [("moment", moment.as_str()), ("source", one.source.as_str())],
            )
        },
        seen: t.with("security-session-seen", "moment", minute(one.seen_at)),
        end: t.fill(
            "security-session-end-named",
            [("browser", browser.as_str()), ("moment", moment.as_str())],
        ),
        browser,
        is_this: one.id == here.session.id,
    }
}

/// What a browser calls itself; some call themselves nothing.
pub(super) fn name(t: Texts, browser: &str) -> String {
    if browser.is_empty() {
        t.say("security-session-unknown")
    } else {
        browser.to_owned()
    }
}

/// What is to end.
enum Ending {
    One(SessionId),
    Others,
    All,
}

/// `POST /security/sessions`
pub async fn end(State(app): State<App>, Sent(caller): Sent) -> Result<Response, Fault> {
    blocking(&app, move |app| ended(app, &caller)).await
}

fn ended(app: &App, caller: &Caller) -> Result<Response, Fault> {
    let here = caller.here(app);
    let (permission, _) = here.permitted(Change::SignOut)?;
    if permission != Permission::Granted {
        return refused(here, permission);
    }
    let ending = match (caller.field("which"), caller.field("session").parse()) {
        ("others", _) => Ending::Others,
        ("all", _) => Ending::All,
        (_, Ok(id)) => Ending::One(id),
        (_, Err(_)) => return not_found(here),
    };
    let here_too = match &ending {
        Ending::One(id) => *id == caller.session.id,
        Ending::Others => false,
        Ending::All => true,
    };
    let (done, frames) = app.realm.store.write(|tx| {
        let frames = if here_too {
            front_channel::addresses(app, tx, caller.session.id)?
        } else {
            Vec::new()
        };
        Ok::<_, StoreError>((finish(app, tx, caller, &ending)?, frames))
    })?;
    match (&ending, done) {
        (Ending::One(_), 0) => not_found(here),
        _ if here_too => end_session::ended_here(app, caller.visitor.t, &frames, None),
        (Ending::One(_), _) => respond::see_other("/security?done=session-ended"),
        (Ending::Others | Ending::All, _) => respond::see_other("/security?done=others-ended"),
    }
}

/// Ends what is this person's own, and says so in the trail; how many ended.
fn finish(app: &App, tx: &mut Tx<'_>, caller: &Caller, ending: &Ending) -> Result<u64, StoreError> {
    let account = caller.session.account.id;
    let done = match ending {
        Ending::One(id) => u64::from(sessions::end_own(tx, account, *id)?),
        Ending::Others => sessions::end_all(tx, account, Some(caller.session.id))?,
        Ending::All => sessions::end_all(tx, account, None)?,
    };
    if done > 0 {
        let event = caller
            .authority()
            .service("portal:sessions")
            .event(EventKind::SessionEnded)
            .about(&caller.session.account.name)
            .detail("ended", done);
        audit::append(tx, &event, app.realm.clock.now())?;
    }
    Ok(done)
}
