//! Moves every sealed value of the store to the active key, after a rotation.

use super::keyring::{KeyId, Keyring};
use super::seal::sealed_with;
use super::{Place, SealError};
use crate::entropy::Entropy;
use crate::store::{Store, StoreError};
use std::collections::BTreeSet;

/// A column of sealed values. Each domain lists its own in its `rows.rs`.
#[derive(Debug, Clone, Copy)]
pub struct SealedColumn {
    /// The table, as in the place of each value.
    pub table: &'static str,
    /// The column, as in the place of each value.
    pub column: &'static str,
    /// `SELECT <row key>, <column> … WHERE <row key> > $1 ORDER BY <row key> LIMIT $2`, the key as text.
    pub after: &'static str,
    /// `UPDATE … SET <column> = $1 WHERE <row key> = $2 AND <column> = $3`: a value changed meanwhile is left alone.
    pub replace: &'static str,
}

/// What a pass over the store found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Sealed values seen.
    pub seen: u64,
    /// Those moved to the active key.
    pub moved: u64,
    /// Those that no key opens: they were left as they are, and need a backup.
    pub unreadable: Vec<Place>,
    /// The keys that values still name after the pass.
    pub in_use: BTreeSet<KeyId>,
}

/// Values per unit of work: sign-ins go on between two of them.
const BATCH: i64 = 256;

/// Moves everything to the active key. May run while sign-ins do, and again after a crash.
pub fn all(
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    columns: &[SealedColumn],
) -> Result<Report, ResealError> {
    let mut report = Report::default();
    for column in columns {
        let mut after = Some(String::new());
        while let Some(from) = after {
            let (last, part) = store.write(|tx| batch(tx, keyring, entropy, *column, &from))?;
            report.add(part);
            after = last;
        }
    }
    Ok(report)
}

/// Why the pass stopped. What was moved until then stays moved.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring, or the randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Report {
    fn add(&mut self, part: Self) {
        self.seen += part.seen;
        self.moved += part.moved;
        self.unreadable.extend(part.unreadable);
        self.in_use.extend(part.in_use);
    }
}

fn batch(
    tx: &mut crate::store::Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    column: SealedColumn,
    after: &str,
) -> Result<(Option<String>, Report), ResealError> {
    let mut report = Report::default();
    let mut last = None;
    for row in tx.query(column.after, crate::params![after, BATCH])? {
        let (key, sealed) = (row.text(0)?.to_owned(), row.bytes(1)?);
        let place = Place::new(column.table, column.column, &key);
        report.seen += 1;
        match keyring.open(&place, sealed) {
            Ok(_) if sealed_with(sealed) == Some(keyring.active_id()) => {
                report.in_use.insert(keyring.active_id());
            }
            Ok(plain) => {
                let moved = keyring.seal(entropy, &place, plain.expose())?;
                report.in_use.extend(sealed_with(&moved));
                report.moved += tx.execute(column.replace, crate::params![moved, key.as_str(), sealed])?;
            }
            Err(SealError::Broken(_) | SealError::UnknownKey { .. }) => {
                report.in_use.extend(sealed_with(sealed));
                report.unreadable.push(place);
            }
            Err(error) => return Err(error.into()),
        }
        last = Some(key);
    }
    Ok((last, report))
}
