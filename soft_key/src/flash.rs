//! The key's memory: what stays when it is pulled out.

use opensk::api::persist::{Attestation, AttestationId, Persist, PersistIter};
use opensk::ctap::status_code::{Ctap2StatusCode, CtapResult};
use ring::digest;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tries of a PIN before it is blocked (CTAP 2.1, 6.5.1).
pub const PIN_TRIES: u8 = 8;
/// What the sensor calls its one finger.
const FINGER: u8 = 7;

/// What signs in the name of its maker.
const MAKERS_KEY: [u8; 32] = [
    0xc9, 0xaf, 0xa9, 0xd8, 0x45, 0xba, 0x75, 0x16, 0x6b, 0x5c, 0x21, 0x57, 0x67, 0xb1, 0xd6, 0x93, 0x4e, 0x50, 0xc3,
    0xdb, 0x36, 0xe8, 0x9b, 0x12, 0x7b, 0x8a, 0x62, 0x2b, 0x12, 0x0f, 0x67, 0x21,
];

/// Numbered entries, shared by the authenticator and the orders.
#[derive(Debug, Clone, Default)]
pub struct Flash(Arc<Mutex<BTreeMap<usize, Vec<u8>>>>);

impl Flash {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<usize, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the PIN, all tries left, or takes it away.
    pub fn set_pin_to(&mut self, pin: Option<&str>) -> CtapResult<()> {
        self.reset_pin_retries()?;
        let Some(pin) = pin else {
            return self.remove(opensk::api::persist::keys::PIN_PROPERTIES);
        };
        let length = u8::try_from(pin.chars().count()).unwrap_or(u8::MAX);
        if !(4..=63).contains(&length) || pin.len() > 63 {
            return Err(Ctap2StatusCode::CTAP2_ERR_PIN_POLICY_VIOLATION);
        }
        let hash = digest::digest(&digest::SHA256, pin.as_bytes());
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_ref()[..16]);
        // The default key store keeps the hash as it is.
        self.set_pin(&half, length)
    }

    /// Tries of the PIN that are left.
    pub fn pin_tries(&self) -> u8 {
        PIN_TRIES.saturating_sub(self.pin_fails().unwrap_or(0))
    }

    /// Sets how many are left.
    pub fn set_pin_tries(&mut self, left: u8) -> CtapResult<()> {
        self.reset_pin_retries()?;
        for _ in left..PIN_TRIES {
            self.incr_pin_fails()?;
        }
        Ok(())
    }

    /// Teaches the built-in sensor its one finger.
    pub fn enrol_finger(&mut self) -> CtapResult<()> {
        if self.template_infos()?.is_empty() {
            self.store_template_id(vec![FINGER])?;
        }
        Ok(())
    }

    /// Gives it a make, with the certificate that such keys show. Everybody knows its key: RFC 6979, A.2.5.
    pub fn certify(&mut self) -> CtapResult<()> {
        let attestation = Attestation {
            wrapped_private_key: MAKERS_KEY.to_vec(),
            certificate: include_bytes!("attestation.der").to_vec(),
        };
        self.set_attestation(AttestationId::Batch, Some(&attestation))
    }

    /// Whether it shows such a certificate.
    pub fn is_certified(&self) -> bool {
        self.get_attestation(AttestationId::Batch)
            .is_ok_and(|found| found.is_some())
    }

    /// Makes the counter at least so high: an imported credential goes on from where it was.
    pub fn raise_counter(&mut self, least: u32) -> CtapResult<()> {
        let missing = least.saturating_sub(self.global_signature_counter()?);
        self.incr_global_signature_counter(missing)
    }
}

impl Persist for Flash {
    fn find(&self, key: usize) -> CtapResult<Option<Vec<u8>>> {
        Ok(self.entries().get(&key).cloned())
    }

    fn insert(&mut self, key: usize, value: &[u8]) -> CtapResult<()> {
        self.entries().insert(key, value.to_vec());
        Ok(())
    }

    fn remove(&mut self, key: usize) -> CtapResult<()> {
        self.entries().remove(&key);
        Ok(())
    }

    fn iter(&self) -> CtapResult<PersistIter<'_>> {
        let keys: Vec<usize> = self.entries().keys().copied().collect();
        Ok(Box::new(keys.into_iter().map(Ok)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_counted_from_eight() {
        let mut flash = Flash::default();
        assert_eq!(flash.pin_tries(), 8);
        flash.set_pin_tries(2).unwrap();
        assert_eq!(flash.pin_tries(), 2);
        flash.set_pin_to(Some("1234")).unwrap();
        assert_eq!(flash.pin_tries(), 8);
        assert!(flash.set_pin_to(Some("123")).is_err());
    }

    #[test]
    fn the_counter_only_rises() {
        let mut flash = Flash::default();
        flash.raise_counter(40).unwrap();
        flash.raise_counter(3).unwrap();
        assert_eq!(flash.global_signature_counter(), Ok(40));
    }
}
