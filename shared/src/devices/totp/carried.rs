//! Keys that another program made: written as apps show them, as long as theirs are, and vouched for by that program.

use super::{PERIOD, Pending, Proven, REACH, Shape};
use crate::clock::UnixTime;
use crate::devices::{DeviceError, DeviceName};
use crate::secrets::{SecretBytes, SecretText};
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

/// Keys that other programs made: 80 bits was libpam-google-authenticator's default for years.
const IMPORT_BYTES: std::ops::RangeInclusive<usize> = 10..=128;

/// Steps by which an app's clock may be known to be off: ten minutes.
pub const MOST_DRIFT: i64 = REACH;

/// A key in base32 as apps show it: blanks, hyphens, padding and letter case do not matter.
pub fn base32(text: &str) -> Result<SecretBytes, DeviceError> {
    // Room for all of it at once: a text that grows leaves copies of the key behind.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let written = text.chars().filter(|c| !matches!(c, ' ' | '-' | '='));
    plain.extend(written.map(|c| c.to_ascii_uppercase()));
    let bytes = BASE32_NOPAD
        .decode(plain.as_bytes())
        .map_err(|_| DeviceError::Import("it is not written in base32"))?;
    fitting_key(SecretBytes::new(bytes))
}

/// The same key, if it is neither too short nor too long.
pub fn fitting_key(key: SecretBytes) -> Result<SecretBytes, DeviceError> {
    if IMPORT_BYTES.contains(&key.expose().len()) {
        Ok(key)
    } else {
        Err(DeviceError::Import("it has not from 80 to 1024 bits"))
    }
}

impl Pending {
    /// Takes a key that another program made, in base32 as apps show it.
    pub fn import(name: DeviceName, shape: Shape, key: &SecretText) -> Result<Self, DeviceError> {
        Self::carried(name, shape, base32(key.expose())?)
    }

    /// The same with a key as it is.
    pub fn carried(name: DeviceName, shape: Shape, key: SecretBytes) -> Result<Self, DeviceError> {
        Ok(Self {
            name,
            shape,
            secret: fitting_key(key)?,
            far: None,
        })
    }

    /// For an app that has let its person in elsewhere: that other program vouches for it, and no code is typed. Every code up
    /// to the present one is spent, for it may have been used there a moment ago. `drift` is how many steps the app's clock is
    /// known to be ahead, `last_step` what it is known to have used.
    pub fn vouched(self, drift: i64, last_step: Option<i64>, now: UnixTime) -> Proven {
        let drift = drift.clamp(-MOST_DRIFT, MOST_DRIFT);
        let present = now.div_euclid(PERIOD) + drift;
        // A step far from now is a mistake of the file's, and would lock the app out for as long.
        let last_step = last_step.filter(|step| (present..=present + MOST_DRIFT).contains(step));
        Proven {
            pending: self,
            step: last_step.unwrap_or(present),
            drift,
        }
    }
}
