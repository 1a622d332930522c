//! The system calls beneath the agent client that `std` lacks: a connect with a time limit, a send without SIGPIPE, and
//! who is at the other end.
#![expect(unsafe_code, reason = "system calls that std does not offer")]

use std::ffi::OsStr;
use std::io::{self, Write};
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Connects to a Unix socket, waiting at most so long for the listener to take the connection.
///
/// `UnixStream::connect` would wait for ever when a hung listener's queue is full. The descriptor is closed on exec, so
/// that nothing the host program starts inherits it (S4).
pub fn connect(path: &OsStr, limit: Duration) -> io::Result<UnixStream> {
    // SAFETY: no pointers; a negative result is checked before the descriptor is taken over.
    let raw = unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    if raw < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `raw` was just made and belongs to nobody else.
    let stream = UnixStream::from(unsafe { OwnedFd::from_raw_fd(raw) });
    // On Unix sockets the send time-out also bounds connect(2).
    stream.set_write_timeout(Some(limit))?;
    let (address, length) = address(path)?;
    loop {
        // SAFETY: `address` is a whole sockaddr_un and `length` lies within it.
        let result = unsafe { libc::connect(stream.as_raw_fd(), (&raw const address).cast(), length) };
        if result == 0 {
            return Ok(stream);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn address(path: &OsStr) -> io::Result<(libc::sockaddr_un, libc::socklen_t)> {
    // SAFETY: all zeroes is a valid sockaddr_un.
    let mut address: libc::sockaddr_un = unsafe { mem::zeroed() };
    let bytes = path.as_bytes();
    // One zero must remain at the end.
    if bytes.len() >= address.sun_path.len() || bytes.contains(&0) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    address.sun_family = libc::sa_family_t::try_from(libc::AF_UNIX).map_err(|_| io::ErrorKind::InvalidInput)?;
    for (to, from) in address.sun_path.iter_mut().zip(bytes) {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    let length = mem::offset_of!(libc::sockaddr_un, sun_path) + bytes.len() + 1;
    let length = libc::socklen_t::try_from(length).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok((address, length))
}

/// User id of the process that listens at the other end (with systemd's socket activation: of systemd).
pub fn listener_uid(stream: &UnixStream) -> io::Result<u32> {
    let mut peer = libc::ucred {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let whole = mem::size_of::<libc::ucred>();
    let mut length = libc::socklen_t::try_from(whole).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: `peer` and `length` are valid for writing, and `length` is the size of `peer`.
    let result = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut length,
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    if usize::try_from(length) != Ok(whole) || peer.uid == u32::MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(peer.uid)
}

/// Real user id of this process: of whoever runs sudo or the screen locker.
pub fn own_uid() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::getuid() }
}

/// Writes without SIGPIPE: a hung-up agent must not kill the host program.
#[derive(Debug)]
pub struct Quiet<'a>(pub &'a UnixStream);

impl Write for Quiet<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: the pointer and the length are those of `bytes`.
        let sent = unsafe {
            libc::send(
                self.0.as_raw_fd(),
                bytes.as_ptr().cast(),
                bytes.len(),
                libc::MSG_NOSIGNAL,
            )
        };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn the_listener_is_known_by_its_uid() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let stream = connect(path.as_os_str(), Duration::from_secs(5)).unwrap();
        assert_eq!(listener_uid(&stream).unwrap(), own_uid());
    }

    #[test]
    fn a_hung_listener_with_a_full_queue_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let mut waiting = Vec::new();
        let error = loop {
            match connect(path.as_os_str(), Duration::from_millis(1)) {
                Ok(stream) => waiting.push(stream),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn the_descriptor_is_not_inherited() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let stream = connect(path.as_os_str(), Duration::from_secs(5)).unwrap();
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", stream.as_raw_fd())).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
        let flags = i32::from_str_radix(flags.trim(), 8).unwrap();
        assert_ne!(flags & libc::O_CLOEXEC, 0);
    }

    #[test]
    fn paths_that_do_not_fit_are_refused() {
        let long = "/".repeat(200);
        assert!(connect(OsStr::new(&long), Duration::from_secs(1)).is_err());
        assert!(connect(OsStr::new("/a\0b"), Duration::from_secs(1)).is_err());
    }
}
