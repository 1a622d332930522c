//! Checks a recovery code and spends it: the slow part before the unit of work, the spending in it.

use super::{Checked, Evidence, Method, MethodError};
use crate::accounts::PasswordCost;
use crate::accounts::password::{self, Match, PasswordHash};
use crate::clock::UnixTime;
use crate::devices::recovery::{read, tag_of};
use crate::ids::{AccountId, DeviceId};
use crate::params;
use crate::secrets::{Keyring, SecretText};
use crate::store::{Store, StoreError, Tx};

/// A typed code, compared but not spent. It is worth nothing until [`spend`] accepts it.
#[must_use]
#[derive(Debug)]
pub struct Prepared(Option<Candidate>);

#[derive(Debug)]
struct Candidate {
    device: DeviceId,
    tag: i64,
}

/// Finds the one stored code that this could be and compares it: one Argon2, whether there is such a code or not.
/// Call it outside a unit of work.
pub fn prepare(
    store: &Store,
    keyring: &Keyring,
    cost: &PasswordCost,
    account: AccountId,
    typed: &str,
) -> Result<Prepared, MethodError> {
    let code = read(typed);
    let found = match &code {
        Some(code) => stored(store, account, i64::from(tag_of(keyring, account, code)))?,
        None => Vec::new(),
    };
    let mut right = None;
    let nothing = SecretText::default();
    if found.is_empty() {
        // Nothing fits: the same time passes.
        let _ = password::decoy(cost, code.as_ref().unwrap_or(&nothing))?;
    }
    // More than one only if the policy allows several sets and two of their tags are alike.
    for (candidate, hash) in found {
        if let Match::Right { .. } = password::verify(&hash, code.as_ref().unwrap_or(&nothing), cost)? {
            right = Some(candidate);
        }
    }
    Ok(Prepared(right))
}

/// Spends the code in the caller's unit: one statement, one changed row, whoever else tries the same.
pub fn spend(tx: &mut Tx<'_>, prepared: &Prepared, now: UnixTime) -> Result<Checked, MethodError> {
    let Some(Candidate { device, tag }) = &prepared.0 else {
        return Ok(Checked::Wrong);
    };
    let spent = tx.execute(
        "UPDATE recovery_codes SET used_at = $1 WHERE device = $2 AND tag = $3 AND used_at IS NULL",
        params![now, *device, *tag],
    )?;
    match spent {
        1 => Ok(Checked::Accepted(Evidence::mint(Method::RecoveryCode, *device, now))),
        _ => Ok(Checked::Replayed),
    }
}

fn stored(store: &Store, account: AccountId, tag: i64) -> Result<Vec<(Candidate, PasswordHash)>, StoreError> {
    store.read(|tx| {
        tx.query(
            "SELECT device, tag, hash FROM recovery_codes WHERE account = $1 AND tag = $2 ORDER BY device",
            params![account, tag],
        )?
        .iter()
        .map(|row| {
            let candidate = Candidate {
                device: row.parsed(0)?,
                tag: row.int(1)?,
            };
            Ok((candidate, PasswordHash::from_store(row.text(2)?)))
        })
        .collect()
    })
}
