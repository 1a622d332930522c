//! The keyring: the keys that seal the store, and the base key that everything else is derived from.
//!
//! ```json
//! {"format": "samekey keyring", "version": 1, "active": "9f1c22ab",
//!  "base": "<32 bytes, base64>",
//!  "keys": [{"id": "9f1c22ab", "made-at": 1767225600, "key": "<32 bytes, base64>"}]}
//! ```
//!
//! `active` seals; the others only open what was sealed before a rotation. `base` feeds [`Keyring::subkey`] and stays
//! the same through every rotation, because tags and cookies made with it must stay valid: to change it, make a new
//! keyring and issue those anew.

mod file;

use super::seal::sealing_key;
use super::{Secret, SecretBytes};
use crate::clock::UnixTime;
use crate::config::safe_file::UnsafeFile;
use crate::entropy::{Entropy, EntropyError};
use file::Document;
use ring::aead::LessSafeKey;
use ring::hmac;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Names one sealing key: 4 random bytes, shown as 8 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(super) [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Why the keyring cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file is missing, or others could read or write it.
    #[error("the keyring is refused: {0}")]
    File(#[from] UnsafeFile),
    /// The file is not what we write.
    #[error("the keyring {path} is damaged ({what}): put back a copy of it")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, without anything of its content.
        what: String,
    },
    /// There is one already; overwriting it would lose everything sealed with it.
    #[error("there is a keyring at {0} already: it is kept")]
    Exists(PathBuf),
    /// It could not be written; the old one still holds.
    #[error("the keyring {path} could not be written: {why}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// A key that is still used, or active, was to be dropped.
    #[error("key {0} is the active one: it cannot be dropped")]
    Active(KeyId),
    /// No randomness for a key.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// The keys of one state of the file. A program that runs for long reads the file again when it changes: the realm
/// does that.
pub struct Keyring {
    base: Secret<[u8; 32]>,
    active: KeyId,
    active_key: LessSafeKey,
    retired: BTreeMap<KeyId, LessSafeKey>,
}

impl Keyring {
    /// Reads the file. It must belong to root or to this program's user; group may read it, others nothing.
    pub fn load(path: &Path) -> Result<Self, KeyringError> {
        Self::of(file::read(path)?, path)
    }

    /// Makes a new file, mode 0600, with a base key and one sealing key, synced to disk. An existing file is kept.
    pub fn create(path: &Path, entropy: &dyn Entropy, now: UnixTime) -> Result<Self, KeyringError> {
        file::create(path, &Document::generate(entropy, now)?)?;
        Self::load(path)
    }

    /// Adds a new sealing key and makes it the active one; the older ones stay, so that everything still opens.
    /// Afterwards move the rows with [`super::reseal::all`].
    pub fn rotate(path: &Path, entropy: &dyn Entropy, now: UnixTime) -> Result<Self, KeyringError> {
        file::change(path, |document| document.add_key(entropy, now))?;
        Self::load(path)
    }

    /// Drops these retired keys for good. Backups sealed with them then cannot be read any more.
    pub fn drop_retired(path: &Path, unused: &BTreeSet<KeyId>) -> Result<Self, KeyringError> {
        file::change(path, |document| document.drop_keys(unused))?;
        Self::load(path)
    }

    /// 32 bytes for one purpose, the same for ever: HKDF-SHA256 (RFC 5869) of the base key, the purpose as `info`.
    pub fn subkey(&self, purpose: &str) -> Secret<[u8; 32]> {
        // The first block of HKDF-Expand, T(1) = HMAC(PRK, info | 0x01), is all that 32 bytes need. Written out,
        // because ring's form returns an error that cannot occur and a caller could mishandle.
        let extract = hmac::Key::new(hmac::HMAC_SHA256, b"samekey subkey");
        let pseudo_random = hmac::sign(&extract, self.base.expose());
        let expand = hmac::Key::new(hmac::HMAC_SHA256, pseudo_random.as_ref());
        let mut context = hmac::Context::with_key(&expand);
        context.update(purpose.as_bytes());
        context.update(&[1]);
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        Secret::new(out)
    }

    /// The key that seals.
    pub fn active_id(&self) -> KeyId {
        self.active
    }

    /// All keys, also the retired ones.
    pub fn key_ids(&self) -> BTreeSet<KeyId> {
        self.retired.keys().copied().chain([self.active]).collect()
    }

    pub(super) fn active_key(&self) -> &LessSafeKey {
        &self.active_key
    }

    pub(super) fn key(&self, id: KeyId) -> Option<&LessSafeKey> {
        if id == self.active {
            return Some(&self.active_key);
        }
        self.retired.get(&id)
    }

    fn of(document: Document, path: &Path) -> Result<Self, KeyringError> {
        let damaged = |what: &str| KeyringError::Damaged {
            path: path.to_owned(),
            what: what.into(),
        };
        let mut sealing = BTreeMap::new();
        for (id, key) in document.keys() {
            let key = sealing_key(key.expose()).ok_or_else(|| damaged("a key does not fit"))?;
            if sealing.insert(id, key).is_some() {
                return Err(damaged("two keys have one id"));
            }
        }
        let active = document.active();
        let active_key = sealing
            .remove(&active)
            .ok_or_else(|| damaged("its active key is missing"))?;
        Ok(Self {
            base: document.into_base(),
            active,
            active_key,
            retired: sealing,
        })
    }

    /// A keyring without a file. Tests only.
    #[cfg(any(test, feature = "testing"))]
    pub fn in_memory(entropy: &dyn Entropy) -> Result<Self, KeyringError> {
        Self::of(Document::generate(entropy, 0)?, Path::new("memory"))
    }
}

/// Key ids only.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("active", &self.active)
            .field("keys", &self.key_ids())
            .finish_non_exhaustive()
    }
}

/// HMAC-SHA256 under a subkey: a tag that only this realm can compute.
pub fn tag(key: &Secret<[u8; 32]>, parts: &[&[u8]]) -> SecretBytes {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        // Lengths in front, so that ("ab","c") and ("a","bc") differ.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    SecretBytes::new(context.sign().as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::secrets::Place;
    use std::os::unix::fs::PermissionsExt;

    fn place() -> Place {
        Place::new("totp", "secret", "a")
    }

    fn new_file() -> (tempfile::TempDir, PathBuf, SeededEntropy) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring");
        (folder, path, SeededEntropy::new(3))
    }

    #[test]
    fn is_private_from_its_first_moment_and_never_overwritten() {
        let (_folder, path, entropy) = new_file();
        let first = Keyring::create(&path, &entropy, 100).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert!(matches!(
            Keyring::create(&path, &entropy, 100),
            Err(KeyringError::Exists(_))
        ));
        assert_eq!(Keyring::load(&path).unwrap().active_id(), first.active_id());
    }

    #[test]
    fn a_keyring_that_others_may_read_is_refused() {
        let (_folder, path, entropy) = new_file();
        Keyring::create(&path, &entropy, 100).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keyring::load(&path), Err(KeyringError::File(_))));
    }

    #[test]
    fn after_a_rotation_old_values_open_and_subkeys_stay() {
        let (_folder, path, entropy) = new_file();
        let first = Keyring::create(&path, &entropy, 100).unwrap();
        let before = first.subkey("cookie");
        let old = first.seal(&entropy, &place(), b"old").unwrap();
        let rotated = Keyring::rotate(&path, &entropy, 200).unwrap();
        assert_ne!(rotated.active_id(), KeyId(old[1..5].try_into().unwrap()));
        assert_eq!(rotated.open(&place(), &old).unwrap().expose(), b"old");
        let new = rotated.seal(&entropy, &place(), b"new").unwrap();
        assert_eq!(rotated.open(&place(), &new).unwrap().expose(), b"new");
        assert_ne!(new[1..5], old[1..5]);
        assert_eq!(rotated.subkey("cookie").expose(), before.expose());
        assert_ne!(rotated.subkey("other").expose(), before.expose());
    }

    #[test]
    fn rotation_keeps_the_mode_that_the_administrator_gave() {
        let (_folder, path, entropy) = new_file();
        Keyring::create(&path, &entropy, 100).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        Keyring::rotate(&path, &entropy, 200).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
    }

    #[test]
    fn many_rotations_at_once_lose_no_key() {
        let (_folder, path, entropy) = new_file();
        Keyring::create(&path, &entropy, 100).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| Keyring::rotate(&path, &entropy, 200).unwrap());
            }
        });
        assert_eq!(Keyring::load(&path).unwrap().key_ids().len(), 9);
    }

    #[test]
    fn only_retired_keys_can_be_dropped() {
        let (_folder, path, entropy) = new_file();
        let first = Keyring::create(&path, &entropy, 100).unwrap().active_id();
        let second = Keyring::rotate(&path, &entropy, 200).unwrap().active_id();
        assert!(matches!(
            Keyring::drop_retired(&path, &[second].into()),
            Err(KeyringError::Active(_))
        ));
        let left = Keyring::drop_retired(&path, &[first].into()).unwrap();
        assert_eq!(left.key_ids(), [second].into());
    }

    #[test]
    fn damage_is_told_without_the_content() {
        let (_folder, path, entropy) = new_file();
        Keyring::create(&path, &entropy, 100).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        let document: serde_json::Value = serde_json::from_str(&good).unwrap();
        let secret = document["base"].as_str().unwrap().to_owned();
        for (from, to) in [
            ("\"version\": 1", "\"version\": 2"),
            ("samekey keyring", "something else"),
            ("\"base\"", "\"bass\""),
            ("\"active\": \"", "\"active\": \"0"),
            ("\"base\": \"", "\"base\": \"AAAA"),
            ("\"made-at\": 100", "\"made-at\": \"100\""),
        ] {
            assert!(good.contains(from), "{from}");
            std::fs::write(&path, good.replace(from, to)).unwrap();
            let error = Keyring::load(&path).unwrap_err();
            assert!(matches!(error, KeyringError::Damaged { .. }), "{from}: {error}");
            assert!(!format!("{error} {error:?}").contains(&secret[..8]), "{from}");
        }
        for length in 0..good.trim_end().len() {
            std::fs::write(&path, &good[..length]).unwrap();
            assert!(Keyring::load(&path).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn a_subkey_is_hkdf_sha256() {
        struct Length;
        impl ring::hkdf::KeyType for Length {
            fn len(&self) -> usize {
                32
            }
        }
        let keyring = Keyring::in_memory(&SeededEntropy::new(3)).unwrap();
        let salt = ring::hkdf::Salt::new(ring::hkdf::HKDF_SHA256, b"samekey subkey");
        let prk = salt.extract(keyring.base.expose());
        let mut wanted = [0; 32];
        prk.expand(&[b"cookie"], Length).unwrap().fill(&mut wanted).unwrap();
        assert_eq!(keyring.subkey("cookie").expose(), &wanted);
    }

    #[test]
    fn debug_shows_ids_only() {
        let entropy = SeededEntropy::new(3);
        let keyring = Keyring::in_memory(&entropy).unwrap();
        let id = keyring.active_id();
        assert_eq!(
            format!("{keyring:?}"),
            format!("Keyring {{ active: KeyId({id}), keys: {{KeyId({id})}}, .. }}")
        );
    }
}
