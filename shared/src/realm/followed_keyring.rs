//! The keyring file, read again when it changes.

use crate::secrets::Keyring;
use crate::secrets::keyring::KeyringError;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What changes when a file is replaced or written: inode, length, and the moment of its last change.
type Stamp = (u64, u64, i64, i64);

#[derive(Debug)]
pub(super) struct FollowedKeyring {
    path: PathBuf,
    last: Mutex<(Option<Stamp>, Arc<Keyring>)>,
}

impl FollowedKeyring {
    pub(super) fn load(path: &Path) -> Result<Self, KeyringError> {
        let stamp = stamp(path);
        let keyring = Arc::new(Keyring::load(path)?);
        Ok(Self {
            path: path.to_owned(),
            last: Mutex::new((stamp, keyring)),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The keys of the file as it is. A file that has become unreadable is an error, not a reason to use old keys.
    pub(super) fn current(&self) -> Result<Arc<Keyring>, KeyringError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.path);
        if now.is_none() || now != last.0 {
            let keyring = Arc::new(Keyring::load(&self.path)?);
            *last = (now, keyring);
        }
        Ok(Arc::clone(&last.1))
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.size(), file.mtime(), file.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn a_rotation_is_followed_and_a_file_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring");
        let entropy = SeededEntropy::new(1);
        let first = Keyring::create(&path, &entropy, 100).unwrap().active_id();
        let followed = FollowedKeyring::load(&path).unwrap();
        assert_eq!(followed.current().unwrap().active_id(), first);
        let second = Keyring::rotate(&path, &entropy, 200).unwrap().active_id();
        let current = followed.current().unwrap();
        assert_eq!(
            (current.active_id(), current.key_ids()),
            (second, [first, second].into())
        );
        std::fs::remove_file(&path).unwrap();
        assert!(followed.current().is_err());
        Keyring::create(&path, &entropy, 300).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(followed.current().is_err());
    }
}
