//! An authenticator app, written from RFC 6238 and the otpauth address alone, so that it shares no mistake with the product.

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use std::time::{Duration, SystemTime};

/// One entry of the app.
#[derive(Debug, Clone)]
pub struct App {
    algorithm: hmac::Algorithm,
    key: Vec<u8>,
    digits: u32,
    period: u64,
}

/// What was scanned or typed is no entry.
#[derive(Debug, thiserror::Error)]
#[error("not an entry for an authenticator app: {0}")]
pub struct AppError(String);

impl App {
    /// Scans an `otpauth://totp/…` address; what it leaves out has the usual value (SHA-1, 6 digits, 30 s).
    pub fn scan(address: &str) -> Result<Self, AppError> {
        let query = address
            .strip_prefix("otpauth://totp/")
            .and_then(|rest| rest.split_once('?'))
            .ok_or_else(|| AppError(format!("{address:?} is no otpauth://totp/ address")))?
            .1;
        let field = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        };
        let mut app = Self::typed(field("secret").ok_or_else(|| AppError("no secret".to_owned()))?)?;
        app.algorithm = match field("algorithm") {
            None | Some("SHA1") => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Some("SHA256") => hmac::HMAC_SHA256,
            Some("SHA512") => hmac::HMAC_SHA512,
            Some(other) => return Err(AppError(format!("algorithm {other}"))),
        };
        let number = |name, usual| match field(name) {
            None => Ok(usual),
            Some(text) => text.parse().map_err(|_| AppError(format!("{name} {text}"))),
        };
        app.digits = number("digits", 6)?;
        app.period = number("period", 30)?.into();
        Ok(app)
    }

    /// Types in a key as it is shown to people: base32, in groups, any case.
    pub fn typed(key: &str) -> Result<Self, AppError> {
        let tight: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
        let key = BASE32_NOPAD
            .decode(tight.to_ascii_uppercase().as_bytes())
            .map_err(|error| AppError(error.to_string()))?;
        Ok(Self {
            algorithm: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            key,
            digits: 6,
            period: 30,
        })
    }

    /// The key in base32, as an app would export it.
    pub fn key_text(&self) -> String {
        BASE32_NOPAD.encode(&self.key)
    }

    /// The code of a time step.
    pub fn code(&self, step: u64) -> String {
        let tag = hmac::sign(&hmac::Key::new(self.algorithm, &self.key), &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = bytes.last().map_or(0, |last| usize::from(last & 15));
        let word = bytes[offset..offset + 4]
            .iter()
            .fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        let code = (word & 0x7fff_ffff) % 10_u32.pow(self.digits);
        format!("{code:0width$}", width = self.digits as usize)
    }

    /// The present time step.
    pub fn step(&self) -> u64 {
        self.since_epoch().as_secs() / self.period
    }

    /// How many seconds the present step lasts yet, at least one.
    pub fn left(&self) -> u64 {
        self.period - self.since_epoch().as_secs() % self.period
    }

    /// A code that is none of the codes now acceptable, and none of those that only show that a clock is off.
    pub fn wrong_code(&self) -> String {
        let step = self.step();
        let good: Vec<String> = (step - 25..=step + 25).map(|step| self.code(step)).collect();
        (0..=good.len())
            .map(|n| format!("{n:0width$}", width = self.digits as usize))
            .find(|code| !good.contains(code))
            .unwrap_or_default()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a phone has a clock of its own; the product's is not asked"
    )]
    #[expect(clippy::unused_self, reason = "the clock is the phone's")]
    fn since_epoch(&self) -> Duration {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: time, and the code for each algorithm.
    const VECTORS: [(u64, &str, &str, &str); 4] = [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ];

    fn entry(algorithm: &str, length: usize) -> App {
        let key: Vec<u8> = b"1234567890".iter().copied().cycle().take(length).collect();
        let secret = BASE32_NOPAD.encode(&key);
        App::scan(&format!(
            "otpauth://totp/x:y?secret={secret}&algorithm={algorithm}&digits=8"
        ))
        .unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        let apps = [entry("SHA1", 20), entry("SHA256", 32), entry("SHA512", 64)];
        for (time, sha1, sha256, sha512) in VECTORS {
            for (app, code) in apps.iter().zip([sha1, sha256, sha512]) {
                assert_eq!(app.code(time / 30), code, "at {time}");
            }
        }
    }

    #[test]
    fn a_key_typed_in_groups_makes_the_same_codes_as_the_scanned_one() {
        let scanned =
            App::scan("otpauth://totp/Samekey:demo?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Samekey").unwrap();
        let typed = App::typed("jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp").unwrap();
        assert_eq!(scanned.code(1), typed.code(1));
        assert_eq!(scanned.code(1).len(), 6);
    }

    #[test]
    fn nonsense_is_no_entry() {
        for address in [
            "",
            "https://example.org/?secret=AA",
            "otpauth://totp/x?issuer=y",
            "otpauth://totp/x?secret=1!",
        ] {
            assert!(App::scan(address).is_err(), "{address}");
        }
    }
}
