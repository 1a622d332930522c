//! Whether this person may change their devices now (R25, R43, Q8).

use crate::sessions::Session;
use samekey_shared::clock::UnixTime;
use samekey_shared::devices;
use samekey_shared::flows::FlowError;
use samekey_shared::methods::Level;
use samekey_shared::objections;
use samekey_shared::policy::{SelfService, Settings};
use samekey_shared::source::Source;
use samekey_shared::store::Tx;

/// Seconds that a proof counts for changes (R43).
pub const FRESH: i64 = 600;

/// What stands between the person and a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Nothing.
    Granted,
    /// A fresh proof.
    Confirm,
    /// A rule; the page is for reading only.
    Refused(Refusal),
}

/// The rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Self-service is off, or only for adding (R25).
    SelfServiceOff,
    /// The first device after a reset needs more than the password (Q8).
    TicketRequired,
    /// Somebody said of an earlier change that it was not theirs ([`objections`]).
    Held,
}

impl Refusal {
    /// The stable code (requirements.md, section 3.1).
    pub fn code(self) -> &'static str {
        match self {
            Self::SelfServiceOff => "self_service_off",
            Self::TicketRequired => "enrollment_ticket_required",
            Self::Held => "changes_held",
        }
    }
}

/// What is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Something more is bound.
    Bind,
    /// Something goes.
    Unbind,
    /// A session or a remembered browser ends: no device changes, so no rule about devices stands against it; but who
    /// sits at a browser left alone must not sign its person out elsewhere (ASVS 7.5.2).
    SignOut,
}

/// Asks session, devices and settings.
pub(super) fn of(
    tx: &mut Tx<'_>,
    session: &Session,
    settings: &Settings,
    change: Change,
    (source, now): (&Source, UnixTime),
) -> Result<Permission, FlowError> {
    match (settings.self_service, change) {
        (SelfService::None, Change::Bind | Change::Unbind) | (SelfService::AddOnly, Change::Unbind) => {
            return Ok(Permission::Refused(Refusal::SelfServiceOff));
        }
        _ => {}
    }
    if change != Change::SignOut && objections::is_held(tx, session.account.id)? {
        return Ok(Permission::Refused(Refusal::Held));
    }
    if proved_lately(session, now) {
        return Ok(Permission::Granted);
    }
    let account = session.account.id;
    let bound = devices::rows::bound(tx, account)?;
    if bound.devices.iter().any(|one| one.kind.is_lasting()) {
        return Ok(Permission::Confirm);
    }
    if change == Change::SignOut {
        return Ok(if lately(session.first_at, now) {
            Permission::Granted
        } else {
            Permission::Confirm
        });
    }
    // Nothing to prove with: the first binding has rules of its own.
    let ever_bound = devices::rows::ever_bound(tx, account)?;
    Ok(if !settings.first_bind.lets(ever_bound, source) {
        Permission::Refused(Refusal::TicketRequired)
    } else if lately(session.first_at, now) {
        Permission::Granted
    } else {
        Permission::Confirm
    })
}

/// Two factors, both within the time: a key that checked its person is two by itself.
fn proved_lately(session: &Session, now: UnixTime) -> bool {
    session.evidence.iter().any(|one| {
        one.level() >= Level::High && lately(one.at(), now) && (one.is_two_factors() || lately(session.first_at, now))
    })
}

/// A proof from the future was made by a clock that has since been set back: worth nothing (S9).
fn lately(at: UnixTime, now: UnixTime) -> bool {
    (0..=FRESH).contains(&now.saturating_sub(at))
}
