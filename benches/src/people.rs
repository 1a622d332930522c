//! The people of the benchmark: bench00000, bench00001, …, whose keys follow from their names.

use data_encoding::BASE32_NOPAD;
use ring::{digest, hmac};
use samekey_shared::clock::{Clock, SystemClock};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// The name of person number `at`.
pub fn name(at: usize) -> String {
    format!("bench{at:05}")
}

/// The 20 bytes of this person's authenticator app.
pub fn secret(name: &str) -> Vec<u8> {
    digest::digest(
        &digest::SHA1_FOR_LEGACY_USE_ONLY,
        format!("samekey bench {name}").as_bytes(),
    )
    .as_ref()
    .to_vec()
}

/// The same, as it is typed into an app.
pub fn secret_base32(name: &str) -> String {
    BASE32_NOPAD.encode(&secret(name))
}

/// The code that this person's app shows now.
pub fn code(name: &str) -> String {
    code_at(name, SystemClock.now())
}

/// The code that this person's app shows at this moment (RFC 6238; SHA-1, 6 digits, 30 s).
pub fn code_at(name: &str, moment: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret(name));
    let tag = hmac::sign(&key, &(moment / 30).to_be_bytes());
    let bytes = tag.as_ref();
    let offset = bytes.last().map_or(0, |last| usize::from(last & 15));
    let word = bytes
        .iter()
        .skip(offset)
        .take(4)
        .fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}
