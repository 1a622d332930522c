//! Reminders of the day on which a second factor becomes necessary: fourteen days before, three days before, on the day (R3).

use super::{Letter, LetterKind, rows, write};
use crate::accounts::{self, AccountState};
use crate::devices;
use crate::flows::FlowError;
use crate::flows::ordinary::Ordinary;
use crate::realm::Realm;
use crate::source::Source;
use std::collections::BTreeSet;

const DAY: i64 = 86_400;
/// Days before the deadline.
const STEPS: [i64; 3] = [0, 3, 14];
/// Accounts looked at in one unit.
const BATCH: u32 = 100;

/// Writes the reminders that are due and were not written yet. May run anywhere and at any time: each is written once.
pub fn remind(realm: &Realm) -> Result<(), FlowError> {
    if !realm.mail {
        return Ok(());
    }
    let mut after: Option<String> = None;
    loop {
        // A look first: on most days there is nothing to write, and a write would hold up sign-ins.
        let page = realm
            .store
            .read(|tx| accounts::rows::list(tx, after.as_deref(), BATCH))?;
        let Some(last) = page.last() else { break };
        after = Some(last.name.to_string());
        for account in page.iter().filter(|one| one.state == AccountState::Active) {
            let due = realm.store.read(|tx| step(realm, tx, account))?;
            let Some((deadline, days)) = due else { continue };
            realm.store.write(|tx| {
                let now = realm.clock.now();
                if rows::note_reminder(tx, account.id, deadline, days)? {
                    let letter = Letter {
                        account: account.id,
                        kind: LetterKind::Deadline { at: deadline },
                        source: None,
                    };
                    write(tx, realm, &letter, now)?;
                }
                Ok::<_, FlowError>(())
            })?;
        }
    }
    let past = realm.clock.now() - 30 * DAY;
    Ok(realm.store.write(|tx| rows::forget_reminders(tx, past))?)
}

/// The account's deadline and the step that it has come to.
fn step(
    realm: &Realm,
    tx: &mut crate::store::Tx<'_>,
    account: &accounts::Account,
) -> Result<Option<(i64, i64)>, FlowError> {
    let bound = devices::rows::bound(tx, account.id)?;
    if bound.devices.iter().any(|one| one.kind.is_lasting()) {
        return Ok(None);
    }
    let ordinary = Ordinary::of(realm, tx, account, &Source::Unknown)?;
    let now = realm.clock.now();
    let Some(deadline) = ordinary.due(account, &BTreeSet::new(), now) else {
        return Ok(None);
    };
    let left = deadline.saturating_sub(now);
    let step = STEPS.into_iter().find(|days| left <= days.max(&1) * DAY);
    Ok(step.map(|days| (deadline, days)))
}
