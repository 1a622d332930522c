//! Opens an approval: one at a time for each account and source, and only so many in a while.

use super::code::{Code, Number};
use super::decide::Cancelling;
use super::facts::shown;
use super::rows;
use crate::accounts::LoginName;
use crate::attempts;
use crate::audit::{self, Actor, Event, EventKind};
use crate::clock::UnixTime;
use crate::entropy::{Entropy, EntropyError};
use crate::ids::{AccountId, ApprovalId, RequestId};
use crate::source::{Door, Source};
use crate::store::{StoreError, Tx};

/// Seconds in which approvals are counted.
const WINDOW: i64 = 600;

/// Most approvals that an account opens within [`WINDOW`] from networks it never signed in from, all of them together.
/// Whoever asks already has the password or the key, so five are a person who mistypes; more are somebody who hopes that
/// one of them is waved through.
const MOST_BY_STRANGERS: i64 = 5;

/// Most within [`WINDOW`] from places that the account signed in from before: far more than a person needs, and too few
/// to fill the trail with.
const MOST_BY_KNOWN: i64 = 30;

/// Seconds for which a source may not ask again after its owner said "this was not me".
const MUTED: i64 = 3600;

/// A login that wants approval.
#[derive(Debug, Clone)]
pub struct NewApproval<'a> {
    /// Whose login it is.
    pub account: AccountId,
    /// The account's name.
    pub login: &'a LoginName,
    /// The sign-in that waits.
    pub request: RequestId,
    /// The machine that is entered.
    pub host: Option<&'a str>,
    /// The service that is entered.
    pub service: &'a str,
    /// Where it comes from.
    pub source: &'a Source,
    /// The key that opened the first door.
    pub key_fingerprint: Option<&'a str>,
    /// What will run, where it is known.
    pub command: Option<&'a str>,
    /// Seconds until it is over: less than the application leaves the person for the whole login.
    pub lives: i64,
}

/// An approval that waits, and what its prompt shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its id.
    pub id: ApprovalId,
    /// What its owner types to find it.
    pub code: Code,
    /// What its owner copies to the page.
    pub number: Number,
    /// The first second in which it is over.
    pub expires_at: UnixTime,
}

/// Too many were opened, or this source was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many approvals were asked for")]
pub struct Busy {
    /// The first second in which another may be opened.
    pub until: UnixTime,
}

/// Why none was opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// See [`Busy`].
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Opens one. Another one that waits for the same account and source is cancelled: whoever starts again has left the
/// first prompt behind, and must not wait until it is over. (From elsewhere nobody can cancel it.)
pub fn open(tx: &mut Tx<'_>, entropy: &dyn Entropy, new: &NewApproval<'_>, now: UnixTime) -> Result<Opened, OpenError> {
    rows::lapse(tx, Some(new.account), now)?;
    let source = shown(&new.source.to_string());
    let known = attempts::is_known_source(tx, new.login, new.source)?;
    if let Some(busy) = busy(tx, new.account, &source, known, now)? {
        return Err(busy.into());
    }
    rows::supersede(tx, new.account, &source, Cancelling::Superseded, now)?;
    let opened = Opened {
        id: ApprovalId::draw(entropy)?,
        code: Code::draw(entropy)?,
        number: Number::draw(entropy)?,
        expires_at: now + new.lives,
    };
    let row = rows::NewRow {
        new,
        opened: &opened,
        source: &source,
        stranger: !known,
        host: new.host.map(shown),
        key_fingerprint: new.key_fingerprint.map(shown),
        command: new.command.map(shown),
    };
    rows::insert(tx, &row, now)?;
    audit::append(tx, &event(&row), now)?;
    Ok(opened)
}

fn busy(
    tx: &mut Tx<'_>,
    account: AccountId,
    source: &str,
    known: bool,
    now: UnixTime,
) -> Result<Option<Busy>, StoreError> {
    if let Some(reported_at) = rows::reported_lately(tx, account, source, now, MUTED)? {
        return Ok(Some(Busy {
            until: reported_at + MUTED,
        }));
    }
    let most = if known { MOST_BY_KNOWN } else { MOST_BY_STRANGERS };
    let (count, first) = rows::opened_lately(tx, account, !known, now, WINDOW)?;
    Ok((count >= most).then_some(Busy { until: first + WINDOW }))
}

fn event(row: &rows::NewRow<'_>) -> Event {
    let new = row.new;
    let mut event = Event::new(EventKind::ApprovalOpened, Actor::Stranger)
        .about(new.login)
        .request(new.request)
        .at(Door::Shell, new.service)
        .from(new.source)
        .detail("approval", row.opened.id)
        .detail("expires_at", row.opened.expires_at);
    if let Some(host) = &row.host {
        event = event.host(host);
    }
    if let Some(key) = &row.key_fingerprint {
        event = event.detail("key", key);
    }
    if let Some(command) = &row.command {
        event = event.detail("command", command);
    }
    event
}
