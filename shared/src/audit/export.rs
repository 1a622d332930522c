//! The trail as JSON lines: each line holds the event's canonical text, its hash and the hash before it.

use super::canonical::quoted;
use super::chain::GENESIS;
use super::rows::{self, Record};
use crate::store::{Store, StoreError, Tx};
use std::io::Write;

const PAGE: u32 = 500;

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lines could not be written.
    #[error("the export cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

/// One line, without its end: `{"hash":…,"previous":…,"event":{…}}`, the event byte for byte as it was hashed.
pub fn line(previous: &str, record: &Record) -> String {
    format!(
        "{{\"hash\":{},\"previous\":{},\"event\":{}}}",
        quoted(&record.hash),
        quoted(previous),
        record.event
    )
}

/// Up to `limit` events after number `after` as JSON lines, and the number of the last of them (`after` if none).
pub fn lines_after(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<(String, i64), StoreError> {
    let mut previous = match after {
        ..=0 => GENESIS.to_owned(),
        _ => match rows::page(tx, after - 1, 1)?.pop() {
            Some(record) if record.seq == after => record.hash,
            _ => return Ok((String::new(), after)),
        },
    };
    let (mut out, mut last) = (String::new(), after.max(0));
    for record in rows::page(tx, after.max(0), limit)? {
        out.push_str(&line(&previous, &record));
        out.push('\n');
        last = record.seq;
        previous = record.hash;
    }
    Ok((out, last))
}

/// Writes the events after number `after` (0 for all) as JSON lines and tells how many there were.
pub fn json_lines(store: &Store, after: i64, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut previous = match after {
        ..=0 => GENESIS.to_owned(),
        _ => match store.read(|tx| rows::page(tx, after - 1, 1))?.pop() {
            Some(record) if record.seq == after => record.hash,
            _ => return Ok(0),
        },
    };
    let mut after = after;
    let mut written = 0;
    loop {
        let page = store.read(|tx| rows::page(tx, after, PAGE))?;
        if page.is_empty() {
            out.flush()?;
            return Ok(written);
        }
        for record in page {
            writeln!(out, "{}", line(&previous, &record))?;
            after = record.seq;
            previous = record.hash;
            written += 1;
        }
    }
}
