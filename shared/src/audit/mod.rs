//! The audit trail: every event that matters, in one hash chain, appended in the same unit of work as what it tells of.
//!
//! ```text
//! store.write(|tx| {
//!     devices::rows::unbind(tx, ...)?;
//!     audit::append(tx, &Event::new(EventKind::DeviceUnbound, actor).about(&name), now)
//! })
//! ```
//!
//! Either both are there or neither is. Everybody's events pass through the chain's one head row.

mod canonical;
mod chain;
mod event;
mod export;
mod kind;
mod rows;
pub mod syslog;
pub mod utc;

pub use chain::{Break, Fault, Report, link, verify, verify_against};
pub use event::{Actor, Event};
pub use export::{ExportError, json_lines, line, lines_after};
pub use kind::{EventKind, NotAnEvent};
pub use rows::{Head, Record, SCHEMA, about, before, first_from, last_sign_in, of_request, page, tail};

use crate::clock::UnixTime;
use crate::store::{StoreError, Tx};

/// Appends an event to the chain within the caller's unit of work and gives the place it got.
pub fn append(tx: &mut Tx<'_>, event: &Event, now: UnixTime) -> Result<Head, StoreError> {
    // Units that write run one after another, so the head that is read is still the head when it is moved.
    let before = rows::head(tx)?;
    let seq = before.seq + 1;
    let text = event.canonical(seq, now);
    let hash = link(&before.hash, &text);
    let record = Record {
        seq,
        at: now,
        kind: event.kind.to_string(),
        subject: event.subject_text(),
        request: event.request.map(|request| request.to_string()),
        event: text,
        hash,
    };
    rows::put(tx, &record)?;
    Ok(Head {
        seq: record.seq,
        hash: record.hash,
    })
}

#[cfg(test)]
mod tests;
