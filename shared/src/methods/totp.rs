//! Checks a code of an authenticator app and spends its step, in one unit with whatever the caller writes beside it.
//!
//! A step is spent by one statement, `UPDATE … WHERE last_step < $`: of any number of attempts with one code, through
//! either door, in any process, one changes the row. The last step only grows, also when a clock is set back, and a
//! neighbouring older code is refused once a newer one was accepted (oidc.md, row 28; S6). What the app's
//! clock is off is known from binding or from [`resync`], where two codes in a row show it; no sign-in ever learns it (S8, Q19).

use super::{Checked, Evidence, Method, MethodError};
use crate::clock::UnixTime;
use crate::devices::rows::secret_place;
use crate::devices::totp::{PERIOD, Proven, Shape, Window, in_a_row, matching_steps};
use crate::devices::{self, Device, DeviceError, Limits};
use crate::entropy::Entropy;
use crate::ids::{AccountId, DeviceId};
use crate::params;
use crate::secrets::Keyring;
use crate::store::{Row, StoreError, Tx};

/// Compares the code with the apps of this account. An account without one finds [`Checked::Wrong`].
pub fn check(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    account: AccountId,
    code: &str,
    window: Window,
    now: UnixTime,
) -> Result<Checked, MethodError> {
    let apps = tx.query(
        "SELECT device, algorithm, digits, last_step, secret, drift FROM totp WHERE account = $1",
        params![account],
    )?;
    // In an order of our own rather than the store's: which of several apps shows a code decides which is spent.
    let mut order = apps
        .iter()
        .map(|app| Ok((app.parsed(0)?, app)))
        .collect::<Result<Vec<(DeviceId, _)>, StoreError>>()?;
    order.sort_by_key(|(device, _)| *device);
    let mut found = Checked::Wrong;
    for (_, app) in order {
        match check_app(tx, keyring, app, code, window, now)? {
            accepted @ Checked::Accepted(_) => return Ok(accepted),
            Checked::Replayed => found = Checked::Replayed,
            Checked::Wrong => {}
        }
    }
    Ok(found)
}

/// Binds an app by the code that proved it: the code is spent with the binding, so that this is its check too (R55).
pub fn bind(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    account: AccountId,
    proven: &Proven,
    limits: Limits,
    now: UnixTime,
) -> Result<(Device, Evidence), DeviceError> {
    let device = devices::rows::insert_totp(tx, keyring, entropy, account, proven, limits, now)?;
    let evidence = Evidence::mint(Method::Totp, device.id, now);
    Ok((device, evidence))
}

/// What came of setting an app's clock right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resynced {
    /// It is so many seconds ahead of ours.
    Ahead(i64),
    /// These are no two codes in a row of this app.
    Wrong,
    /// They are of a time whose codes were used already.
    Replayed,
}

/// Sets right what is known of an app's clock, by two codes in a row (W29). Both are spent by it; codes of before stay refused.
pub fn resync(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    device: DeviceId,
    codes: [&str; 2],
    now: UnixTime,
) -> Result<Resynced, MethodError> {
    let app = tx.query_opt(
        "SELECT device, algorithm, digits, last_step, secret FROM totp WHERE device = $1",
        params![device],
    )?;
    let Some(app) = app else { return Ok(Resynced::Wrong) };
    let secret = keyring.open(&secret_place(device), app.bytes(4)?)?;
    let Some((step, drift)) = in_a_row(&secret, shape(&app)?, codes, now) else {
        return Ok(Resynced::Wrong);
    };
    // The first of the two must be newer than whatever was used.
    let spent = tx.execute(
        "UPDATE totp SET last_step = $1, drift = $2 WHERE device = $3 AND last_step < $4",
        params![step, drift, device, step - 1],
    )?;
    Ok(if spent == 1 {
        Resynced::Ahead(drift * PERIOD)
    } else {
        Resynced::Replayed
    })
}

fn check_app(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    app: &Row,
    code: &str,
    window: Window,
    now: UnixTime,
) -> Result<Checked, MethodError> {
    let device: DeviceId = app.parsed(0)?;
    let last_step = app.int(3)?;
    let secret = keyring.open(&secret_place(device), app.bytes(4)?)?;
    let theirs = now.saturating_add(app.int(5)?.saturating_mul(PERIOD));
    let steps = matching_steps(&secret, shape(app)?, code, window, theirs);
    if steps.is_empty() {
        return Ok(Checked::Wrong);
    }
    let Some(step) = steps.into_iter().find(|step| *step > last_step) else {
        return Ok(Checked::Replayed);
    };
    let spent = tx.execute(
        "UPDATE totp SET last_step = $1 WHERE device = $2 AND last_step < $3",
        params![step, device, step],
    )?;
    match spent {
        1 => Ok(Checked::Accepted(Evidence::mint(Method::Totp, device, now))),
        // Somebody else spent it, or unbound the device, since the row was read.
        _ => Ok(Checked::Replayed),
    }
}

fn shape(app: &Row) -> Result<Shape, StoreError> {
    let wrong = || StoreError::Inconsistent("an authenticator app has an unknown algorithm or number of digits".into());
    let digits = u8::try_from(app.int(2)?).map_err(|_| wrong())?;
    Shape::new(app.parsed(1)?, digits).map_err(|_| wrong())
}
