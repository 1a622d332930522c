//! What this program says: touches, then one ending, whoever comes to it first.

use crate::token::Token;
use samekey_wire::key::{Event, Trouble};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What the driver is told to print when a key waits for a touch.
pub const TOUCH_SIGN: &str = "samekey-key: touch";

/// Longest line of the driver's that is looked at.
const LONGEST_NOISE: usize = 4096;

/// How long to wait until a key was told to stop blinking: the driver looks up every 100 ms while a key waits.
const PARTING: Duration = Duration::from_millis(400);

/// Standard output, and what has happened so far.
pub struct Outlet {
    state: Mutex<State>,
}

struct State {
    /// Gone after the ending.
    said: Option<File>,
    /// It was written.
    ended: bool,
    /// The key that was asked for more than a silent look.
    asked: Option<Arc<dyn Token>>,
    touch: Touch,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Touch {
    NotYet,
    Wanted,
}

impl Outlet {
    /// Says it there.
    pub fn new(said: File) -> Self {
        let state = State {
            said: Some(said),
            ended: false,
            asked: None,
            touch: Touch::NotYet,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this key is the one that blinks.
    pub fn ask(&self, token: Arc<dyn Token>) {
        self.lock().asked = Some(token);
    }

    /// Says the end; false if it was said already. Either way it is out when this returns: whoever comes second may end
    /// the program.
    pub fn end(&self, ending: &Event) -> bool {
        let mut state = self.lock();
        let Some(mut said) = state.said.take() else {
            return false;
        };
        state.ended = samekey_wire::write(&mut said, ending).is_ok();
        true
    }

    /// Whether an ending was written.
    pub fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// The end comes from outside: says it, and tells the key to stop blinking. False if the end was said already.
    pub fn give_up(&self, why: Option<Trouble>) -> bool {
        let ending = Event::trouble(why.unwrap_or_else(|| self.too_late()));
        if !self.end(&ending) {
            return false;
        }
        if let Some(token) = self.lock().asked.take() {
            let (parted, part) = channel();
            // The driver may hold the key for ever.
            thread::spawn(move || {
                token.cancel();
                let _ = parted.send(());
            });
            let waited: Result<(), RecvTimeoutError> = part.recv_timeout(PARTING);
            let _ = waited;
        }
        true
    }

    /// What it means that the time is over.
    fn too_late(&self) -> Trouble {
        match self.lock().touch {
            Touch::Wanted => Trouble::NotTouched,
            Touch::NotYet => Trouble::Mute,
        }
    }

    /// Hears, in a thread of its own, the driver say that a key waits for a touch.
    pub fn listen_for_touch(self: &Arc<Self>, noises: File) {
        let outlet = Arc::clone(self);
        thread::spawn(move || {
            let mut noises = BufReader::new(noises);
            let mut line = Vec::new();
            loop {
                line.clear();
                let mut bounded = std::io::Read::take(&mut noises, LONGEST_NOISE as u64);
                match bounded.read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) if line.trim_ascii() == TOUCH_SIGN.as_bytes() => outlet.touch(),
                    Ok(_) => {}
                }
            }
        });
    }

    /// A key waits for a touch; said once.
    fn touch(&self) {
        let mut state = self.lock();
        let Some(token) = state.asked.clone().filter(|_| state.touch == Touch::NotYet) else {
            return;
        };
        state.touch = Touch::Wanted;
        if let Some(said) = state.said.as_mut() {
            let _ = samekey_wire::write(said, &Event::Touch { model: token.model() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{PipeReader, pipe};
    use std::os::fd::OwnedFd;
    use std::sync::Barrier;

    const ROUNDS: usize = 2_000;

    fn outlet() -> (Arc<Outlet>, PipeReader) {
        let (hears, says) = pipe().unwrap();
        (Arc::new(Outlet::new(File::from(OwnedFd::from(says)))), hears)
    }

    /// How many bytes wait to be read.
    fn waiting(hears: &PipeReader) -> u64 {
        rustix::io::ioctl_fionread(hears).unwrap()
    }

    #[test]
    fn whoever_comes_second_finds_the_ending_written() {
        for round in 0..ROUNDS {
            let (outlet, hears) = outlet();
            let (start, other) = (Arc::new(Barrier::new(2)), Arc::clone(&outlet));
            let rival = thread::spawn({
                let start = Arc::clone(&start);
                move || {
                    start.wait();
                    other.end(&Event::trouble(Trouble::Mute))
                }
            });
            start.wait();
            let first = outlet.end(&Event::trouble(Trouble::Mute));
            assert!(waiting(&hears) > 0, "nothing was written in round {round}");
            assert_ne!(rival.join().unwrap(), first, "both said the end, or nobody");
            assert!(outlet.has_ended());
        }
    }

    #[test]
    fn an_ending_that_nobody_can_hear_was_not_written() {
        let (outlet, hears) = outlet();
        drop(hears);
        assert!(outlet.end(&Event::trouble(Trouble::Mute)));
        assert!(!outlet.has_ended());
        assert!(!outlet.end(&Event::trouble(Trouble::Mute)));
    }
}
