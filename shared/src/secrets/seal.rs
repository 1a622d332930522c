//! Seals a value of one row with AES-256-GCM, so that it opens only there.

use super::SecretBytes;
use super::keyring::{KeyId, Keyring};
use crate::entropy::{Entropy, EntropyError};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;

/// Version 1: this byte, 4 bytes of key id, 12 bytes of nonce, ciphertext, 16 bytes of tag.
const VERSION: u8 = 1;
const KEY_ID: std::ops::Range<usize> = 1..5;
const NONCE: std::ops::Range<usize> = 5..5 + NONCE_LEN;
const HEADER: usize = NONCE.end;

/// Where a sealed value lies. It is part of what the seal authenticates: a value copied to another row or column
/// does not open there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's key.
    pub row: String,
}

impl Place {
    /// The value of this column in this row.
    pub fn new(table: &'static str, column: &'static str, row: impl fmt::Display) -> Self {
        Self {
            table,
            column,
            row: row.to_string(),
        }
    }

    /// Table and column are names of ours without `:`, so no two places give the same bytes.
    fn associated_data(&self) -> Vec<u8> {
        format!("samekey:{}:{}:{}", self.table, self.column, self.row).into_bytes()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} of row {}", self.table, self.column, self.row)
    }
}

/// Why a value was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Sealed with a key that the keyring does not hold.
    #[error(
        "{place} is sealed with key {key}, which the keyring lacks: put back the keyring that belongs to this store"
    )]
    UnknownKey {
        /// The value.
        place: Place,
        /// The key it names.
        key: KeyId,
    },
    /// Changed, cut, or moved here from another row.
    #[error("{0} does not open: it was changed or moved, restore it from a backup")]
    Broken(Place),
    /// No randomness for the nonce.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl Keyring {
    /// Seals `plain` for this place with the active key. The nonce is random: good for 2^32 values per key.
    pub fn seal(&self, entropy: &dyn Entropy, place: &Place, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, key) = (self.active_id(), self.active_key());
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce)?;
        let mut body = plain.to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.associated_data()),
            &mut body,
        )
        .map_err(|_| SealError::Broken(place.clone()))?;
        let mut sealed = Vec::with_capacity(HEADER + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&id.0);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what [`Keyring::seal`] sealed for this place.
    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<SecretBytes, SealError> {
        let broken = || SealError::Broken(place.clone());
        let id = sealed_with(sealed).ok_or_else(broken)?;
        let key = self.key(id).ok_or_else(|| SealError::UnknownKey {
            place: place.clone(),
            key: id,
        })?;
        let nonce = sealed.get(NONCE).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        // ring decrypts in place and wipes on failure; on success the plain text lies at the front.
        let mut body = sealed.get(HEADER..).ok_or_else(broken)?.to_vec();
        let length = key
            .open_in_place(nonce, Aad::from(place.associated_data()), &mut body)
            .map_err(|_| broken())?
            .len();
        body.truncate(length);
        Ok(SecretBytes::new(body))
    }
}

/// The key that a sealed value names, if it has our form.
pub(super) fn sealed_with(sealed: &[u8]) -> Option<KeyId> {
    if sealed.first() != Some(&VERSION) || sealed.len() < HEADER + AES_256_GCM.tag_len() {
        return None;
    }
    sealed.get(KEY_ID)?.try_into().ok().map(KeyId)
}

/// Makes ring's key of 32 bytes.
pub(super) fn sealing_key(bytes: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, bytes).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    fn place(row: &str) -> Place {
        Place::new("totp", "secret", row)
    }

    #[test]
    fn opens_only_in_its_own_place() {
        let entropy = SeededEntropy::new(7);
        let keyring = Keyring::in_memory(&entropy).unwrap();
        let sealed = keyring.seal(&entropy, &place("a"), b"the plain text").unwrap();
        assert_eq!(keyring.open(&place("a"), &sealed).unwrap().expose(), b"the plain text");
        assert!(!sealed.windows(5).any(|w| w == b"plain"));
        for elsewhere in [
            place("b"),
            Place::new("totp", "other", "a"),
            Place::new("mail", "secret", "a"),
        ] {
            assert!(matches!(keyring.open(&elsewhere, &sealed), Err(SealError::Broken(_))));
        }
    }

    #[test]
    fn any_changed_bit_and_any_cut_is_refused() {
        let entropy = SeededEntropy::new(7);
        let keyring = Keyring::in_memory(&entropy).unwrap();
        let sealed = keyring.seal(&entropy, &place("a"), b"text").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(keyring.open(&place("a"), &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(keyring.open(&place("a"), &sealed[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn another_keyring_says_which_key_it_lacks() {
        let entropy = SeededEntropy::new(7);
        let sealed = Keyring::in_memory(&entropy)
            .unwrap()
            .seal(&entropy, &place("a"), b"text")
            .unwrap();
        let other = Keyring::in_memory(&entropy).unwrap();
        assert!(matches!(
            other.open(&place("a"), &sealed),
            Err(SealError::UnknownKey { .. })
        ));
    }

    #[test]
    fn the_same_text_never_looks_the_same() {
        let entropy = SeededEntropy::new(7);
        let keyring = Keyring::in_memory(&entropy).unwrap();
        let one = keyring.seal(&entropy, &place("a"), b"text").unwrap();
        assert_ne!(one, keyring.seal(&entropy, &place("a"), b"text").unwrap());
    }
}
