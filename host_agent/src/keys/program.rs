//! `samekey-key` as a child: one request in, events out, and its end in every case.

use super::turns::Turns;
use super::{Asker, HungUp, LocalKeys, fitting};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use samekey_wire::key::{Event, Request, Trouble};
use samekey_wire::{FrameError, Reader};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How long another login may keep a key from this one.
const QUEUE: Duration = Duration::from_secs(5);

/// What the program gets beyond what it was given, to say itself that the time is over.
const LENIENCE: Duration = Duration::from_secs(1);

/// How long it may take to tell the key to stop blinking, once nobody waits.
const PARTING: Duration = Duration::from_millis(500);

/// Most touches that one errand may ask for.
const MOST_TOUCHES: usize = 4;

/// Why the program cannot be started at all; a sentence for the log.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The file is not there, or the system does not start it.
    #[error("{path}: {error}; is the package installed whole?")]
    System {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Somebody else could put another program in its place.
    #[error("{0}: must belong to root, as must its folder, and nobody else may write them")]
    OpenFile(PathBuf),
}

/// The program.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    turns: Turns,
    complain: fn(&ProgramError),
}

impl Program {
    /// The program at this path, which is looked at whenever it is started. `complain` hears why it was not.
    pub fn new(path: PathBuf, complain: fn(&ProgramError)) -> Self {
        Self {
            path,
            turns: Turns::default(),
            complain,
        }
    }

    /// Whether it may be started: root's, or this process's own user's, and nobody else's to change.
    pub fn check(&self) -> Result<(), ProgramError> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let me = rustix::process::geteuid().as_raw();
        for place in [self.path.as_path(), folder] {
            let found = fs::metadata(place).map_err(|error| ProgramError::System {
                path: place.to_owned(),
                error,
            })?;
            let ours = found.uid() == 0 || found.uid() == me;
            if !ours || found.mode() & 0o022 != 0 {
                return Err(ProgramError::OpenFile(place.to_owned()));
            }
        }
        Ok(())
    }

    fn start(&self) -> Result<Running, ProgramError> {
        self.check()?;
        let system = |error| ProgramError::System {
            path: self.path.clone(),
            error,
        };
        let mut child = Command::new(&self.path)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(system)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        // From here on the child is ended and reaped whatever happens.
        let mut running = Running {
            child,
            stdin,
            events: None,
        };
        running.events = stdout.map(Reader::new);
        Ok(running)
    }
}

impl LocalKeys for Program {
    fn is_ready(&self) -> bool {
        self.check().is_ok()
    }

    fn ask(&self, request: &Request, asker: &mut dyn Asker) -> Result<Event, HungUp> {
        let Some(_turn) = self.turns.take(QUEUE) else {
            return Ok(Event::trouble(Trouble::Busy));
        };
        match self.start() {
            Ok(mut running) => running.serve(request, asker),
            Err(error) => {
                (self.complain)(&error);
                Ok(Event::trouble(Trouble::Internal))
            }
        }
    }
}

/// A child at work. Dropping it ends it.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    events: Option<Reader<ChildStdout>>,
}

impl Running {
    /// Hands over the request and waits for the end.
    fn serve(&mut self, request: &Request, asker: &mut dyn Asker) -> Result<Event, HungUp> {
        let until = Instant::now() + Duration::from_millis(request.within_ms()) + LENIENCE;
        let (Some(stdin), Some(events)) = (self.stdin.as_mut(), self.events.as_mut()) else {
            return Ok(Event::trouble(Trouble::Internal));
        };
        if samekey_wire::write(stdin, request).is_err() {
            return Ok(Event::trouble(Trouble::Internal));
        }
        for _ in 0..=MOST_TOUCHES {
            let mut gone = false;
            let event = events.receive::<Event>(|stdout| match wait(stdout, asker, until) {
                Ready::Event => Ok(()),
                Ready::Late => Err(FrameError::TimedOut),
                Ready::Gone => {
                    gone = true;
                    Err(FrameError::Closed)
                }
            });
            match event {
                _ if gone => return Err(HungUp),
                Ok(Event::Touch { model }) => asker.touch(&model)?,
                Ok(ending) => return Ok(fitting(request, ending)),
                Err(FrameError::TimedOut) => return Ok(Event::trouble(Trouble::Mute)),
                Err(_) => return Ok(Event::trouble(Trouble::Internal)),
            }
        }
        Ok(Event::trouble(Trouble::Internal))
    }
}

impl Drop for Running {
    /// A closed standard input tells the program to let the key go; then it is killed, and reaped.
    fn drop(&mut self) {
        drop(self.stdin.take());
        if let Some(events) = &self.events {
            let until = Instant::now() + PARTING;
            // Whatever it still says is read by nobody; its end closes the pipe.
            while let Ready::Event = wait(events.connection(), &mut Nobody, until) {
                let mut rest = [0; 256];
                if !matches!(rustix::io::read(events.connection(), &mut rest), Ok(1..)) {
                    break;
                }
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a wait ended with.
enum Ready {
    Event,
    Late,
    Gone,
}

/// Waits until the program speaks (or ends), the asker hangs up, or the time is over.
fn wait(stdout: &ChildStdout, asker: &mut dyn Asker, until: Instant) -> Ready {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ready::Late;
        }
        let Ok(left) = Timespec::try_from(left) else {
            return Ready::Late;
        };
        let mut watched = vec![PollFd::new(stdout, PollFlags::IN)];
        if let Some(line) = asker.line() {
            watched.push(PollFd::from_borrowed_fd(line, PollFlags::IN | PollFlags::RDHUP));
        }
        match poll(&mut watched, Some(&left)) {
            Ok(0) => return Ready::Late,
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Ready::Late,
        }
        if watched.get(1).is_some_and(|line| !line.revents().is_empty()) {
            return Ready::Gone;
        }
        if !watched[0].revents().is_empty() {
            return Ready::Event;
        }
    }
}

/// Nobody waits.
struct Nobody;

impl Asker for Nobody {
    fn line(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        None
    }

    fn touch(&mut self, _: &str) -> Result<(), HungUp> {
        Err(HungUp)
    }
}
