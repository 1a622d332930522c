//! The socket: handed over by systemd or made here.
#![expect(unsafe_code, reason = "taking over systemd's descriptor is not offered by std")]

use std::fs;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Everybody may connect: screen lockers run as their user, and who may ask what is decided by the peer's uid.
const SOCKET_MODE: u32 = 0o666;

/// Why there is no socket to listen on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The system refused.
    #[error("{path}: {error}")]
    System {
        /// What it was about.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// Somebody else could put another socket there.
    #[error("{0}: must be a folder of root's or of this user's, which nobody else may write (mode 0755)")]
    OpenFolder(PathBuf),
    /// Something else lies there.
    #[error("{0}: exists and is no socket; remove it, or set [agent] socket to another path")]
    NotASocket(PathBuf),
    /// Another agent answers there.
    #[error("{0}: another agent is listening there; stop it first")]
    Taken(PathBuf),
    /// systemd hands over something unexpected.
    #[error("systemd hands over {0} descriptors, one stream socket is expected: see samekey-agent.socket")]
    Descriptors(usize),
}

/// A socket to listen on.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    /// The file to remove at the end, and its inode: only if this process made it.
    own: Option<(PathBuf, u64)>,
}

impl Listener {
    /// systemd's socket if there is one, else one made at this path.
    pub fn open(path: &Path) -> Result<Self, ListenError> {
        let system = |error| ListenError::System {
            path: path.to_owned(),
            error,
        };
        let mut handed = sd_notify::listen_fds().map_err(system)?;
        let listener = match (handed.next(), handed.len()) {
            (None, _) => Self::make(path)?,
            (Some(descriptor), 0) => {
                // SAFETY: systemd passed this descriptor to this process, and nothing else here takes it.
                let socket = UnixListener::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
                // Says whether it is a Unix socket at all.
                socket.local_addr().map_err(|_| ListenError::Descriptors(1))?;
                Self { socket, own: None }
            }
            (Some(_), more) => return Err(ListenError::Descriptors(more + 1)),
        };
        listener.socket.set_nonblocking(true).map_err(system)?;
        Ok(listener)
    }

    /// Makes the socket beside its place and moves it there, so that no moment has a half-made one.
    fn make(path: &Path) -> Result<Self, ListenError> {
        let system = |error| ListenError::System {
            path: path.to_owned(),
            error,
        };
        let folder = path.parent().unwrap_or(Path::new("/"));
        make_folder(folder)?;
        clear(path)?;
        let beside = folder.join(format!(".agent-{}.sock", std::process::id()));
        let _ = fs::remove_file(&beside);
        let socket = UnixListener::bind(&beside).map_err(system)?;
        let placed = fs::set_permissions(&beside, fs::Permissions::from_mode(SOCKET_MODE))
            .and_then(|()| fs::symlink_metadata(&beside))
            .and_then(|made| fs::rename(&beside, path).map(|()| made.ino()));
        match placed {
            Ok(inode) => Ok(Self {
                socket,
                own: Some((path.to_owned(), inode)),
            }),
            Err(error) => {
                let _ = fs::remove_file(&beside);
                Err(system(error))
            }
        }
    }

    /// The socket, for those who accept. It does not block.
    pub fn socket(&self) -> io::Result<UnixListener> {
        self.socket.try_clone()
    }
}

impl Drop for Listener {
    /// Removes the socket's file, unless another agent has put its own there by now.
    fn drop(&mut self) {
        if let Some((path, inode)) = &self.own
            && fs::symlink_metadata(path).is_ok_and(|found| found.ino() == *inode)
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// The folder that holds the socket: made if missing, and refused if others could put a socket of their own there.
fn make_folder(folder: &Path) -> Result<(), ListenError> {
    let system = |error| ListenError::System {
        path: folder.to_owned(),
        error,
    };
    match fs::create_dir(folder) {
        Ok(()) => fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(system)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(system(error)),
    }
    let found = fs::symlink_metadata(folder).map_err(system)?;
    let me = fs::metadata("/proc/self").map_err(system)?.uid();
    let ours = found.uid() == 0 || found.uid() == me;
    if !found.is_dir() || !ours || found.mode() & 0o022 != 0 {
        return Err(ListenError::OpenFolder(folder.to_owned()));
    }
    Ok(())
}

/// Makes sure that what lies at the path is nothing, or a socket that nobody answers.
fn clear(path: &Path) -> Result<(), ListenError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ListenError::System {
            path: path.to_owned(),
            error,
        }),
        Ok(found) if !found.file_type().is_socket() => Err(ListenError::NotASocket(path.to_owned())),
        Ok(_) => match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(ListenError::System {
                path: path.to_owned(),
                error,
            }),
            Ok(_) => Err(ListenError::Taken(path.to_owned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_socket_is_replaced_and_a_live_one_respected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        drop(UnixListener::bind(&path).unwrap());
        let listener = Listener::make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, SOCKET_MODE);
        assert!(matches!(Listener::make(&path), Err(ListenError::Taken(_))));
        drop(listener);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        fs::write(&path, "precious").unwrap();
        assert!(matches!(Listener::make(&path), Err(ListenError::NotASocket(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let path = folder.path().join("agent.sock");
        assert!(matches!(Listener::make(&path), Err(ListenError::OpenFolder(_))));
    }

    #[test]
    fn a_successors_socket_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        let first = Listener::make(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _second = Listener::make(&path).unwrap();
        drop(first);
        assert!(path.exists());
    }
}
