//! The rows of devices: bind, list, unbind.

use super::device::{Bound, Device, DeviceError, DeviceKind, DeviceState, LastUse, Limits, Unbinding, UnboundWhy};
use super::{DeviceName, recovery, totp};
use crate::accounts;
use crate::clock::UnixTime;
use crate::entropy::Entropy;
use crate::ids::{AccountId, DeviceId};
use crate::moving::CarriedApp;
use crate::params;
use crate::secrets::reseal::SealedColumn;
use crate::secrets::{Keyring, Place, SecretBytes};
use crate::store::{Component, Migration, Row, StoreError, Tx};
use crate::trust;
use subtle::ConstantTimeEq;

/// The tables of this domain.
pub const SCHEMA: Component = Component {
    name: "devices",
    migrations: &[
        Migration {
            version: 1,
            sql: include_str!("../../migrations/devices_0001.sql"),
        },
        Migration {
            version: 2,
            sql: include_str!("../../migrations/devices_0002.sql"),
        },
        Migration {
            version: 3,
            sql: include_str!("../../migrations/devices_0003.sql"),
        },
        Migration {
            version: 4,
            sql: include_str!("../../migrations/devices_0004.sql"),
        },
        Migration {
            version: 5,
            sql: include_str!("../../migrations/devices_0005.sql"),
        },
        Migration {
            version: 6,
            sql: include_str!("../../migrations/devices_0006.sql"),
        },
    ],
};

/// The sealed columns of this domain, for a rotation of the keyring.
pub const SEALED: &[SealedColumn] = &[SealedColumn {
    table: "totp",
    column: "secret",
    after: "SELECT device, secret FROM totp WHERE device > $1 ORDER BY device LIMIT $2",
    replace: "UPDATE totp SET secret = $1 WHERE device = $2 AND secret = $3",
}];

/// Where a device's TOTP secret lies.
pub(crate) fn secret_place(device: DeviceId) -> Place {
    Place::new("totp", "secret", device)
}

/// A query for whole devices, in the order that `device` reads.
macro_rules! devices {
    ($tail:literal) => {
        concat!(
            "SELECT id, account, kind, name, created_at, last_used_at, last_used_door, last_used_source, \
             unbound_at, unbound_by, unbound_why, last_used_service FROM devices ",
            $tail
        )
    };
}

/// The bound devices of an account, oldest first, and how many recovery codes are left.
pub fn bound(tx: &mut Tx<'_>, account: AccountId) -> Result<Bound, StoreError> {
    let mut devices = tx
        .query(devices!("WHERE account = $1 AND unbound_at IS NULL"), params![account])?
        .iter()
        .map(device)
        .collect::<Result<Vec<_>, _>>()?;
    // A handful at most, asked for in every sign-in: the store would spend as long on sorting them as on finding them.
    devices.sort_by_key(|device| (device.created_at, device.id));
    let codes = devices.iter().any(|device| device.kind == DeviceKind::RecoveryCodes);
    let recovery_left = if codes { recovery_left(tx, account)? } else { 0 };
    Ok(Bound { devices, recovery_left })
}

/// All devices that the account ever had, tombstones too, oldest first.
pub fn list(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Device>, StoreError> {
    tx.query(devices!("WHERE account = $1 ORDER BY created_at, id"), params![account])?
        .iter()
        .map(device)
        .collect()
}

/// Whether the account ever had a device to live on: who never had one may bind the first with the password alone (Q8).
/// Recovery codes do not count, they come with another device; nor does an address, which proves too little; nor an SSH key,
/// which an administrator enrolled and no door of ours asks for.
pub fn ever_bound(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    let found = tx.query(
        "SELECT id FROM devices WHERE account = $1 AND kind <> $2 AND kind <> $3 AND kind <> $4 LIMIT 1",
        params![
            account,
            DeviceKind::RecoveryCodes.as_str(),
            DeviceKind::Email.as_str(),
            DeviceKind::SshKey.as_str()
        ],
    )?;
    Ok(!found.is_empty())
}

/// How many accounts have a device to live on.
pub fn count_enrolled(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(DISTINCT account) FROM devices WHERE unbound_at IS NULL AND kind <> $1 AND kind <> $2 AND kind <> $3",
        params![
            DeviceKind::RecoveryCodes.as_str(),
            DeviceKind::Email.as_str(),
            DeviceKind::SshKey.as_str()
        ],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Binds a proven authenticator app. The step of the code that proved it is spent with it (R55).
pub fn insert_totp(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    account: AccountId,
    proven: &totp::Proven,
    limits: Limits,
    now: UnixTime,
) -> Result<Device, DeviceError> {
    let totp::Proven { pending, step, drift } = proven;
    let device = insert(tx, entropy, account, DeviceKind::Totp, pending.name(), limits, now)?;
    let sealed = keyring.seal(entropy, &secret_place(device.id), pending.secret().expose())?;
    tx.execute(
        "INSERT INTO totp (device, account, algorithm, digits, last_step, secret, drift) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            device.id,
            account,
            pending.shape().algorithm().as_str(),
            i64::from(pending.shape().digits()),
            *step,
            sealed,
            *drift
        ],
    )?;
    Ok(device)
}

/// The bound app of this account that has the same key, if there is one.
pub fn same_app(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    account: AccountId,
    key: &SecretBytes,
) -> Result<Option<DeviceId>, DeviceError> {
    let apps = tx.query("SELECT device, secret FROM totp WHERE account = $1", params![account])?;
    for app in &apps {
        let device: DeviceId = app.parsed(0)?;
        let known = keyring.open(&secret_place(device), app.bytes(1)?)?;
        if bool::from(known.expose().ct_eq(key.expose())) {
            return Ok(Some(device));
        }
    }
    Ok(None)
}

/// What is to be carried elsewhere of the apps of an account, each with its device.
pub fn carried_apps(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    account: AccountId,
) -> Result<Vec<(DeviceId, CarriedApp)>, DeviceError> {
    let query =
        "SELECT device, secret, algorithm, digits, drift, last_step FROM totp WHERE account = $1 ORDER BY device";
    let apps = tx.query(query, params![account])?;
    apps.iter()
        .map(|app| {
            let device: DeviceId = app.parsed(0)?;
            let digits = u8::try_from(app.int(3)?).unwrap_or_default();
            let carried = CarriedApp {
                secret: keyring.open(&secret_place(device), app.bytes(1)?)?,
                shape: totp::Shape::new(app.text(2)?.parse()?, digits)?,
                drift: app.int(4)?,
                last_step: Some(app.int(5)?),
            };
            Ok((device, carried))
        })
        .collect()
}

/// Stores a set of recovery codes as a device.
pub fn insert_recovery(
    tx: &mut Tx<'_>,
    entropy: &dyn Entropy,
    account: AccountId,
    name: &DeviceName,
    set: &recovery::Set,
    limits: Limits,
    now: UnixTime,
) -> Result<Device, DeviceError> {
    let device = insert(tx, entropy, account, DeviceKind::RecoveryCodes, name, limits, now)?;
    for code in &set.codes {
        tx.execute(
            "INSERT INTO recovery_codes (device, tag, account, hash) VALUES ($1, $2, $3, $4)",
            params![device.id, i64::from(code.tag), account, code.hash.as_str()],
        )?;
    }
    Ok(device)
}

/// Unbinds a device of this account: its secrets are destroyed, its row stays as a tombstone, and no browser or shell is
/// remembered across it (Q12).
pub fn unbind(tx: &mut Tx<'_>, account: AccountId, device: DeviceId, end: &Unbinding) -> Result<(), DeviceError> {
    let changed = tx.execute(
        "UPDATE devices SET unbound_at = $1, unbound_by = $2, unbound_why = $3 \
         WHERE id = $4 AND account = $5 AND unbound_at IS NULL",
        params![end.at, end.by.as_str(), end.why.as_str(), device, account],
    )?;
    if changed == 0 {
        return Err(DeviceError::NotFound);
    }
    trust::revoke_all(tx, account)?;
    tx.execute("DELETE FROM totp WHERE device = $1", params![device])?;
    tx.execute("DELETE FROM recovery_codes WHERE device = $1", params![device])?;
    tx.execute("DELETE FROM fido WHERE device = $1", params![device])?;
    tx.execute("DELETE FROM security_emails WHERE device = $1", params![device])?;
    tx.execute("DELETE FROM ssh_keys WHERE device = $1", params![device])?;
    Ok(())
}

/// Gives a bound device of this account another name.
pub fn rename(tx: &mut Tx<'_>, account: AccountId, device: DeviceId, name: &DeviceName) -> Result<(), DeviceError> {
    // Whoever binds or renames at the same moment waits here, so that the look below holds.
    if !accounts::rows::hold(tx, account)? {
        return Err(DeviceError::NotFound);
    }
    let taken = tx.query_opt(
        "SELECT id FROM devices WHERE account = $1 AND name_key = $2 AND id <> $3 AND unbound_at IS NULL",
        params![account, name.key(), device],
    )?;
    if taken.is_some() {
        return Err(DeviceError::NameTaken(name.clone()));
    }
    let renamed = tx.execute(
        "UPDATE devices SET name = $1, name_key = $2 WHERE id = $3 AND account = $4 AND unbound_at IS NULL",
        params![name.as_str(), name.key(), device, account],
    )?;
    if renamed == 1 {
        Ok(())
    } else {
        Err(DeviceError::NotFound)
    }
}

/// Remembers that the device let its person in.
pub fn touch_last_used(tx: &mut Tx<'_>, device: DeviceId, last: &LastUse) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE devices SET last_used_at = $1, last_used_door = $2, last_used_source = $3, last_used_service = $4 \
         WHERE id = $5",
        params![
            last.at,
            last.door.as_str(),
            last.source.as_str(),
            last.service.as_deref(),
            device
        ],
    )
    .map(drop)
}

/// Makes the row that every kind of device has, if there is room for one more. No browser or shell is remembered across it
/// (Q12).
pub(super) fn insert(
    tx: &mut Tx<'_>,
    entropy: &dyn Entropy,
    account: AccountId,
    kind: DeviceKind,
    name: &DeviceName,
    limits: Limits,
    now: UnixTime,
) -> Result<Device, DeviceError> {
    // Two bindings at once wait for each other here, so that both count right.
    if !accounts::rows::hold(tx, account)? {
        return Err(DeviceError::NotFound);
    }
    let most = limits.of(kind);
    let bound = tx.query(
        "SELECT kind FROM devices WHERE account = $1 AND unbound_at IS NULL",
        params![account],
    )?;
    let mut taken = 0_u32;
    for row in &bound {
        taken += u32::from(row.parsed::<DeviceKind>(0)?.shares_slots_with(kind));
    }
    if taken >= most {
        return Err(DeviceError::LimitReached { kind, most });
    }
    let id = DeviceId::draw(entropy)?;
    let made = tx.execute(
        "INSERT INTO devices (id, account, kind, name, name_key, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
        params![id, account, kind.as_str(), name.as_str(), name.key(), now],
    )?;
    if made == 0 {
        return Err(DeviceError::NameTaken(name.clone()));
    }
    trust::revoke_all(tx, account)?;
    Ok(Device {
        id,
        account,
        kind,
        name: name.clone(),
        state: DeviceState::Bound,
        created_at: now,
        last_used: None,
    })
}

fn recovery_left(tx: &mut Tx<'_>, account: AccountId) -> Result<u32, StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(*) FROM recovery_codes WHERE account = $1 AND used_at IS NULL",
        params![account],
    )?;
    let left = row.map_or(Ok(0), |row| row.int(0))?;
    u32::try_from(left).map_err(|_| StoreError::Inconsistent("a count is out of range".into()))
}

fn device(row: &Row) -> Result<Device, StoreError> {
    let last_used = match row.opt_int(5)? {
        None => None,
        Some(at) => Some(LastUse {
            at,
            door: row.parsed(6)?,
            source: row.text(7)?.to_owned(),
            service: row.opt_text(11)?.map(str::to_owned),
        }),
    };
    let state = match row.opt_int(8)? {
        None => DeviceState::Bound,
        Some(at) => DeviceState::Unbound(Unbinding {
            at,
            by: row.text(9)?.to_owned(),
            why: row.parsed::<UnboundWhy>(10)?,
        }),
    };
    Ok(Device {
        id: row.parsed(0)?,
        account: row.parsed(1)?,
        kind: row.parsed(2)?,
        name: row.parsed(3)?,
        state,
        created_at: row.int(4)?,
        last_used,
    })
}
