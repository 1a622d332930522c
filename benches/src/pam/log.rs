//! A system log that swallows what it is told, where this machine has none: programs of PAM would write to the console
//! instead, which takes a millisecond, and the comparison would be one of consoles.

use crate::Trouble;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const PLACE: &str = "/dev/log";

/// How often it is emptied. Whoever logs wakes nobody, and its buffer takes more than is said in between.
const EVERY: Duration = Duration::from_millis(1);

/// The log; gone when dropped.
#[derive(Debug)]
pub struct Log {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Log {
    /// One at the usual place, if there is none.
    pub fn unless_there() -> Result<Option<Self>, Trouble> {
        let asked = UnixDatagram::unbound()?.connect(PLACE);
        match asked.map_err(|error| error.kind()) {
            Ok(()) => return Ok(None),
            // Left behind by a run that was killed.
            Err(ErrorKind::ConnectionRefused) => std::fs::remove_file(PLACE)?,
            Err(_) => {}
        }
        let socket = UnixDatagram::bind(PLACE)?;
        socket.set_nonblocking(true)?;
        let stop = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut line = [0; 8192];
            while !ended.load(Ordering::Relaxed) {
                while socket.recv(&mut line).is_ok() {}
                std::thread::sleep(EVERY);
            }
        });
        Ok(Some(Self {
            stop,
            thread: Some(thread),
        }))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(PLACE);
    }
}
