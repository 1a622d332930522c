//! Authenticator apps: RFC 6238 codes, the key as a QR code's text and as letters, and binding by one right code.

mod carried;

pub use carried::{MOST_DRIFT, base32, fitting_key};

use super::{DeviceError, DeviceName};
use crate::clock::UnixTime;
use crate::entropy::{Entropy, EntropyError};
use crate::secrets::{SecretBytes, SecretText};
use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::str::FromStr;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Seconds that one code stands for. Apps know no other in practice.
pub const PERIOD: i64 = 30;
/// Bytes of a new key: what RFC 4226 section 4 recommends, and SHA-1's own length.
const SECRET_BYTES: usize = 20;
/// Steps on either side in which a code of a phone whose clock is off is looked for: ten minutes. Two codes in a row have to fit
/// (Q19), so that this makes guessing no easier.
const REACH: i64 = 20;
/// Seconds within which the second code has to follow: while the app shows it, or just after.
const SOON: i64 = 3 * PERIOD;

/// The hash under the code. New devices use SHA-1, because many apps ignore any other (R17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// The default of all apps.
    Sha1,
    /// Imported only.
    Sha256,
    /// Imported only.
    Sha512,
}

impl Algorithm {
    /// As the key's URI writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    fn of_totp_rs(self) -> totp_rs::Algorithm {
        match self {
            Self::Sha1 => totp_rs::Algorithm::SHA1,
            Self::Sha256 => totp_rs::Algorithm::SHA256,
            Self::Sha512 => totp_rs::Algorithm::SHA512,
        }
    }
}

impl FromStr for Algorithm {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        [Self::Sha1, Self::Sha256, Self::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(text))
            .ok_or(DeviceError::Import("its algorithm is not SHA1, SHA256 or SHA512"))
    }
}

/// What a key's codes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    algorithm: Algorithm,
    digits: u8,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Sha1,
            digits: 6,
        }
    }
}

impl Shape {
    /// 6 or 8 digits.
    pub fn new(algorithm: Algorithm, digits: u8) -> Result<Self, DeviceError> {
        match digits {
            6 | 8 => Ok(Self { algorithm, digits }),
            _ => Err(DeviceError::Import("its codes have neither 6 nor 8 digits")),
        }
    }

    /// The hash.
    pub fn algorithm(self) -> Algorithm {
        self.algorithm
    }

    /// Digits of a code.
    pub fn digits(self) -> u8 {
        self.digits
    }
}

/// An app that is being bound: its key was made, but nobody has shown yet that the app has it.
#[derive(Debug, Clone)]
pub struct Pending {
    name: DeviceName,
    shape: Shape,
    secret: SecretBytes,
    /// A code of another time than ours was right: its step, and when it was typed.
    far: Option<(i64, UnixTime)>,
}

/// An app that gave one right code, or two in a row where its clock is off; the last one's step is spent with the binding (R55).
#[derive(Debug)]
pub struct Proven {
    pub(super) pending: Pending,
    pub(super) step: i64,
    /// Steps that its clock is ahead of ours.
    pub(super) drift: i64,
}

impl Pending {
    /// Makes a new key of 160 bits for an app with the defaults of all apps.
    pub fn new(entropy: &dyn Entropy, name: DeviceName) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        entropy.fill(bytes.as_mut())?;
        Ok(Self {
            name,
            shape: Shape::default(),
            secret: SecretBytes::new(bytes.to_vec()),
            far: None,
        })
    }

    /// Shows that the app has the key. With a wrong code it stays pending; with one that is right at another time than ours, it
    /// waits for the next one too, and the app's clock is then allowed for (Q19).
    pub fn prove(mut self, code: &str, now: UnixTime) -> Result<Proven, Self> {
        let far = self.far.take();
        // The latest step that fits: nothing up to it can be offered again.
        if let Some(step) = matching_steps(&self.secret, self.shape, code, Window::default(), now).pop() {
            return Ok(Proven {
                pending: self,
                step,
                drift: 0,
            });
        }
        let fits = matching_steps(&self.secret, self.shape, code, Window(REACH), now);
        if let Some((before, at)) = far
            && (0..=SOON).contains(&now.saturating_sub(at))
            && fits.contains(&(before + 1))
        {
            return Ok(Proven {
                pending: self,
                step: before + 1,
                drift: before + 1 - now.div_euclid(PERIOD),
            });
        }
        self.far = fits.last().map(|step| (*step, now));
        Err(self)
    }

    /// Whether the last code was right, at another time than ours: the next one is to be typed too.
    pub fn clock_is_off(&self) -> bool {
        self.far.is_some()
    }

    /// The same under another name.
    #[must_use]
    pub fn named(mut self, name: DeviceName) -> Self {
        self.name = name;
        self
    }

    /// The name that it will have.
    pub fn name(&self) -> &DeviceName {
        &self.name
    }

    /// The key in base32, in groups of four, for typing (R54).
    pub fn key_text(&self) -> SecretText {
        let key = Zeroizing::new(BASE32_NOPAD.encode(self.secret.expose()));
        let mut text = String::with_capacity(key.len() * 5 / 4 + 1);
        for (index, letter) in key.chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                text.push(' ');
            }
            text.push(letter);
        }
        text.into()
    }

    /// The text of the QR code: Google's Key URI format, with everything left out that has its default value, so
    /// that the QR code fits a terminal of 80x24.
    pub fn uri(&self, issuer: &str, account: &str) -> SecretText {
        let key = Zeroizing::new(BASE32_NOPAD.encode(self.secret.expose()));
        let issuer = percent(issuer);
        // Room for all of it at once: a text that grows leaves copies of the key behind.
        let mut uri = String::with_capacity(128 + 2 * issuer.len() + 3 * account.len() + key.len());
        uri.push_str("otpauth://totp/");
        uri.push_str(&issuer);
        uri.push(':');
        uri.push_str(&percent(account));
        uri.push_str("?secret=");
        uri.push_str(&key);
        uri.push_str("&issuer=");
        uri.push_str(&issuer);
        let Shape { algorithm, digits } = self.shape;
        if algorithm != Algorithm::Sha1 {
            uri.push_str("&algorithm=");
            uri.push_str(algorithm.as_str());
        }
        if digits != 6 {
            let _ = write!(uri, "&digits={digits}");
        }
        uri.into()
    }

    /// For whoever keeps a binding that is under way in a sealed container, such as the web's cookie.
    pub fn to_sealable(&self) -> SecretBytes {
        let kept = Kept {
            name: self.name.as_str().to_owned(),
            shape: self.shape,
            key: BASE32_NOPAD.encode(self.secret.expose()),
            far: self.far,
        };
        // A struct of texts and numbers always has a JSON form.
        SecretBytes::new(serde_json::to_vec(&kept).unwrap_or_default())
    }

    /// Reads what [`Pending::to_sealable`] gave; `None` for anything else.
    pub fn from_sealable(bytes: &SecretBytes) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(bytes.expose()).ok()?;
        let shape = Shape::new(kept.shape.algorithm, kept.shape.digits).ok()?;
        let mut pending = Self::import(kept.name.parse().ok()?, shape, &kept.key.as_str().into()).ok()?;
        pending.far = kept.far;
        Some(pending)
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    pub(super) fn secret(&self) -> &SecretBytes {
        &self.secret
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    shape: Shape,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    far: Option<(i64, UnixTime)>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

/// The steps of the window whose code this is, earliest first: none, one, or by rare chance more. Spaces in the
/// code are dropped (R17); all of the window is computed and compared in constant time.
pub(crate) fn matching_steps(
    secret: &SecretBytes,
    shape: Shape,
    code: &str,
    window: Window,
    now: UnixTime,
) -> Vec<i64> {
    let Some(code) = digits_of(code, shape.digits) else {
        return Vec::new();
    };
    let codes = totp_rs::Builder::new()
        .with_secret(secret.expose().clone())
        .with_algorithm(shape.algorithm.of_totp_rs())
        .with_digits(shape.digits)
        .with_step_duration(PERIOD.unsigned_abs())
        .build_noncompliant();
    let present = now.div_euclid(PERIOD);
    let fits = |step: &i64| {
        // Before 1970 there are no steps: a clock that broken accepts nothing.
        let Ok(time) = u64::try_from(step.saturating_mul(PERIOD)) else {
            return false;
        };
        let right = Zeroizing::new(codes.generate(time).to_string());
        bool::from(right.as_bytes().ct_eq(code.as_bytes()))
    };
    (present - window.0..=present + window.0).filter(fits).collect()
}

/// The step of the second of two codes in a row, and how many steps the app's clock is ahead of ours; `None` if they are no such
/// codes of the last, or next, ten minutes (W29).
pub(crate) fn in_a_row(secret: &SecretBytes, shape: Shape, codes: [&str; 2], now: UnixTime) -> Option<(i64, i64)> {
    let [first, second] = codes.map(|code| matching_steps(secret, shape, code, Window(REACH), now));
    let step = second.into_iter().rev().find(|step| first.contains(&(step - 1)))?;
    Some((step, step - now.div_euclid(PERIOD)))
}

/// The digits of a code as somebody typed it; `None` if it is not so many digits.
fn digits_of(code: &str, digits: u8) -> Option<Zeroizing<String>> {
    if code.len() > 64 {
        return None;
    }
    let typed = Zeroizing::new(code.chars().filter(|c| !c.is_whitespace()).collect::<String>());
    let right = typed.len() == usize::from(digits) && typed.bytes().all(|b| b.is_ascii_digit());
    right.then_some(typed)
}

/// How many steps before and after the present one are accepted (policy `[settings] totp.skew`; Q25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window(i64);

impl Window {
    /// Of so many steps, at most one: more would keep a code alive for minutes (RFC 6238, section 5.2).
    pub fn of(steps: u32) -> Self {
        Self(i64::from(steps.min(1)))
    }
}

impl Default for Window {
    /// One step, which forgives a clock half a minute off.
    fn default() -> Self {
        Self(1)
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The code of this moment, as the app would show it. Tests play the app with it.
#[cfg(any(test, feature = "testing"))]
impl Pending {
    /// What the app shows at this time.
    pub fn code_at(&self, time: UnixTime) -> String {
        totp_rs::Builder::new()
            .with_secret(self.secret.expose().clone())
            .with_algorithm(self.shape.algorithm.of_totp_rs())
            .with_digits(self.shape.digits)
            .with_step_duration(PERIOD.unsigned_abs())
            .build_noncompliant()
            .generate(time.unsigned_abs())
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    fn pending() -> Pending {
        Pending::new(&SeededEntropy::new(5), "phone".parse().unwrap()).unwrap()
    }

    fn imported(algorithm: Algorithm, digits: u8, key: &[u8]) -> Pending {
        let shape = Shape::new(algorithm, digits).unwrap();
        let key = BASE32_NOPAD.encode(key).as_str().into();
        Pending::import("phone".parse().unwrap(), shape, &key).unwrap()
    }

    #[test]
    fn the_vectors_of_rfc_6238_appendix_b() {
        let key: Vec<u8> = b"1234567890".iter().copied().cycle().take(64).collect();
        for (time, sha1, sha256, sha512) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            for (algorithm, length, code) in [
                (Algorithm::Sha1, 20, sha1),
                (Algorithm::Sha256, 32, sha256),
                (Algorithm::Sha512, 64, sha512),
            ] {
                let app = imported(algorithm, 8, &key[..length]);
                let steps = matching_steps(app.secret(), app.shape(), code, Window::default(), time);
                assert_eq!(steps, [time / 30], "{algorithm:?} {time}");
            }
        }
    }

    #[test]
    fn the_window_is_one_step_on_either_side() {
        let app = pending();
        let now = 1_700_000_015;
        for (away, accepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = app.code_at(now + away * PERIOD);
            let steps = matching_steps(app.secret(), app.shape(), &code, Window::default(), now);
            assert_eq!(!steps.is_empty(), accepted, "{away} steps away");
        }
    }

    #[test]
    fn spaces_are_fine_and_nothing_else_is() {
        let app = pending();
        let now = 1_700_000_015;
        let code = app.code_at(now);
        let fits = |typed: &str| !matching_steps(app.secret(), app.shape(), typed, Window::default(), now).is_empty();
        for good in [
            code.clone(),
            format!("{} {}", &code[..3], &code[3..]),
            format!(" {}\u{a0}{}\n", &code[..3], &code[3..]),
        ] {
            assert!(fits(&good), "{good:?}");
        }
        for bad in [
            String::new(),
            code[1..].to_owned(),
            format!("{code}0"),
            format!("0{code}"),
            format!("+{}", &code[1..]),
            format!("{}-{}", &code[..3], &code[3..]),
            " ".repeat(1_000_000),
            code.chars()
                .map(|c| char::from_u32(c as u32 - 0x30 + 0xff10).unwrap())
                .collect(),
        ] {
            assert!(!fits(&bad), "{bad:?}");
        }
    }

    #[test]
    fn a_broken_clock_accepts_nothing_and_does_not_panic() {
        let app = pending();
        for now in [i64::MIN, -1_000_000, i64::MAX] {
            assert!(matching_steps(app.secret(), app.shape(), "000000", Window::default(), now).len() <= 3);
        }
        assert!(matching_steps(app.secret(), app.shape(), &app.code_at(59), Window::default(), -59).is_empty());
    }

    #[test]
    fn a_wrong_code_leaves_it_pending_and_a_right_one_proves_it() {
        let now = 1_700_000_015;
        let app = pending();
        let code = app.code_at(now);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let app = app.prove(wrong, now).unwrap_err();
        assert_eq!(app.prove(&code, now).unwrap().step, now / PERIOD);
    }

    /// Q19.
    #[test]
    fn a_phone_whose_clock_is_off_is_asked_for_the_next_code_too() {
        let now = 1_700_000_015;
        let ahead = 7 * PERIOD;
        let (code, next) = (pending().code_at(now + ahead), pending().code_at(now + ahead + PERIOD));
        let app = pending().prove(&code, now).unwrap_err();
        assert!(app.clock_is_off());
        // The same code again is no second one, and a wrong one begins anew.
        let again = app.clone().prove(&code, now + 5).unwrap_err();
        assert!(again.clock_is_off());
        let wrong = if next == "000000" { "000001" } else { "000000" };
        let wrong = app.clone().prove(wrong, now + 5).unwrap_err();
        assert!(!wrong.clock_is_off());
        assert!(wrong.prove(&next, now + 30).unwrap_err().clock_is_off());
        // It survives its container, and comes too late after a while.
        let app = Pending::from_sealable(&app.to_sealable()).unwrap();
        assert!(app.clone().prove(&next, now + SOON + 1).is_err());
        let proven = app.prove(&next, now + 30).unwrap();
        assert_eq!((proven.step, proven.drift), ((now + ahead) / PERIOD + 1, 7));
        // Further off than ten minutes is wrong.
        let far = pending().code_at(now + (REACH + 1) * PERIOD);
        assert!(!pending().prove(&far, now).unwrap_err().clock_is_off());
    }

    #[test]
    fn the_uri_is_short_and_names_what_is_not_default() {
        let uri = pending().uri("example.org", "alice");
        let key = pending().key_text().expose().replace(' ', "");
        assert_eq!(
            uri.expose(),
            &format!("otpauth://totp/example.org:alice?secret={key}&issuer=example.org")
        );
        // Version 5 of a QR code, level L, holds 106 bytes: 37 modules, 19 lines of a terminal.
        assert!(uri.expose().len() <= 106);
        let odd = imported(Algorithm::Sha256, 8, &[7; 32]).uri("A & B: C", "bob");
        assert!(odd.expose().starts_with("otpauth://totp/A%20%26%20B%3A%20C:bob?"));
        assert!(odd.expose().ends_with("&algorithm=SHA256&digits=8"));
    }

    #[test]
    fn the_key_is_shown_in_groups_of_four_and_read_back() {
        let app = pending();
        let text = app.key_text();
        assert!(text.expose().split(' ').all(|group| group.len() == 4));
        let typed = text.expose().to_lowercase().replace(' ', "-").as_str().into();
        let back = Pending::import("phone".parse().unwrap(), Shape::default(), &typed).unwrap();
        assert_eq!(back.secret().expose(), app.secret().expose());
    }

    #[test]
    fn keys_that_no_app_has_are_refused() {
        for key in ["", "AAAA", "not base32!", "A1B1C1D1E1F1G1H1", "GEZDGNBVGY3TQ"] {
            let key = SecretText::from(key);
            assert!(Pending::import("x".parse().unwrap(), Shape::default(), &key).is_err());
        }
        assert!(Shape::new(Algorithm::Sha1, 7).is_err());
        assert!("MD5".parse::<Algorithm>().is_err());
    }

    #[test]
    fn a_binding_under_way_survives_its_sealed_container() {
        let app = pending();
        let back = Pending::from_sealable(&app.to_sealable()).unwrap();
        assert_eq!(back.secret().expose(), app.secret().expose());
        assert_eq!((back.name(), back.shape()), (app.name(), app.shape()));
        assert!(Pending::from_sealable(&SecretBytes::new(b"{}".to_vec())).is_none());
    }

    #[test]
    fn debug_shows_no_key() {
        let app = pending();
        let key = app.key_text();
        let shown = format!("{app:?} {:?} {}", app.uri("a", "b"), app.key_text());
        assert!(!shown.contains(&key.expose()[..4]), "{shown}");
    }
}
