//! The page itself: what is bound, and what can be done about it.

use super::caller::{Caller, looking, permitted, token};
use super::permission::{Change, Permission};
use super::view::{DeviceView, ProblemView, SecurityView};
use crate::app::{App, blocking};
use crate::http::headers::Scripts;
use crate::http::{Fault, Params, Visitor, language};
use crate::pages::flow::Then;
use crate::pages::portal;
use crate::pages::problem::Problem;
use crate::pages::{Frame, page, texts, turn};
use crate::passkeys::signal;
use crate::sessions::Session;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use samekey_shared::audit::utc;
use samekey_shared::devices::fido::{self, Credential};
use samekey_shared::devices::{self, Bound, Device, DeviceKind, LastUse};
use samekey_shared::policy::Settings;
use samekey_shared::store::StoreError;
use samekey_shared::texts::Texts;

/// `GET /security`
pub async fn show(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| Problem::BadRequest)?;
    let Some(session) = looking(&app, &headers)? else {
        return portal::begin_for(&app, &headers, Then::Security, "");
    };
    let notice = match params.value("done") {
        Some("unbound") => Some(texts::DEVICE_UNBOUND),
        Some("confirmed") => Some(texts::CONFIRMED),
        _ => None,
    };
    rendered(&app, language::of(&headers, None), &session, notice, None)
}

/// `POST /security/confirm`: the shared machine asks for what is not fresh.
pub async fn confirm(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Fault> {
    let caller = Caller::of(&app, visitor, request).await?;
    blocking(&app, move |app| {
        let Caller {
            visitor,
            session,
            headers,
            ..
        } = caller;
        turn::answer(app, &headers, turn::confirm(app, visitor, session)?)
    })
    .await
}

/// What the account has.
pub(super) struct Possessions {
    pub bound: Bound,
    pub keys: Vec<Credential>,
}

impl Possessions {
    pub(super) fn of(app: &App, session: &Session) -> Result<Self, Fault> {
        let account = session.account.id;
        let found = app.realm.store.read(|tx| {
            Ok::<_, StoreError>(Self {
                bound: devices::rows::bound(tx, account)?,
                keys: fido::of_account(tx, account)?,
            })
        })?;
        Ok(found)
    }

    /// A valid name that is free (R68): `Passkey`, `Passkey-2`, …
    pub(super) fn suggestion(&self, base: &str) -> String {
        let taken = |name: &str| {
            let mut names = self.bound.devices.iter().map(|one| one.name.as_str());
            names.any(|known| known.eq_ignore_ascii_case(name))
        };
        let numbered = (2..100).map(|n| format!("{base}-{n}"));
        let mut names = std::iter::once(base.to_owned()).chain(numbered);
        names.find(|name| !taken(name)).unwrap_or_default()
    }
}

/// The page, with what was done or what went wrong.
pub(super) fn rendered(
    app: &App,
    t: Texts,
    session: &Session,
    notice: Option<&'static str>,
    problem: Option<ProblemView>,
) -> Result<Response, Fault> {
    let (permission, settings) = permitted(app, session, Change::Bind)?;
    let (may_unbind, _) = permitted(app, session, Change::Unbind)?;
    let has = Possessions::of(app, session)?;
    let shown = |passkeys: bool| -> Vec<DeviceView> {
        let of_section = |one: &&Device| (one.kind == DeviceKind::Passkey) == passkeys;
        let devices = has.bound.devices.iter().filter(of_section);
        devices
            .map(|device| line(app, device, &has, permission, may_unbind))
            .collect()
    };
    let no_more = no_more(app, &has, &settings);
    let may_bind = permission == Permission::Granted && no_more.is_none();
    let account = &session.account;
    let view = SecurityView {
        frame: Frame::with_contact(app, t, settings.contact.clone()).signed_in(session),
        person: account.display_name.as_deref().unwrap_or(account.name.as_str()),
        csrf: &token(app, session),
        notice,
        problem,
        permission,
        passkeys: shown(true),
        others: shown(false),
        no_more: no_more.filter(|_| permission == Permission::Granted),
        suggested_passkey: may_bind.then(|| has.suggestion("Passkey")),
        suggested_key: may_bind.then(|| has.suggestion("Security-Key")),
        signal: app
            .passkeys
            .as_ref()
            .map(|passkeys| signal::all(passkeys.party(), account, &has.keys)),
    };
    page(&view, &[], Scripts::Fetching)
}

/// Why nothing more can be bound, whoever asks.
fn no_more(app: &App, has: &Possessions, settings: &Settings) -> Option<String> {
    if app.passkeys.is_none() {
        return Some(texts::NO_PASSKEYS_AT_ALL.to_owned());
    }
    let full = has.keys.len() >= settings.fido_per_user as usize;
    full.then(|| texts::most_keys(settings.fido_per_user))
}

fn line(app: &App, device: &Device, has: &Possessions, may_bind: Permission, may_unbind: Permission) -> DeviceView {
    let key = has.keys.iter().find(|one| one.device == device.id);
    let successor = has.keys.iter().find(|one| one.replaces == Some(device.id));
    let is_old = key.is_some_and(Credential::is_old);
    let codes = (device.kind == DeviceKind::RecoveryCodes).then(|| texts::codes_left(has.bound.recovery_left));
    DeviceView {
        id: device.id.to_string(),
        name: device.name.to_string(),
        kind: texts::kind(device.kind),
        model: key.and_then(|key| app.passkeys.as_ref()?.model(key.aaguid)),
        created: day(device.created_at),
        last_used: device.last_used.as_ref().map(last_use),
        copies: key.map(texts::copies),
        remark: successor.map(|new| texts::goes_after(new.name.as_str())).or(codes),
        is_old,
        can_update: key.is_some_and(can_be_updated) && successor.is_none() && may_bind == Permission::Granted,
        can_unbind: may_unbind == Permission::Granted,
    }
}

/// What only shows possession can become a passkey (R73 to R75).
pub(super) fn can_be_updated(key: &Credential) -> bool {
    key.kind == DeviceKind::SecurityKey
}

fn last_use(last: &LastUse) -> String {
    texts::last_use(&minute(last.at), last.door, &last.source)
}

/// `2026-05-01`
fn day(moment: i64) -> String {
    utc::text(moment).chars().take_while(|c| *c != 'T').collect()
}

/// `2026-05-01 12:00 UTC`
fn minute(moment: i64) -> String {
    let text = utc::text(moment).replace('T', " ");
    let end = text.rfind(':').unwrap_or(text.len());
    format!("{} UTC", &text[..end])
}
