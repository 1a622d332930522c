//! The audit trail searched: newest first, page by page by the events' numbers, a bounded stretch at a time.

use super::{AdministrationError, Desk};
use crate::audit::{self, EventKind, Record};
use crate::clock::UnixTime;
use crate::ids::RequestId;
use crate::roles::Action;
use crate::store::{StoreError, Tx};

/// Events read at a time.
const STRETCH: u32 = 500;

/// Stretches that one page looks through; it then says where to go on.
const MOST_STRETCHES: u32 = 10;

/// What is looked for; nothing is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// About this login name.
    pub account: Option<String>,
    /// Of this kind.
    pub kind: Option<EventKind>,
    /// Of this sign-in or request.
    pub request: Option<RequestId>,
    /// At this moment or later.
    pub from: Option<UnixTime>,
    /// Before this moment.
    pub until: Option<UnixTime>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Newest first.
    pub records: Vec<Record>,
    /// Where to go on: events before this number were not looked at yet.
    pub next: Option<i64>,
}

impl Search {
    fn takes(&self, record: &Record) -> bool {
        let subject = self
            .account
            .as_deref()
            .is_none_or(|name| record.subject.as_deref() == Some(name));
        let kind = self.kind.is_none_or(|kind| record.kind == kind.as_str());
        let from = self.from.is_none_or(|from| record.at >= from);
        subject && kind && from && self.until.is_none_or(|until| record.at < until)
    }

    fn stretch(&self, tx: &mut Tx<'_>, before: i64) -> Result<Vec<Record>, StoreError> {
        match &self.account {
            Some(name) => audit::about(tx, name, Some(before), STRETCH),
            None => audit::before(tx, before, STRETCH),
        }
    }
}

impl Desk<'_> {
    /// At most `limit` events before number `before`, newest first.
    pub fn events(&self, search: &Search, before: Option<i64>, limit: usize) -> Result<Found, AdministrationError> {
        self.realm.store.read(|tx| {
            self.allowed(tx, Action::AuditSee, None)?;
            if let Some(request) = search.request {
                let mut records = audit::of_request(tx, request)?;
                records.retain(|record| search.takes(record));
                records.reverse();
                return Ok(Found { records, next: None });
            }
            let end = match search.until {
                Some(until) => audit::first_from(tx, until)?,
                None => i64::MAX,
            };
            Ok(walk(tx, search, before.unwrap_or(i64::MAX).min(end), limit)?)
        })
    }

    /// Up to `limit` events after number `after`, each as a line of the export; the number of the last one.
    pub fn export(&self, after: i64, limit: u32) -> Result<(String, i64), AdministrationError> {
        self.realm.store.read(|tx| {
            self.allowed(tx, Action::AuditExport, None)?;
            Ok(audit::lines_after(tx, after, limit)?)
        })
    }
}

fn walk(tx: &mut Tx<'_>, search: &Search, before: i64, limit: usize) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let mut before = before;
    for _ in 0..MOST_STRETCHES {
        let stretch = search.stretch(tx, before)?;
        let whole = stretch.len() == STRETCH as usize;
        for record in stretch {
            before = record.seq;
            // Numbers follow time, as far as the clock did.
            if search.from.is_some_and(|from| record.at < from) {
                return Ok(found);
            }
            if search.takes(&record) {
                found.records.push(record);
                if found.records.len() == limit {
                    found.next = Some(before);
                    return Ok(found);
                }
            }
        }
        if !whole {
            return Ok(found);
        }
    }
    found.next = Some(before);
    Ok(found)
}
