//! Files written whole or not at all: a new one beside the old, on the disk, then in its place.

use super::SetupError;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// Puts these bytes in the file's place. It keeps owner and mode of what was there; a new one is root's, for all to read.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), SetupError> {
    let before = fs::metadata(path).ok();
    let (mode, owner) = before.map_or((0o644, None), |found| {
        (found.mode() & 0o7777, Some((found.uid(), found.gid())))
    });
    written(path, bytes, mode, owner)
}

/// Puts these bytes in the file's place, readable for its owner alone.
pub(super) fn replace_secret(path: &Path, bytes: &[u8]) -> Result<(), SetupError> {
    written(path, bytes, 0o600, None)
}

fn written(path: &Path, bytes: &[u8], mode: u32, owner: Option<(u32, u32)>) -> Result<(), SetupError> {
    let trouble = |why| SetupError::file(path, why);
    let beside = beside(path);
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .map_err(trouble)?;
    file.write_all(bytes).map_err(trouble)?;
    if let Some((user, group)) = owner {
        fchown(&file, Some(user), Some(group)).map_err(trouble)?;
    }
    file.set_permissions(Permissions::from_mode(mode)).map_err(trouble)?;
    file.sync_all().map_err(trouble)?;
    fs::rename(&beside, path).map_err(trouble)?;
    on_disk(path)
}

/// Where a file is before it is in its place. libpam and sshd's Include take no file of such a name for theirs.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.samekey-new"))
}

/// Takes away what a process that was killed has left beside this file.
pub(super) fn clear(path: &Path) -> Result<(), SetupError> {
    remove(&beside(path))
}

/// Takes the file away; one that is not there is no failure.
pub(super) fn remove(path: &Path) -> Result<(), SetupError> {
    match fs::remove_file(path) {
        Ok(()) => on_disk(path),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(why) => Err(SetupError::file(path, why)),
    }
}

/// Brings the folder's entry of this file to the disk.
fn on_disk(path: &Path) -> Result<(), SetupError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|why| SetupError::file(folder, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_mode_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sshd");
        replace(&path, b"new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o644);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        // What a process that was killed may have left.
        fs::write(folder.path().join(".sshd.samekey-new"), "half").unwrap();
        replace(&path, b"newer").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(replace(&folder.path().join("none/sshd"), b"").is_err());
    }
}
