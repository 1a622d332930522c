//! Where one thread waits for callers. Of all the threads that wait, the kernel wakes one for each caller; that thread
//! takes the connection and holds the conversation itself: handing it over would cost every login another wake-up.

use rustix::event::{Timespec, epoll};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

const STOP: u64 = 0;
const CALLER: u64 = 1;

/// What ended a wait.
#[derive(Debug)]
pub enum Arrival {
    /// Somebody calls.
    Caller(UnixStream),
    /// It is time to stop.
    Stop,
    /// Nobody came in the time given, or somebody else took the caller.
    Nobody,
}

/// One thread's place.
#[derive(Debug)]
pub struct Post<'a> {
    watch: OwnedFd,
    socket: &'a UnixListener,
}

impl<'a> Post<'a> {
    /// Waits at this socket, which must not block, until something arrives on `stop`. Nobody may read from `stop`: it is
    /// every thread's.
    pub fn new(socket: &'a UnixListener, stop: &UnixStream) -> io::Result<Self> {
        let watch = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&watch, stop, epoll::EventData::new_u64(STOP), epoll::EventFlags::IN)?;
        let one_of_us = epoll::EventFlags::IN | epoll::EventFlags::EXCLUSIVE;
        epoll::add(&watch, socket, epoll::EventData::new_u64(CALLER), one_of_us)?;
        Ok(Self { watch, socket })
    }

    /// Waits so long at most. An error is the system's: no descriptors are left, for example.
    pub fn wait(&self, patience: Duration) -> io::Result<Arrival> {
        let patience = Timespec::try_from(patience).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut room = [MaybeUninit::uninit(); 2];
        let events = match epoll::wait(&self.watch, &mut room, Some(&patience)) {
            Ok((events, _)) => events,
            Err(rustix::io::Errno::INTR) => return Ok(Arrival::Nobody),
            Err(error) => return Err(error.into()),
        };
        if events.iter().any(|event| event.data.u64() == STOP) {
            return Ok(Arrival::Stop);
        }
        if events.is_empty() {
            return Ok(Arrival::Nobody);
        }
        match self.socket.accept() {
            Ok((stream, _)) => Ok(Arrival::Caller(stream)),
            Err(error) if passing(&error) => Ok(Arrival::Nobody),
            Err(error) => Err(error),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn it_waits_for_callers_and_for_the_stop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("post.sock");
        let socket = UnixListener::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        let (stop, mut raise) = UnixStream::pair().unwrap();
        let (one, other) = (Post::new(&socket, &stop).unwrap(), Post::new(&socket, &stop).unwrap());
        let moment = Duration::from_millis(1);
        assert!(matches!(one.wait(moment), Ok(Arrival::Nobody)));
        let _caller = UnixStream::connect(&path).unwrap();
        assert!(matches!(one.wait(moment), Ok(Arrival::Caller(_))));
        assert!(matches!(other.wait(moment), Ok(Arrival::Nobody)), "each caller once");
        raise.write_all(b"x").unwrap();
        for post in [&one, &other, &one] {
            assert!(
                matches!(post.wait(moment), Ok(Arrival::Stop)),
                "every thread, every time"
            );
        }
    }
}
