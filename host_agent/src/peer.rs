//! Who calls: uid 0 may speak for anybody and is believed, any other uid speaks only for its own account.
#![expect(
    unsafe_code,
    reason = "SO_PEERCRED and the name service are C interfaces that std does not offer"
)]

use std::ffi::CString;
use std::io;
use std::mem;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

/// Largest buffer for one entry of the user database.
const LARGEST_ENTRY: usize = 1024 * 1024;

/// The process at the other end, as the kernel knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its effective user id when it connected.
    pub uid: u32,
    /// Its process when it connected; nothing if it lives in a namespace that is not ours to see.
    pub pid: Option<u32>,
}

/// How far a peer is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// sshd, sudo, login: what they say about service and remote host is a fact.
    Root,
    /// A screen locker run by this very user: what it says about itself binds nobody else.
    Own,
    /// Anybody else.
    Nobody,
}

impl Peer {
    /// Asks the kernel.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        let mut found = libc::ucred {
            pid: 0,
            uid: u32::MAX,
            gid: u32::MAX,
        };
        let whole = mem::size_of::<libc::ucred>();
        let mut length = libc::socklen_t::try_from(whole).map_err(|_| io::ErrorKind::InvalidInput)?;
        // SAFETY: `found` and `length` may be written, and `length` is the size of `found`.
        let result = unsafe {
            libc::getsockopt(
                stream.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERCRED,
                (&raw mut found).cast(),
                &raw mut length,
            )
        };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        if usize::try_from(length) != Ok(whole) || found.uid == u32::MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Self {
            uid: found.uid,
            pid: u32::try_from(found.pid).ok().filter(|pid| *pid != 0),
        })
    }

    /// How far this peer is believed when it speaks for the user of this canonical name. An error of the name service
    /// is nobody's advantage.
    pub fn trust(self, user: &str) -> Trust {
        // Root needs no look-up, which would be the slowest part of most logins.
        if self.uid == 0 {
            return Trust::Root;
        }
        match uid_of(user) {
            Ok(Some(uid)) if uid == self.uid => Trust::Own,
            _ => Trust::Nobody,
        }
    }
}

impl Peer {
    /// Whether it is this very user of the system. An error of the name service is nobody's advantage.
    pub fn is_user(self, name: &str) -> bool {
        matches!(uid_of(name), Ok(Some(uid)) if uid == self.uid)
    }
}

/// The user id of a name, from the system's user database.
fn uid_of(name: &str) -> io::Result<Option<u32>> {
    let name = CString::new(name).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut buffer = vec![0; 1024];
    loop {
        // SAFETY: all zeroes is a valid passwd; it is only read after getpwnam_r has filled it.
        let mut entry: libc::passwd = unsafe { mem::zeroed() };
        let mut found = std::ptr::null_mut();
        // SAFETY: the name ends with a zero, the buffer is as long as said, both outputs may be written.
        let error = unsafe {
            libc::getpwnam_r(
                name.as_ptr(),
                &raw mut entry,
                buffer.as_mut_ptr(),
                buffer.len(),
                &raw mut found,
            )
        };
        match error {
            0 => return Ok((!found.is_null()).then_some(entry.pw_uid)),
            libc::ERANGE if buffer.len() < LARGEST_ENTRY => buffer.resize(buffer.len() * 2, 0),
            libc::EINTR => {}
            code => return Err(io::Error::from_raw_os_error(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_believed_about_anybody() {
        assert_eq!(Peer { uid: 0, pid: None }.trust("no-such-user-here"), Trust::Root);
    }

    #[test]
    fn anybody_else_speaks_for_itself_alone() {
        let daemon = uid_of("daemon").unwrap().unwrap();
        let peer = Peer { uid: daemon, pid: None };
        assert_eq!(peer.trust("daemon"), Trust::Own);
        assert!(peer.is_user("daemon"));
        for other in ["root", "bin", "no-such-user-here", "", "dae\0mon"] {
            assert_eq!(peer.trust(other), Trust::Nobody, "{other:?}");
            assert!(!peer.is_user(other), "{other:?}");
        }
    }

    #[test]
    fn the_kernel_names_the_peer() {
        let (one, _other) = UnixStream::pair().unwrap();
        let me = std::fs::metadata("/proc/self").unwrap();
        let peer = Peer::of(&one).unwrap();
        assert_eq!(peer.uid, std::os::unix::fs::MetadataExt::uid(&me));
        assert_eq!(peer.pid, Some(std::process::id()));
    }
}
