//! What ends the waiting: the owner's word, the login's going away, time; and the one collection of a yes.

use super::approval::State;
use super::code::Number;
use super::rows;
use crate::audit::{self, Actor, Event, EventKind};
use crate::clock::UnixTime;
use crate::ids::{AccountId, ApprovalId, RequestId};
use crate::methods::{self, Evidence};
use crate::params;
use crate::source::{Door, Source};
use crate::store::{StoreError, Tx};

/// Who decides, as the browser's session and address tell.
#[derive(Debug, Clone)]
pub struct Decider<'a> {
    /// The account that is signed in there.
    pub account: AccountId,
    /// Where the browser is.
    pub source: &'a Source,
    /// The page's request.
    pub request: RequestId,
}

/// What became of a decision.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It holds.
    Taken,
    /// The number was another one; nobody can approve this login any more.
    WrongNumber,
    /// There was nothing to decide: somebody else's, decided before, over, or never there.
    Gone,
}

/// How somebody says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denying {
    /// No.
    Deny,
    /// No, and it was not I who asked: the source may not ask again for an hour.
    Report,
}

/// Why a login no longer waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelling {
    /// The person gave up, or the connection broke.
    GaveUp,
    /// The person chose another method.
    OtherMethod,
    /// Another login of the same account from the same source took its place.
    Superseded,
    /// Its owner says that something was not them; everything open ends.
    Objected,
}

impl Cancelling {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::GaveUp => "gave_up",
            Self::OtherMethod => "other_method",
            Self::Superseded => "superseded",
            Self::Objected => "objected",
        }
    }
}

/// What a waiting login finds.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// Nobody has decided.
    Pending,
    /// Approved, and spent by this very statement.
    Approved(Evidence),
    /// Denied or reported.
    Denied,
    /// A wrong number was copied.
    WrongNumber,
    /// Its time ran out.
    Expired,
    /// Cancelled, collected before, or never there.
    Cancelled,
}

/// Approves, if the number is the one at the prompt. The evidence must be of a key of this account, shown for a challenge
/// that is bound to this approval's id: the caller checks that in the same unit.
///
/// A wrong number burns the approval: with ninety numbers, a second guess would be worth something.
pub fn approve(
    tx: &mut Tx<'_>,
    id: ApprovalId,
    decider: &Decider<'_>,
    number: &str,
    evidence: &Evidence,
    now: UnixTime,
) -> Result<Decision, StoreError> {
    rows::lapse(tx, Some(decider.account), now)?;
    let typed = Number::typed(number).map_or(0, Number::value);
    let record = serde_json::to_string(&evidence.record()).map_err(|why| StoreError::Inconsistent(why.to_string()))?;
    let source = decider.source.to_string();
    let approved = tx.query_opt(
        "UPDATE approvals SET state = 'approved', evidence = $1, decided_at = $2, decided_from = $3 \
         WHERE id = $4 AND account = $5 AND state = 'pending' AND number = $6 AND created_at <= $2 AND expires_at > $2 \
         RETURNING service, request, source",
        params![record, now, source.as_str(), id, decider.account, typed],
    )?;
    if let Some(row) = approved {
        let mut event = decided(tx, EventKind::ApprovalApproved, id, decider, &row)?.method(evidence.method());
        if let Some(device) = evidence.device() {
            event = event.detail("device", device);
        }
        audit::append(tx, &event, now)?;
        return Ok(Decision::Taken);
    }
    let burned = end(tx, State::WrongNumber, id, decider, now)?;
    let Some(row) = burned else {
        return Ok(Decision::Gone);
    };
    let event = decided(tx, EventKind::ApprovalDenied, id, decider, &row)?.result("wrong_number");
    audit::append(tx, &event, now)?;
    Ok(Decision::WrongNumber)
}

/// Denies. Needs no passkey: saying no must be easy.
pub fn deny(
    tx: &mut Tx<'_>,
    id: ApprovalId,
    decider: &Decider<'_>,
    how: Denying,
    now: UnixTime,
) -> Result<Decision, StoreError> {
    rows::lapse(tx, Some(decider.account), now)?;
    let (state, kind) = match how {
        Denying::Deny => (State::Denied, EventKind::ApprovalDenied),
        Denying::Report => (State::Reported, EventKind::ApprovalReported),
    };
    let Some(row) = end(tx, state, id, decider, now)? else {
        return Ok(Decision::Gone);
    };
    let event = decided(tx, kind, id, decider, &row)?.result("denied");
    audit::append(tx, &event, now)?;
    Ok(Decision::Taken)
}

/// Ends a pending approval of the decider's own.
fn end(
    tx: &mut Tx<'_>,
    state: State,
    id: ApprovalId,
    decider: &Decider<'_>,
    now: UnixTime,
) -> Result<Option<crate::store::Row>, StoreError> {
    let source = decider.source.to_string();
    tx.query_opt(
        "UPDATE approvals SET state = $1, decided_at = $2, decided_from = $3 \
         WHERE id = $4 AND account = $5 AND state = 'pending' AND created_at <= $2 AND expires_at > $2 \
         RETURNING service, request, source",
        params![state.as_str(), now, source.as_str(), id, decider.account],
    )
}

/// The line about a decision; `row` tells service, sign-in and source of the login.
fn decided(
    tx: &mut Tx<'_>,
    kind: EventKind,
    id: ApprovalId,
    decider: &Decider<'_>,
    row: &crate::store::Row,
) -> Result<Event, StoreError> {
    let login = rows::name_of(tx, decider.account)?;
    Ok(Event::new(kind, Actor::Account(login.clone()))
        .about(login)
        .request(row.parsed(1)?)
        .at(Door::Web, row.text(0)?)
        .from(decider.source)
        .detail("approval", id)
        .detail("asked_from", row.text(2)?)
        .detail("page", decider.request))
}

/// Cancels what this sign-in has open, decided or not; true if there was something.
pub fn cancel(tx: &mut Tx<'_>, request: RequestId, why: Cancelling, now: UnixTime) -> Result<bool, StoreError> {
    let ended = tx.query(
        "UPDATE approvals SET state = 'cancelled', evidence = NULL WHERE request = $1 AND state IN ('pending', 'approved') \
         RETURNING id, account, request, service, source",
        params![request],
    )?;
    rows::tell(tx, &ended, EventKind::ApprovalCancelled, why.code(), now)?;
    Ok(!ended.is_empty())
}

/// Cancels everything that this account's logins have open, decided or not; how much there was.
pub fn cancel_all(tx: &mut Tx<'_>, account: AccountId, now: UnixTime) -> Result<usize, StoreError> {
    let ended = tx.query(
        "UPDATE approvals SET state = 'cancelled', evidence = NULL WHERE account = $1 AND state IN ('pending', 'approved') \
         RETURNING id, account, request, service, source",
        params![account],
    )?;
    rows::tell(
        tx,
        &ended,
        EventKind::ApprovalCancelled,
        Cancelling::Objected.code(),
        now,
    )?;
    Ok(ended.len())
}

/// What became of it, for the login that waits. A yes is spent by the statement that finds it.
pub fn collect(
    tx: &mut Tx<'_>,
    id: ApprovalId,
    request: RequestId,
    account: AccountId,
    now: UnixTime,
) -> Result<Collected, StoreError> {
    rows::lapse(tx, Some(account), now)?;
    let yes = tx.query_opt(
        "UPDATE approvals SET state = 'collected' \
         WHERE id = $1 AND request = $2 AND account = $3 AND state = 'approved' AND created_at <= $4 AND expires_at > $4 \
         RETURNING evidence",
        params![id, request, account, now],
    )?;
    if let Some(row) = yes {
        // The row is ours alone to write: `approve` put there what a check of this account's own key had minted.
        let record = serde_json::from_str(row.text(0)?)
            .map_err(|why| StoreError::Inconsistent(format!("an approval's evidence cannot be read: {why}")))?;
        return Ok(Collected::Approved(methods::recall(record)));
    }
    let found = rows::by_id(tx, id, account)?.filter(|found| found.request == request);
    Ok(match found.map(|found| found.state) {
        Some(State::Pending) => Collected::Pending,
        Some(State::Denied | State::Reported) => Collected::Denied,
        Some(State::WrongNumber) => Collected::WrongNumber,
        Some(State::Expired) => Collected::Expired,
        // Approved, and yet not ours to collect: cannot be, after the lapse above; nobody is let in on it.
        Some(State::Approved | State::Collected | State::Cancelled) | None => Collected::Cancelled,
    })
}
