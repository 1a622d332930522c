//! The store's file: whose it may be, with what mode, and how a new one is made.
//!
//! Only names are looked at, never opened: closing a database's file behind SQLite's back drops the locks that this
//! process holds on it.

use crate::config::safe_file::own_user;
use crate::store::error::StoreError;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// The files that SQLite keeps beside the store.
pub(super) const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// The path with its folder's symbolic links followed, so that SQLite may refuse every other one.
pub(super) fn settled(path: &Path) -> Result<PathBuf, StoreError> {
    let name = path
        .file_name()
        .ok_or_else(|| StoreError::Refused(format!("{} is no file", path.display())))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder
        .canonicalize()
        .map_err(|error| StoreError::Unavailable(format!("the store's folder {}: {error}", folder.display())))?;
    Ok(folder.join(name))
}

/// A companion of the store, such as its `-wal`.
pub(super) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Looks whether the store at this (settled) path may be used; false if there is none yet.
pub(super) fn inspect(path: &Path) -> Result<bool, StoreError> {
    let folder = folder_of(path)?;
    for suffix in COMPANIONS {
        let beside = companion(path, suffix);
        if let Some(found) = look(&beside)? {
            judge(&beside, &found, &folder)?;
        }
    }
    match look(path)? {
        Some(found) => judge(path, &found, &folder).map(|()| true),
        None => Ok(false),
    }
}

/// Makes the empty file of a new store: mode 0600, and the folder's owner where root makes it, so that the daemons'
/// user can open what `samekey init` made. False if somebody else was quicker.
pub(super) fn make(path: &Path) -> Result<bool, StoreError> {
    let folder = folder_of(path)?;
    let file = match fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(unavailable(path, &error)),
    };
    if own_user() == 0 {
        fchown(&file, Some(folder.uid()), Some(folder.gid())).map_err(|error| unavailable(path, &error))?;
    }
    Ok(true)
}

/// Makes a file's name in its folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| unavailable(folder, &error))
}

pub(super) fn unavailable(path: &Path, error: &std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full(format!("{}: {error}", path.display())),
        _ => StoreError::Unavailable(format!("{}: {error}", path.display())),
    }
}

fn folder_of(path: &Path) -> Result<Metadata, StoreError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let found = fs::metadata(folder).map_err(|error| unavailable(folder, &error))?;
    if found.mode() & 0o022 != 0 {
        let shown = folder.display();
        return Err(StoreError::Refused(format!(
            "others may write to the store's folder {shown} (mode {:04o}): run `chmod go-w {shown}`",
            found.mode() & 0o7777
        )));
    }
    Ok(found)
}

fn look(path: &Path) -> Result<Option<Metadata>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unavailable(path, &error)),
    }
}

fn judge(path: &Path, found: &Metadata, folder: &Metadata) -> Result<(), StoreError> {
    let shown = path.display();
    if found.is_symlink() {
        return Err(StoreError::Refused(format!(
            "{shown} is a symbolic link: name the file that it points to"
        )));
    }
    if !found.is_file() {
        return Err(StoreError::Refused(format!("{shown} is no regular file")));
    }
    if ![0, own_user(), folder.uid()].contains(&found.uid()) {
        return Err(StoreError::Refused(format!(
            "{shown} belongs to user {}, neither to the owner of its folder nor to us: run `chown {} {shown}`",
            found.uid(),
            folder.uid()
        )));
    }
    if found.mode() & 0o077 != 0 {
        return Err(StoreError::Refused(format!(
            "{shown} has mode {:04o}, which lets others in: run `chmod 0600 {shown}`",
            found.mode() & 0o7777
        )));
    }
    Ok(())
}
