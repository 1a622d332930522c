//! The rows of FIDO credentials: bind, find, and the rule of the counter.

use super::super::device::{Device, DeviceError, Limits, Unbinding, UnboundWhy};
use super::super::{DeviceName, rows};
use super::{Credential, NewCredential};
use crate::accounts::LoginName;
use crate::clock::UnixTime;
use crate::entropy::Entropy;
use crate::ids::{AccountId, DeviceId};
use crate::methods::fido::Seen;
use crate::params;
use crate::store::{Row, StoreError, Tx};

/// A query for whole credentials, in the order that `credential` reads.
macro_rules! credentials {
    ($tail:literal) => {
        concat!(
            "SELECT f.device, f.account, d.kind, d.name, f.credential_id, f.rp_id, f.public_key, f.sign_count, \
             f.aaguid, f.transports, f.discoverable, f.user_verified, f.backup_eligible, f.backed_up, f.attested, \
             f.app_id, f.replaces FROM fido f JOIN devices d ON d.id = f.device ",
            $tail
        )
    };
}

/// Binds a credential. `replaces` names an old FIDO device of the same account, which goes when this one has signed
/// once: until then it keeps its slot, and the new one needs none of its own.
#[expect(
    clippy::too_many_arguments,
    reason = "what a binding is made of; the other kinds have one less"
)]
pub fn insert(
    tx: &mut Tx<'_>,
    entropy: &dyn Entropy,
    account: AccountId,
    name: &DeviceName,
    new: &NewCredential,
    limits: Limits,
    replaces: Option<DeviceId>,
    now: UnixTime,
) -> Result<Device, DeviceError> {
    let (mut room, most) = (limits, limits.fido);
    if let Some(old) = replaces {
        let known = of_account(tx, account)?.into_iter().any(|one| one.device == old);
        let awaited = tx.query_opt("SELECT device FROM fido WHERE replaces = $1", params![old])?;
        if !known || awaited.is_some() {
            return Err(DeviceError::NotFound);
        }
        room.fido = most.saturating_add(1);
    }
    let device = rows::insert(tx, entropy, account, new.kind(), name, room, now).map_err(|error| match error {
        DeviceError::LimitReached { kind, .. } => DeviceError::LimitReached { kind, most },
        other => other,
    })?;
    let made = tx.execute(
        "INSERT INTO fido (device, account, credential_id, rp_id, app_id, public_key, sign_count, aaguid, transports, \
         discoverable, user_verified, backup_eligible, backed_up, attested, replaces) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING",
        params![
            device.id,
            account,
            new.credential_id.as_slice(),
            new.rp_id.as_str(),
            new.app_id.clone(),
            new.public_key.as_slice(),
            i64::from(new.sign_count),
            new.aaguid.as_slice(),
            new.transports.join(","),
            new.discoverable,
            new.user_verified,
            new.backup_eligible,
            new.backed_up,
            new.attested,
            replaces
        ],
    )?;
    if made == 0 {
        return Err(DeviceError::CredentialTaken);
    }
    Ok(device)
}

/// The credentials of an account, oldest first.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Credential>, StoreError> {
    tx.query(
        credentials!("WHERE f.account = $1 ORDER BY d.created_at, d.id"),
        params![account],
    )?
    .iter()
    .map(credential)
    .collect()
}

/// Whether the account of this name has any credential: a look that is cheaper than what offering one takes.
pub fn has_any(tx: &mut Tx<'_>, name: &LoginName) -> Result<bool, StoreError> {
    let found = tx.query(
        "SELECT f.device FROM accounts a JOIN fido f ON f.account = a.id WHERE a.name = $1 AND a.removed_at IS NULL LIMIT 1",
        params![name],
    )?;
    Ok(!found.is_empty())
}

/// The credential with this id, whosever it is.
pub fn by_credential_id(tx: &mut Tx<'_>, credential_id: &[u8]) -> Result<Option<Credential>, StoreError> {
    tx.query_opt(credentials!("WHERE f.credential_id = $1"), params![credential_id])?
        .as_ref()
        .map(credential)
        .transpose()
}

/// Moves the counter on and notes the backup state; false where the counter did not grow, so that there may be a copy
/// of the key (WebAuthn Level 3, 7.2, step 22). Authenticators that keep no counter always tell 0. One statement: of
/// two uses of one signature, one changes the row.
pub fn advance(tx: &mut Tx<'_>, device: DeviceId, seen: &Seen) -> Result<bool, StoreError> {
    let count = i64::from(seen.sign_count);
    let moved = tx.execute(
        "UPDATE fido SET sign_count = $1, backed_up = $2 \
         WHERE device = $3 AND (sign_count < $4 OR (sign_count = 0 AND sign_count = $5))",
        params![count, seen.backed_up, device, count, count],
    )?;
    Ok(moved == 1)
}

/// Unbinds the device that this one was bound to replace, now that this one has signed; the device that went.
pub fn settle_replacement(tx: &mut Tx<'_>, new: &Credential, end: UnixTime) -> Result<Option<Device>, DeviceError> {
    let Some(old) = new.replaces else { return Ok(None) };
    let gone = rows::bound(tx, new.account)?
        .devices
        .into_iter()
        .find(|one| one.id == old);
    tx.execute("UPDATE fido SET replaces = NULL WHERE device = $1", params![new.device])?;
    if gone.is_some() {
        let end = Unbinding {
            at: end,
            by: "samekey".to_owned(),
            why: UnboundWhy::Replaced,
        };
        rows::unbind(tx, new.account, old, &end)?;
    }
    Ok(gone)
}

fn credential(row: &Row) -> Result<Credential, StoreError> {
    let wrong = |what: &str| StoreError::Inconsistent(format!("a FIDO credential has {what}"));
    let yes = |column| row.int(column).map(|value| value != 0);
    let transports = row.text(9)?;
    Ok(Credential {
        device: row.parsed(0)?,
        account: row.parsed(1)?,
        kind: row.parsed(2)?,
        name: row.parsed(3)?,
        stored: NewCredential {
            credential_id: row.bytes(4)?.to_vec(),
            rp_id: row.text(5)?.to_owned(),
            public_key: row.bytes(6)?.to_vec(),
            sign_count: u32::try_from(row.int(7)?).map_err(|_| wrong("a counter out of range"))?,
            aaguid: row
                .bytes(8)?
                .try_into()
                .map_err(|_| wrong("a model id of another length"))?,
            transports: transports
                .split(',')
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
            discoverable: row.opt_int(10)?.map(|value| value != 0),
            user_verified: yes(11)?,
            backup_eligible: yes(12)?,
            backed_up: yes(13)?,
            attested: yes(14)?,
            app_id: row.opt_text(15)?.map(str::to_owned),
        },
        replaces: row
            .opt_text(16)?
            .map(str::parse)
            .transpose()
            .map_err(|_| wrong("a successor without id"))?,
    })
}
