//! Nonces without memory (RFC 9449 section 8): a window of time and our MAC over it.
//!
//! The same keyring gives the same nonces, so several providers over one store take each other's. A nonce says when, and
//! nothing else: who may use it follows from the proof that holds it.

use data_encoding::BASE64URL_NOPAD;
use ring::hmac;
use samekey_shared::clock::UnixTime;
use subtle::ConstantTimeEq;

/// Seconds of a window. A nonce is good in its own window and in the next one.
const WINDOW: i64 = 150;
/// Bytes of the window's number.
const NUMBER: usize = 8;
/// Bytes of the MAC.
const MAC: usize = 24;

/// Makes and knows nonces.
#[derive(Debug)]
pub struct Nonces(hmac::Key);

impl Nonces {
    /// Takes the key of this purpose.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The nonce of this moment.
    pub fn current(&self, now: UnixTime) -> String {
        BASE64URL_NOPAD.encode(&self.of(now.div_euclid(WINDOW)))
    }

    /// The first second in which this nonce is good no longer; `None` if it is not good now, or not ours.
    pub fn until(&self, nonce: &str, now: UnixTime) -> Option<UnixTime> {
        let shown = BASE64URL_NOPAD.decode(nonce.as_bytes()).ok()?;
        let window = now.div_euclid(WINDOW);
        let good = [window, window - 1]
            .into_iter()
            .find(|window| bool::from(self.of(*window).as_slice().ct_eq(&shown)));
        good.map(|window| (window + 2) * WINDOW)
    }

    fn of(&self, window: i64) -> [u8; NUMBER + MAC] {
        let number = window.to_be_bytes();
        let mac = hmac::sign(&self.0, &number);
        let mut nonce = [0; NUMBER + MAC];
        nonce[..NUMBER].copy_from_slice(&number);
        nonce[NUMBER..].copy_from_slice(&mac.as_ref()[..MAC]);
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_in_its_window_and_the_next_and_never_again() {
        let nonces = Nonces::new(&[7; 32]);
        let begin = 1_800_000_000 / WINDOW * WINDOW;
        let nonce = nonces.current(begin);
        assert_eq!(nonces.until(&nonce, begin), Some(begin + 2 * WINDOW));
        assert_eq!(
            nonces.until(&nonce, begin + 2 * WINDOW - 1),
            Some(begin + 2 * WINDOW),
            "in the next window"
        );
        assert_eq!(nonces.until(&nonce, begin + 2 * WINDOW), None, "two windows later");
        assert_eq!(nonces.until(&nonce, begin - 1), None, "a clock set back");
        assert_ne!(nonces.current(begin + WINDOW), nonce, "it rotates");
    }

    #[test]
    fn nobody_else_makes_one() {
        let nonces = Nonces::new(&[7; 32]);
        let now = 1_800_000_000;
        let other = Nonces::new(&[8; 32]).current(now);
        let altered = format!("{}A", &nonces.current(now)[..42]);
        for wrong in [
            "",
            "AAAA",
            "no base64!",
            other.as_str(),
            altered.as_str(),
            &"A".repeat(400),
        ] {
            assert!(
                nonces.until(wrong, now).is_none() || wrong == nonces.current(now),
                "{wrong}"
            );
        }
    }
}
