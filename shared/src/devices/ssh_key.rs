//! SSH keys that are enrolled: served to sshd as its authorized keys, and known again when sshd says which one came first.

use super::device::{Device, DeviceError, DeviceKind, Limits};
use super::{DeviceName, rows};
use crate::accounts::LoginName;
use crate::clock::UnixTime;
use crate::entropy::Entropy;
use crate::ids::{AccountId, DeviceId};
use crate::params;
use crate::ssh::PublicKey;
use crate::store::{Row, StoreError, Tx};

/// Whether sshd must see, in each signature, that the key checked its person by PIN or fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It must: the key is served with `verify-required`.
    Demanded,
    /// It need not; a touch will do, or nothing for a key that is a file.
    NotDemanded,
}

impl Verification {
    /// Whether it must.
    pub fn is_demanded(self) -> bool {
        self == Self::Demanded
    }
}

/// A key that is to be enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    key: PublicKey,
    verification: Verification,
}

impl NewKey {
    /// A key on these terms. A key that is a file cannot check anybody, whatever is wished.
    pub fn new(key: PublicKey, verification: Verification) -> Self {
        let verification = if key.is_security_key() {
            verification
        } else {
            Verification::NotDemanded
        };
        Self { key, verification }
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// On which terms.
    pub fn verification(&self) -> Verification {
        self.verification
    }
}

/// A key that is enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledKey {
    /// Its device.
    pub device: DeviceId,
    /// What it is called.
    pub name: DeviceName,
    /// The key.
    pub key: PublicKey,
    /// Its terms.
    pub verification: Verification,
}

impl EnrolledKey {
    /// The line of `authorized_keys` (sshd(8)) that it is served by: one line, whatever its name.
    pub fn line(&self) -> String {
        let terms = if self.verification.is_demanded() {
            "verify-required "
        } else {
            ""
        };
        format!(
            "{terms}{} {} samekey:{}",
            self.key.key_type(),
            self.key.base64(),
            self.name
        )
    }
}

/// A query for whole keys, in the order that `enrolled` reads.
macro_rules! keys {
    ($tail:literal) => {
        concat!(
            "SELECT k.device, d.name, k.key_type, k.key_text, k.verification FROM ssh_keys k JOIN devices d ON d.id = k.device ",
            $tail
        )
    };
}

/// Enrols a key, if there is room and nobody has it.
pub fn insert(
    tx: &mut Tx<'_>,
    entropy: &dyn Entropy,
    account: AccountId,
    name: &DeviceName,
    new: &NewKey,
    limits: Limits,
    now: UnixTime,
) -> Result<Device, DeviceError> {
    let device = rows::insert(tx, entropy, account, DeviceKind::SshKey, name, limits, now)?;
    let made = tx.execute(
        "INSERT INTO ssh_keys (device, account, key_type, key_text, fingerprint, verification) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        params![
            device.id,
            account,
            new.key.key_type(),
            new.key.base64(),
            new.key.fingerprint(),
            new.verification.is_demanded()
        ],
    )?;
    if made == 0 {
        return Err(DeviceError::CredentialTaken);
    }
    Ok(device)
}

/// The keys of an account, oldest first.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<EnrolledKey>, StoreError> {
    tx.query(
        keys!("WHERE k.account = $1 ORDER BY d.created_at, d.id"),
        params![account],
    )?
    .iter()
    .map(enrolled)
    .collect()
}

/// The key of this account with this fingerprint.
pub fn find(tx: &mut Tx<'_>, account: AccountId, fingerprint: &str) -> Result<Option<EnrolledKey>, StoreError> {
    tx.query_opt(
        keys!("WHERE k.fingerprint = $1 AND k.account = $2"),
        params![fingerprint, account],
    )?
    .as_ref()
    .map(enrolled)
    .transpose()
}

/// What sshd is served for this name: the lines of an account that is active, and nothing for any other name.
pub fn served(tx: &mut Tx<'_>, name: &LoginName) -> Result<Vec<String>, StoreError> {
    let found = crate::accounts::rows::find(tx, name)?;
    match found.filter(|account| account.state == crate::accounts::AccountState::Active) {
        Some(account) => Ok(of_account(tx, account.id)?.iter().map(EnrolledKey::line).collect()),
        None => Ok(Vec::new()),
    }
}

/// Names of accounts that have a key enrolled with verification, by name.
pub fn verifying(tx: &mut Tx<'_>, most: u32) -> Result<Vec<String>, StoreError> {
    tx.query(
        "SELECT DISTINCT a.name FROM ssh_keys k JOIN accounts a ON a.id = k.account \
         WHERE k.verification = 1 AND a.removed_at IS NULL ORDER BY a.name LIMIT $1",
        params![most],
    )?
    .iter()
    .map(|row| row.text(0).map(str::to_owned))
    .collect()
}

fn enrolled(row: &Row) -> Result<EnrolledKey, StoreError> {
    let key = PublicKey::read(row.text(2)?, row.text(3)?)
        .map_err(|_| StoreError::Inconsistent("an SSH key is none".into()))?;
    Ok(EnrolledKey {
        device: row.parsed(0)?,
        name: row.parsed(1)?,
        key,
        verification: if row.int(4)? == 1 {
            Verification::Demanded
        } else {
            Verification::NotDemanded
        },
    })
}
