//! The approvals' statements, written once for both engines, and the mapping of their rows.

use super::approval::{Approval, State};
use super::code::Code;
use super::decide::Cancelling;
use super::open::{NewApproval, Opened};
use crate::audit::{self, Actor, Event, EventKind};
use crate::clock::UnixTime;
use crate::ids::{AccountId, ApprovalId};
use crate::params;
use crate::source::Door;
use crate::store::{Component, Migration, Row, StoreError, Tx};

/// The approvals' table.
pub const SCHEMA: Component = Component {
    name: "approvals",
    migrations: &[Migration {
        version: 1,
        sql: include_str!("../../migrations/approvals_0001.sql"),
    }],
};

/// Seconds for which an approval is remembered after it was opened: its page can still say what became of it, and a
/// report still counts.
const KEPT: i64 = 86_400;

/// A query for whole approvals, in the order that `approval` reads.
macro_rules! approvals {
    ($tail:literal) => {
        concat!(
            "SELECT id, account, request, code, host, service, source, stranger, key_fingerprint, command, \
             created_at, expires_at, state FROM approvals ",
            $tail
        )
    };
}

/// A row to be made; the texts are fit to be shown.
pub(super) struct NewRow<'a> {
    pub new: &'a NewApproval<'a>,
    pub opened: &'a Opened,
    pub source: &'a str,
    pub stranger: bool,
    pub host: Option<String>,
    pub key_fingerprint: Option<String>,
    pub command: Option<String>,
}

pub(super) fn insert(tx: &mut Tx<'_>, row: &NewRow<'_>, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO approvals (id, account, request, code, number, host, service, source, stranger, key_fingerprint, \
         command, created_at, expires_at, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'pending')",
        params![
            row.opened.id,
            row.new.account,
            row.new.request,
            row.opened.code.compact(),
            row.opened.number.value(),
            row.host.as_deref(),
            row.new.service,
            row.source,
            row.stranger,
            row.key_fingerprint.as_deref(),
            row.command.as_deref(),
            now,
            row.opened.expires_at,
        ],
    )?;
    Ok(())
}

/// The newest approval of this account with this code, whatever became of it.
pub fn by_code(tx: &mut Tx<'_>, code: &Code, account: AccountId) -> Result<Option<Approval>, StoreError> {
    let row = tx.query_opt(
        approvals!("WHERE account = $1 AND code = $2 ORDER BY created_at DESC, id LIMIT 1"),
        params![account, code.compact()],
    )?;
    row.as_ref().map(approval).transpose()
}

/// The approval of this id, if it is this account's.
pub fn by_id(tx: &mut Tx<'_>, id: ApprovalId, account: AccountId) -> Result<Option<Approval>, StoreError> {
    let row = tx.query_opt(approvals!("WHERE id = $1 AND account = $2"), params![id, account])?;
    row.as_ref().map(approval).transpose()
}

/// Whether a login should go on waiting: nobody has decided, and there is time left. Changes nothing.
pub fn is_waiting(tx: &mut Tx<'_>, id: ApprovalId, now: UnixTime) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT id FROM approvals WHERE id = $1 AND state = 'pending' AND created_at <= $2 AND expires_at > $2",
        params![id, now],
    )?;
    Ok(row.is_some())
}

fn approval(row: &Row) -> Result<Approval, StoreError> {
    let text = |column| Ok::<_, StoreError>(row.opt_text(column)?.map(str::to_owned));
    Ok(Approval {
        id: row.parsed(0)?,
        account: row.parsed(1)?,
        request: row.parsed(2)?,
        code: row.parsed(3)?,
        host: text(4)?,
        service: row.text(5)?.to_owned(),
        source: row.text(6)?.to_owned(),
        stranger: row.flag(7)?,
        key_fingerprint: text(8)?,
        command: text(9)?,
        created_at: row.int(10)?,
        expires_at: row.int(11)?,
        state: row.parsed::<State>(12)?,
    })
}

/// Ends what nobody decided or collected in time, of one account or of all. An approval from the future was opened before
/// a clock was set back: it is over too, rather than open for longer than it was meant to be (S9).
pub(super) fn lapse(tx: &mut Tx<'_>, account: Option<AccountId>, now: UnixTime) -> Result<(), StoreError> {
    let ended = match account {
        Some(account) => tx.query(
            "UPDATE approvals SET state = 'expired', evidence = NULL WHERE account = $1 \
             AND state IN ('pending', 'approved') AND (expires_at <= $2 OR created_at > $2) \
             RETURNING id, account, request, service, source",
            params![account, now],
        )?,
        None => tx.query(
            "UPDATE approvals SET state = 'expired', evidence = NULL WHERE \
             state IN ('pending', 'approved') AND (expires_at <= $1 OR created_at > $1) \
             RETURNING id, account, request, service, source",
            params![now],
        )?,
    };
    tell(tx, &ended, EventKind::ApprovalExpired, "expired", now)
}

/// Cancels the one that waits for the same account and source.
pub(super) fn supersede(
    tx: &mut Tx<'_>,
    account: AccountId,
    source: &str,
    why: Cancelling,
    now: UnixTime,
) -> Result<(), StoreError> {
    let ended = tx.query(
        "UPDATE approvals SET state = 'cancelled' WHERE account = $1 AND source = $2 AND state = 'pending' \
         RETURNING id, account, request, service, source",
        params![account, source],
    )?;
    tell(tx, &ended, EventKind::ApprovalCancelled, why.code(), now)
}

/// Writes a line for each of these rows (id, account, request, service, source).
pub(super) fn tell(
    tx: &mut Tx<'_>,
    ended: &[Row],
    kind: EventKind,
    result: &'static str,
    now: UnixTime,
) -> Result<(), StoreError> {
    for row in ended {
        let login = name_of(tx, row.parsed(1)?)?;
        let event = Event::new(kind, Actor::Samekey)
            .result(result)
            .about(login)
            .request(row.parsed(2)?)
            .at(Door::Shell, row.text(3)?)
            .detail("approval", row.parsed::<ApprovalId>(0)?)
            .detail("asked_from", row.text(4)?);
        audit::append(tx, &event, now)?;
    }
    Ok(())
}

/// The login name of an account, also of one that was removed.
pub(super) fn name_of(tx: &mut Tx<'_>, account: AccountId) -> Result<String, StoreError> {
    let row = tx.query_opt("SELECT name FROM accounts WHERE id = $1", params![account])?;
    let row = row.ok_or_else(|| StoreError::Inconsistent("an approval's account is not there".into()))?;
    Ok(row.text(0)?.to_owned())
}

/// How many were opened within so many seconds of now, and when the first of them was. A clock that was set back a long
/// way leaves rows in the future; those are not counted, or nobody could approve until it has caught up.
pub(super) fn opened_lately(
    tx: &mut Tx<'_>,
    account: AccountId,
    strangers: bool,
    now: UnixTime,
    window: i64,
) -> Result<(i64, UnixTime), StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(*), MIN(created_at) FROM approvals \
         WHERE account = $1 AND stranger = $2 AND created_at > $3 AND created_at < $4",
        params![account, strangers, now - window, now + window],
    )?;
    match row {
        Some(row) => Ok((row.int(0)?, row.opt_int(1)?.unwrap_or(now))),
        None => Ok((0, now)),
    }
}

/// When this source was last reported by the account's owner, within so many seconds.
pub(super) fn reported_lately(
    tx: &mut Tx<'_>,
    account: AccountId,
    source: &str,
    now: UnixTime,
    window: i64,
) -> Result<Option<UnixTime>, StoreError> {
    let row = tx.query_opt(
        "SELECT MAX(decided_at) FROM approvals WHERE account = $1 AND source = $2 AND state = 'reported' \
         AND decided_at > $3 AND decided_at < $4",
        params![account, source, now - window, now + window],
    )?;
    row.map_or(Ok(None), |row| row.opt_int(0))
}

/// Ends what is over, and forgets what was opened more than a day ago. The trail keeps its lines.
pub fn sweep(tx: &mut Tx<'_>, now: UnixTime) -> Result<u64, StoreError> {
    lapse(tx, None, now)?;
    tx.execute("DELETE FROM approvals WHERE created_at < $1", params![now - KEPT])
}
