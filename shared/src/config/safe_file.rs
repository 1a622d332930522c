//! Opens a file that decides logins, and refuses one that somebody else could have written or read (S4).

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Who may read the file besides its owner and its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// It holds secrets: a file that everybody may read is refused.
    Secret,
    /// It holds none.
    Public,
}

/// Why a file was refused.
#[derive(Debug, thiserror::Error)]
pub enum UnsafeFile {
    /// It cannot be opened or read. A symbolic link in the last place is refused here too.
    #[error("{path} cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// It is a folder, a device or a pipe.
    #[error("{path} is no regular file")]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Its owner is neither root nor the user whom this program runs as.
    #[error("{path} belongs to user {owner}: give it to root with `chown root {path}`")]
    Owner {
        /// The file.
        path: PathBuf,
        /// The owner's number.
        owner: u32,
    },
    /// Group or others may write it, or everybody may read a secret.
    #[error("{path} has mode {mode:04o}, which lets others in: run `chmod {wanted} {path}`")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What to take away.
        wanted: &'static str,
    },
    /// It is larger than such a file ever is.
    #[error("{path} is larger than {most} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most allowed.
        most: u64,
    },
}

/// Opens the file for reading without following a link in its last place, then checks what was opened: a regular
/// file, of root or of this program's user, that neither group nor others may write.
pub fn open(path: &Path, privacy: Privacy) -> Result<File, UnsafeFile> {
    let (file, found) = opened(path)?;
    check_owner(path, &found)?;
    check_mode(path, &found, privacy)?;
    Ok(file)
}

/// A regular file in this place, opened without following a link or waiting for anything, and what was opened.
fn opened(path: &Path) -> Result<(File, Metadata), UnsafeFile> {
    let unreadable = |why| UnsafeFile::Unreadable {
        path: path.to_owned(),
        why,
    };
    // O_NONBLOCK: a pipe in the file's place must not hang a login.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
        .open(path)
        .map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    if found.is_file() {
        Ok((file, found))
    } else {
        Err(UnsafeFile::NotAFile { path: path.to_owned() })
    }
}

/// Opens as [`open`] does and reads it whole; more than `most` bytes are refused.
pub fn read(path: &Path, privacy: Privacy, most: u64) -> Result<Vec<u8>, UnsafeFile> {
    whole(path, open(path, privacy)?, most)
}

/// As [`read`], for a file of anybody's, and the number of whose it is: what it says may count for them alone.
pub fn read_anybodys(path: &Path, privacy: Privacy, most: u64) -> Result<(Vec<u8>, u32), UnsafeFile> {
    let (file, found) = opened(path)?;
    check_mode(path, &found, privacy)?;
    Ok((whole(path, file, most)?, found.uid()))
}

fn whole(path: &Path, file: File, most: u64) -> Result<Vec<u8>, UnsafeFile> {
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|why| UnsafeFile::Unreadable {
            path: path.to_owned(),
            why,
        })?;
    if bytes.len() as u64 > most {
        return Err(UnsafeFile::TooLarge {
            path: path.to_owned(),
            most,
        });
    }
    Ok(bytes)
}

fn check_owner(path: &Path, found: &Metadata) -> Result<(), UnsafeFile> {
    let owner = found.uid();
    if owner == 0 || owner == own_user() {
        return Ok(());
    }
    let path = path.to_owned();
    Err(UnsafeFile::Owner { path, owner })
}

fn check_mode(path: &Path, found: &Metadata, privacy: Privacy) -> Result<(), UnsafeFile> {
    let path = path.to_owned();
    let mode = found.mode() & 0o7777;
    let (forbidden, wanted) = match privacy {
        Privacy::Secret => (0o027, "g-w,o-rwx"),
        Privacy::Public => (0o022, "go-w"),
    };
    if mode & forbidden != 0 {
        return Err(UnsafeFile::Mode { path, mode, wanted });
    }
    Ok(())
}

/// The user whom this program acts as.
#[expect(unsafe_code, reason = "std does not tell the effective user")]
pub(crate) fn own_user() -> u32 {
    // SAFETY: geteuid takes nothing, touches no memory of ours and cannot fail (POSIX).
    unsafe { libc::geteuid() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn file_of_mode(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "text").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn only_modes_that_keep_others_out_pass() {
        for (mode, secret, public) in [
            (0o400, true, true),
            (0o600, true, true),
            (0o640, true, true),
            (0o644, false, true),
            (0o620, false, false),
            (0o602, false, false),
            (0o666, false, false),
        ] {
            let (_folder, path) = file_of_mode(mode);
            assert_eq!(read(&path, Privacy::Secret, 100).is_ok(), secret, "{mode:o}");
            assert_eq!(read(&path, Privacy::Public, 100).is_ok(), public, "{mode:o}");
        }
    }

    #[test]
    fn a_link_a_folder_a_pipe_and_a_large_file_are_refused() {
        let (folder, path) = file_of_mode(0o600);
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(matches!(
            read(&link, Privacy::Public, 100),
            Err(UnsafeFile::Unreadable { .. })
        ));
        assert!(matches!(
            read(folder.path(), Privacy::Public, 100),
            Err(UnsafeFile::NotAFile { .. })
        ));
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(read(&socket, Privacy::Public, 100).is_err());
        assert!(matches!(
            read(&path, Privacy::Public, 3),
            Err(UnsafeFile::TooLarge { .. })
        ));
        assert_eq!(read(&path, Privacy::Public, 4).unwrap(), b"text");
    }

    #[test]
    fn a_refusal_says_what_to_type() {
        let (_folder, path) = file_of_mode(0o644);
        let told = read(&path, Privacy::Secret, 100).unwrap_err().to_string();
        assert!(told.contains("chmod g-w,o-rwx"), "{told}");
    }
}
