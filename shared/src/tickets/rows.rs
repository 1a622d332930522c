//! The tickets' statements, written once for both engines.

use super::{Code, MOST, NewTicket, SECRET_BYTES, Ticket, TicketError};
use crate::accounts;
use crate::audit::{self, Actor, Event, EventKind};
use crate::clock::UnixTime;
use crate::entropy::Entropy;
use crate::ids::{AccountId, DeviceId, TicketId};
use crate::params;
use crate::secrets::SecretBytes;
use crate::secrets::keyring::{Keyring, tag};
use crate::secrets::opaque::{self, Token};
use crate::store::{Component, Migration, Row, StoreError, Tx};
use std::fmt;
use std::str::FromStr;

/// The tickets' table.
pub(crate) const SCHEMA: Component = Component {
    name: "tickets",
    migrations: &[Migration {
        version: 1,
        sql: include_str!("../../migrations/tickets_0001.sql"),
    }],
};

/// Seconds for which a ticket is listed after its end. The trail keeps its lines.
const KEPT: i64 = 30 * 86_400;

/// Longest text that is looked for at all.
const LONGEST_SHOWN: usize = 128;

/// What became of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It can be used.
    Open,
    /// A device was bound with it.
    Used,
    /// It was taken back, or another took its place.
    Revoked,
    /// Nobody used it in time.
    Expired,
}

impl State {
    const ALL: [Self; 4] = [Self::Open, Self::Used, Self::Revoked, Self::Expired];

    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no state of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ticket is one of: open, used, revoked, expired")]
pub struct NotAState;

impl FromStr for State {
    type Err = NotAState;

    fn from_str(text: &str) -> Result<Self, NotAState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(NotAState)
    }
}

/// A ticket as a list shows it: without what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: TicketId,
    /// Whose.
    pub account: AccountId,
    /// The account's name.
    pub login: String,
    /// Who gave it out, as the trail writes actors.
    pub issued_by: String,
    /// When.
    pub issued_at: UnixTime,
    /// The first second in which it is void.
    pub expires_at: UnixTime,
    /// What became of it.
    pub state: State,
    /// When it ended.
    pub ended_at: Option<UnixTime>,
    /// What was bound with it.
    pub device: Option<DeviceId>,
}

/// A query for whole tickets, in the order that `listed` reads.
macro_rules! tickets {
    ($tail:literal) => {
        concat!(
            "SELECT t.id, t.account, a.name, t.issued_by, t.issued_at, t.expires_at, t.state, t.ended_at, t.device \
             FROM tickets t JOIN accounts a ON a.id = t.account ",
            $tail
        )
    };
}

/// Makes a ticket, and takes back the open one that the same hand gave out for this account before.
pub fn issue(
    tx: &mut Tx<'_>,
    entropy: &dyn Entropy,
    keyring: &Keyring,
    new: &NewTicket<'_>,
    now: UnixTime,
) -> Result<Ticket, TicketError> {
    let owner = accounts::rows::by_id(tx, new.account)?.ok_or(TicketError::NoAccount)?;
    let by = new.by.to_string();
    let superseded = tx.query(
        "UPDATE tickets SET state = 'revoked', ended_at = $1 WHERE account = $2 AND issued_by = $3 AND state = 'open' \
         RETURNING id",
        params![now, new.account, by.as_str()],
    )?;
    for row in &superseded {
        let event = event(EventKind::TicketRevoked, new.by, owner.name.as_str(), row.parsed(0)?);
        audit::append(tx, &event.result("superseded"), now)?;
    }
    let ticket = Ticket {
        id: TicketId::draw(entropy)?,
        code: Code::draw(entropy)?,
        expires_at: now.saturating_add(new.lives.clamp(1, MOST)),
        secret: Token::draw(entropy, SECRET_BYTES)?,
    };
    tx.execute(
        "INSERT INTO tickets (id, account, secret_hash, code_tag, issued_by, issued_at, expires_at, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'open')",
        params![
            ticket.id,
            new.account,
            ticket.secret.hash().as_slice(),
            tag_of(keyring, new.account, &ticket.code).expose().as_slice(),
            by.as_str(),
            now,
            ticket.expires_at
        ],
    )?;
    let event = event(EventKind::TicketIssued, new.by, owner.name.as_str(), ticket.id);
    audit::append(tx, &event.detail("expires_at", ticket.expires_at), now)?;
    Ok(ticket)
}

/// The open ticket of this account that the text is: a short code, or what a link carries. Spends nothing.
pub fn find(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    account: AccountId,
    shown: &str,
    now: UnixTime,
) -> Result<Option<TicketId>, StoreError> {
    let shown = shown.trim();
    if shown.is_empty() || shown.len() > LONGEST_SHOWN {
        return Ok(None);
    }
    let found = match shown.parse::<Code>() {
        Ok(code) => tx.query_opt(
            "SELECT id FROM tickets WHERE account = $1 AND code_tag = $2 AND state = 'open' \
             AND issued_at <= $3 AND expires_at > $4 ORDER BY issued_at DESC, id LIMIT 1",
            params![account, tag_of(keyring, account, &code).expose().as_slice(), now, now],
        )?,
        Err(_) => tx.query_opt(
            "SELECT id FROM tickets WHERE account = $1 AND secret_hash = $2 AND state = 'open' \
             AND issued_at <= $3 AND expires_at > $4",
            params![account, opaque::hash(shown).as_slice(), now, now],
        )?,
    };
    found.map(|row| row.parsed(0)).transpose()
}

/// Whether it can be spent. One from the future was made before a clock was set back: it cannot (S9).
pub fn is_open(tx: &mut Tx<'_>, id: TicketId, account: AccountId, now: UnixTime) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT id FROM tickets WHERE id = $1 AND account = $2 AND state = 'open' AND issued_at <= $3 AND expires_at > $4",
        params![id, account, now, now],
    )?;
    Ok(row.is_some())
}

/// Spends it for this device, with a line in the trail; false where it is not open any more. One statement: of two at
/// once, one changes the row.
pub fn spend(
    tx: &mut Tx<'_>,
    id: TicketId,
    account: AccountId,
    device: DeviceId,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let spent = tx.execute(
        "UPDATE tickets SET state = 'used', ended_at = $1, device = $2 \
         WHERE id = $3 AND account = $4 AND state = 'open' AND issued_at <= $5 AND expires_at > $6",
        params![now, device, id, account, now, now],
    )?;
    if spent != 1 {
        return Ok(false);
    }
    let name = name_of(tx, account)?;
    let event = event(EventKind::TicketUsed, &Actor::Account(name.clone()), &name, id);
    audit::append(tx, &event.detail("device", device), now)?;
    Ok(true)
}

/// What came of taking a ticket back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is void from now on.
    Now,
    /// There is none, or it was void already.
    Before,
}

/// Takes a ticket back.
pub fn revoke(tx: &mut Tx<'_>, id: TicketId, by: &Actor, now: UnixTime) -> Result<Ended, StoreError> {
    let ended = tx.query_opt(
        "UPDATE tickets SET state = 'revoked', ended_at = $1 WHERE id = $2 AND state = 'open' RETURNING account",
        params![now, id],
    )?;
    let Some(row) = ended else { return Ok(Ended::Before) };
    let name = name_of(tx, row.parsed(0)?)?;
    audit::append(tx, &event(EventKind::TicketRevoked, by, &name, id), now)?;
    Ok(Ended::Now)
}

/// The tickets of an account of late, newest first.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Listed>, StoreError> {
    tx.query(
        tickets!("WHERE t.account = $1 ORDER BY t.issued_at DESC, t.id LIMIT 50"),
        params![account],
    )?
    .iter()
    .map(listed)
    .collect()
}

/// Up to `limit` open tickets of all accounts, by id, those after `after`.
pub fn list(tx: &mut Tx<'_>, after: Option<TicketId>, limit: u32) -> Result<Vec<Listed>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    tx.query(
        tickets!("WHERE t.state = 'open' AND t.id > $1 ORDER BY t.id LIMIT $2"),
        params![after, limit],
    )?
    .iter()
    .map(listed)
    .collect()
}

/// Ends what nobody used in time, with a line each, and forgets what ended long ago.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<(), StoreError> {
    let ended = tx.query(
        "UPDATE tickets SET state = 'expired', ended_at = $1 \
         WHERE state = 'open' AND (expires_at <= $2 OR issued_at > $3) RETURNING id, account",
        params![now, now, now],
    )?;
    for row in &ended {
        let name = name_of(tx, row.parsed(1)?)?;
        let event = event(EventKind::TicketExpired, &Actor::Samekey, &name, row.parsed(0)?);
        audit::append(tx, &event, now)?;
    }
    tx.execute("DELETE FROM tickets WHERE ended_at < $1", params![now - KEPT])
        .map(drop)
}

fn event(kind: EventKind, by: &Actor, login: &str, id: TicketId) -> Event {
    Event::new(kind, by.clone()).about(login).detail("ticket", id)
}

fn tag_of(keyring: &Keyring, account: AccountId, code: &Code) -> SecretBytes {
    tag(&keyring.subkey("ticket-code"), &[&account.to_bytes(), code.letters()])
}

/// The login name of an account, also of one that was removed.
fn name_of(tx: &mut Tx<'_>, account: AccountId) -> Result<String, StoreError> {
    let row = tx.query_opt("SELECT name FROM accounts WHERE id = $1", params![account])?;
    let row = row.ok_or_else(|| StoreError::Inconsistent("a ticket's account is not there".into()))?;
    Ok(row.text(0)?.to_owned())
}

fn listed(row: &Row) -> Result<Listed, StoreError> {
    let wrong = |_| StoreError::Inconsistent("a ticket names no device".into());
    Ok(Listed {
        id: row.parsed(0)?,
        account: row.parsed(1)?,
        login: row.text(2)?.to_owned(),
        issued_by: row.text(3)?.to_owned(),
        issued_at: row.int(4)?,
        expires_at: row.int(5)?,
        state: row.parsed(6)?,
        ended_at: row.opt_int(7)?,
        device: row.opt_text(8)?.map(str::parse).transpose().map_err(wrong)?,
    })
}
