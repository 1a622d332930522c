//! Sign-ins per day, added up from the audit trail: by the background work as it goes, and the rest when somebody looks.

use samekey_shared::administration::{AdministrationError, Desk};
use samekey_shared::audit::{self, EventKind, Record};
use samekey_shared::clock::UnixTime;
use samekey_shared::params;
use samekey_shared::roles::Action;
use samekey_shared::store::{Store, StoreError, Tx};
use std::collections::BTreeMap;

/// Events added up at a time.
const STRETCH: u32 = 1000;

/// Days of the picture.
pub const DAYS: i64 = 30;

const DAY: i64 = 86_400;
const LET_IN: &str = "let-in";
const REFUSED: &str = "refused";

/// One day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Day {
    /// Days since 1970, in UTC.
    pub day: i64,
    /// Sign-ins that ended well, at either door.
    pub let_in: i64,
    /// Sign-ins that did not.
    pub refused: i64,
}

type Sums = BTreeMap<(i64, &'static str), i64>;

fn outcome(record: &Record) -> Option<&'static str> {
    match record.kind.parse() {
        Ok(EventKind::SignInGranted | EventKind::SignInExempt) => Some(LET_IN),
        Ok(EventKind::SignInRefused) => Some(REFUSED),
        _ => None,
    }
}

fn sum(records: &[Record]) -> Sums {
    let mut sums = Sums::new();
    for record in records {
        if let Some(outcome) = outcome(record) {
            *sums.entry((record.at.div_euclid(DAY), outcome)).or_default() += 1;
        }
    }
    sums
}

fn head(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let row = tx.query_opt("SELECT seq FROM sign_in_days_head WHERE id = 1", &[])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Adds up a stretch of what happened since the last look; whether there may be more.
pub fn follow(store: &Store) -> Result<bool, StoreError> {
    let waiting = store.read(|tx| {
        let seq = head(tx)?;
        Ok::<_, StoreError>(!audit::page(tx, seq, 1)?.is_empty())
    })?;
    if !waiting {
        return Ok(false);
    }
    store.write(|tx| {
        let seq = head(tx)?;
        let records = audit::page(tx, seq, STRETCH)?;
        for ((day, outcome), number) in sum(&records) {
            tx.execute(
                "INSERT INTO sign_in_days (day, outcome, number) VALUES ($1, $2, $3) ON CONFLICT (day, outcome) \
                 DO UPDATE SET number = sign_in_days.number + excluded.number",
                params![day, outcome, number],
            )?;
        }
        if let Some(last) = records.last() {
            tx.execute("UPDATE sign_in_days_head SET seq = $1 WHERE id = 1", params![last.seq])?;
        }
        Ok(records.len() == STRETCH as usize)
    })
}

/// The last [`DAYS`] days, the oldest first, none left out.
pub fn last(desk: &Desk<'_>) -> Result<Vec<Day>, AdministrationError> {
    desk.realm.store.read(|tx| {
        desk.allowed(tx, Action::OverviewSee, None)?;
        Ok(read(tx, desk.realm.clock.now())?)
    })
}

fn read(tx: &mut Tx<'_>, now: UnixTime) -> Result<Vec<Day>, StoreError> {
    let today = now.div_euclid(DAY);
    let first = today - DAYS + 1;
    let mut days: Vec<Day> = (first..=today).map(|day| Day { day, ..Day::default() }).collect();
    let mut add = |day: i64, outcome: &str, number: i64| {
        let found = days.iter_mut().find(|one| one.day == day);
        if let Some(found) = found {
            match outcome {
                LET_IN => found.let_in += number,
                _ => found.refused += number,
            }
        }
    };
    let rows = tx.query(
        "SELECT day, outcome, number FROM sign_in_days WHERE day >= $1 ORDER BY day",
        params![first],
    )?;
    for row in &rows {
        add(row.int(0)?, row.text(1)?, row.int(2)?);
    }
    let seq = head(tx)?;
    for ((day, outcome), number) in sum(&audit::page(tx, seq, STRETCH)?) {
        add(day, outcome, number);
    }
    Ok(days)
}
