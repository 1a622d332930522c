//! The hash chain and its verification.
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1) in hex  ||  canonical JSON of event n )      hash(0) = 64 zeros
//! ```
//!
//! So an auditor needs nothing of ours: `printf '%s%s' "$previous" "$event" | sha256sum`. Whoever can write to the
//! whole store could rewrite the chain from some event on; a head noted elsewhere (`Report::head`) tells that.

use super::rows::{self, Head, Record};
use crate::store::{Store, StoreError};
use ring::digest::{Context, SHA256};
use std::fmt;

/// The hash before the first event.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const PAGE: u32 = 1000;

/// The hash of an event that follows `previous`, in hex.
pub fn link(previous: &str, event: &str) -> String {
    let mut context = Context::new(&SHA256);
    context.update(previous.as_bytes());
    context.update(event.as_bytes());
    data_encoding::HEXLOWER.encode(context.finish().as_ref())
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many events stand in an unbroken chain from the first one on.
    pub events: i64,
    /// The head that the store claimed when the verification began.
    pub head: Head,
    /// The first place where the chain does not hold.
    pub broken_at: Option<Break>,
}

/// A place where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The number of the event.
    pub seq: i64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no event of this number, although later ones or the head say that there was.
    Missing,
    /// Its hash is not that of its text and its predecessor: one of them was changed.
    Altered,
    /// Its columns tell something else than the text that was hashed.
    Relabelled,
    /// It stands after the end that the head names, or has another hash than the head.
    Headless,
    /// It has another hash than was noted for it elsewhere: the chain was written anew.
    Rewritten,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            Fault::Missing => "is missing",
            Fault::Altered => "or the one before it was changed",
            Fault::Relabelled => "is filed under something else than it tells",
            Fault::Headless => "does not agree with the recorded end of the chain",
            Fault::Rewritten => "has another hash than was noted: the chain was written anew",
        };
        write!(f, "event {} {what}", self.seq)
    }
}

/// Follows the chain from the first event to the head that the store names now.
pub fn verify(store: &Store) -> Result<Report, StoreError> {
    verify_against(store, None)
}

/// As [`verify`]; `noted` is a head that was kept outside the store and must still be part of the chain.
pub fn verify_against(store: &Store, noted: Option<&Head>) -> Result<Report, StoreError> {
    let (head, last) = store.read(|tx| Ok::<_, StoreError>((rows::head(tx)?, rows::last_seq(tx)?)))?;
    let mut walk = Walk {
        seq: 0,
        hash: GENESIS.to_owned(),
        noted,
    };
    let broken_at = loop {
        let after = walk.seq;
        // Events after the head were appended while we walked: the next verification's matter.
        let mut page = store.read(|tx| rows::page(tx, after, PAGE))?;
        page.retain(|record| record.seq <= head.seq);
        if page.is_empty() {
            break walk.ended(&head, last);
        }
        if let Err(broken) = page.iter().try_for_each(|record| walk.step(record)) {
            break Some(broken);
        }
    };
    Ok(Report {
        events: walk.seq,
        head,
        broken_at,
    })
}

struct Walk<'a> {
    seq: i64,
    hash: String,
    noted: Option<&'a Head>,
}

impl Walk<'_> {
    fn step(&mut self, record: &Record) -> Result<(), Break> {
        let seq = self.seq + 1;
        let broken = |fault| Err(Break { seq, fault });
        if record.seq != seq {
            return broken(Fault::Missing);
        }
        if link(&self.hash, &record.event) != record.hash {
            return broken(Fault::Altered);
        }
        if !labels_agree(record) {
            return broken(Fault::Relabelled);
        }
        if self
            .noted
            .is_some_and(|noted| noted.seq == seq && noted.hash != record.hash)
        {
            return broken(Fault::Rewritten);
        }
        self.seq = seq;
        self.hash.clone_from(&record.hash);
        Ok(())
    }

    fn ended(&self, head: &Head, last: i64) -> Option<Break> {
        let broken = |seq, fault| Some(Break { seq, fault });
        if self.seq < head.seq {
            return broken(self.seq + 1, Fault::Missing);
        }
        if last > head.seq {
            return broken(head.seq + 1, Fault::Headless);
        }
        if self.hash != head.hash {
            return broken(head.seq, Fault::Headless);
        }
        if self.noted.is_some_and(|noted| noted.seq > head.seq) {
            return broken(head.seq + 1, Fault::Missing);
        }
        None
    }
}

/// Whether the columns by which events are found tell the same as the text.
fn labels_agree(record: &Record) -> bool {
    let Ok(told) = serde_json::from_str::<serde_json::Value>(&record.event) else {
        return false;
    };
    let text = |name: &str| told.get(name).and_then(serde_json::Value::as_str);
    let number = |name: &str| told.get(name).and_then(serde_json::Value::as_i64);
    number("seq") == Some(record.seq)
        && number("at") == Some(record.at)
        && text("kind") == Some(&record.kind)
        && text("subject") == record.subject.as_deref()
        && text("request") == record.request.as_deref()
}
