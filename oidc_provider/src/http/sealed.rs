//! Sealed texts that a browser keeps for us: AES-256-GCM under a key of one purpose, so that nobody can read, alter or
//! make one, nor use one cookie's value as another's.

use data_encoding::BASE64URL_NOPAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use samekey_shared::entropy::{Entropy, EntropyError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest value that is opened at all; browsers keep 4096 bytes of name and value.
const LONGEST: usize = 4096;

/// A key that seals and opens.
pub struct Sealer(LessSafeKey);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer([secret])")
    }
}

/// Why nothing was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The value cannot be written, or AES-GCM refused it.
    #[error("a value could not be sealed")]
    Value,
}

impl Sealer {
    /// Takes a key of 32 bytes.
    pub fn new(key: &[u8; 32]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, key)
            .ok()
            .map(|key| Self(LessSafeKey::new(key)))
    }

    /// Seals a value under a name; only the same name opens it.
    pub fn seal(&self, entropy: &dyn Entropy, name: &str, value: &impl Serialize) -> Result<String, SealingError> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce)?;
        let mut bytes = serde_json::to_vec(value).map_err(|_| SealingError::Value)?;
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name), &mut bytes)
            .map_err(|_| SealingError::Value)?;
        let mut whole = nonce.to_vec();
        whole.extend_from_slice(&bytes);
        Ok(BASE64URL_NOPAD.encode(&whole))
    }

    /// Opens what this key sealed under this name; `None` for anything else.
    pub fn open<T: DeserializeOwned>(&self, name: &str, sealed: &str) -> Option<T> {
        if sealed.len() > LONGEST {
            return None;
        }
        let mut whole = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let nonce: [u8; NONCE_LEN] = whole.get(..NONCE_LEN)?.try_into().ok()?;
        let opened = self
            .0
            .open_in_place(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name),
                whole.get_mut(NONCE_LEN..)?,
            )
            .ok()?;
        serde_json::from_slice(opened).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::entropy::SeededEntropy;

    #[test]
    fn opens_only_what_it_sealed_under_that_name() {
        let entropy = SeededEntropy::new(3);
        let key = Sealer::new(&[7; 32]).unwrap();
        let sealed = key.seal(&entropy, "flow-a", &("alice", 5)).unwrap();
        assert_eq!(key.open::<(String, i64)>("flow-a", &sealed), Some(("alice".into(), 5)));
        assert_eq!(key.open::<(String, i64)>("flow-b", &sealed), None);
        assert_eq!(
            Sealer::new(&[8; 32]).unwrap().open::<(String, i64)>("flow-a", &sealed),
            None
        );
        let mut altered = sealed.clone().into_bytes();
        altered[20] ^= 1;
        let altered = String::from_utf8(altered).unwrap_or_default();
        for wrong in [
            altered.as_str(),
            &sealed[..sealed.len() - 2],
            "",
            "AAAA",
            &"A".repeat(5000),
        ] {
            assert_eq!(key.open::<(String, i64)>("flow-a", wrong), None, "{wrong}");
        }
    }
}
