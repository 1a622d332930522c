//! The socket: handed over by systemd or made here, and the loop that accepts until a signal.
#![expect(
    unsafe_code,
    reason = "poll, and taking over systemd's descriptor, are not offered by std"
)]

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everybody may connect: screen lockers run as their user, and who may ask what is decided by the peer's uid.
const SOCKET_MODE: u32 = 0o666;

/// How long to leave the socket alone when the system cannot accept (no descriptors left).
const BREATHER: Duration = Duration::from_millis(100);

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

    /// Accepts until something arrives on `signals`, and hands every connection over.
    pub fn accept_until(&self, signals: &UnixStream, mut hand_over: impl FnMut(io::Result<UnixStream>)) {
        loop {
            match wait(&self.socket, signals, None) {
                Ok(Ready::Signal) => return,
                Ok(Ready::Nothing) => {}
                Ok(Ready::Caller) => match self.socket.accept() {
                    Ok((stream, _)) => hand_over(Ok(stream)),
                    Err(error) if passing(&error) => {}
                    Err(error) => {
                        hand_over(Err(error));
                        if matches!(wait(&self.socket, signals, Some(BREATHER)), Ok(Ready::Signal)) {
                            return;
                        }
                    }
                },
                Err(error) => return hand_over(Err(error)),
            }
        }
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

/// Errors of one connection, not of the socket.
fn passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
    )
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

/// What is ready.
enum Ready {
    Caller,
    Signal,
    Nothing,
}

/// Waits for a caller or a signal; with a limit, for a signal alone.
fn wait(socket: &UnixListener, signals: &UnixStream, limit: Option<Duration>) -> io::Result<Ready> {
    let on = |descriptor| libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    };
    let mut both = [on(signals.as_raw_fd()), on(socket.as_raw_fd())];
    let (watched, timeout) = match limit {
        None => (2, -1),
        Some(limit) => (1, libc::c_int::try_from(limit.as_millis()).unwrap_or(libc::c_int::MAX)),
    };
    // SAFETY: `both` holds at least `watched` entries and may be written.
    let result = unsafe { libc::poll(both.as_mut_ptr(), watched, timeout) };
    if result < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted {
            Ok(Ready::Nothing)
        } else {
            Err(error)
        };
    }
    Ok(if both[0].revents != 0 {
        Ready::Signal
    } else if watched == 2 && both[1].revents != 0 {
        Ready::Caller
    } else {
        Ready::Nothing
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

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

    #[test]
    fn it_accepts_until_the_signal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        let listener = Listener::make(&path).unwrap();
        listener.socket.set_nonblocking(true).unwrap();
        let (signals, mut raise) = UnixStream::pair().unwrap();
        let _caller = UnixStream::connect(&path).unwrap();
        let mut callers = 0;
        listener.accept_until(&signals, |stream| {
            stream.unwrap();
            callers += 1;
            raise.write_all(b"x").unwrap();
        });
        assert_eq!(callers, 1);
    }
}
