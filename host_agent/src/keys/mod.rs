//! Security keys plugged into this machine: starts `samekey-key`, listens to it, and ends it, whatever it does.
//!
//! ```text
//!   conversation ──► LocalKeys::ask ──► turns (one at a time) ──► program: spawn ► request ► events ► kill, reap
//!                                                                     │
//!                                            caller's socket ◄── poll ┘   hung up: the key is told to stop blinking
//! ```
//!
//! The program is trusted with nothing: what it calls an assertion is checked by `shared`, and everything else it can say,
//! or fail to say, is a trouble.

mod program;
mod sentences;
mod turns;

pub use program::{Program, ProgramError};
pub use sentences::{sentence, told_to_the_machine};

use samekey_wire::key::{Event, FEWEST_TRIES, Request, Trouble};
use std::fmt;
use std::os::fd::BorrowedFd;

/// Asks keys. The tests of conversations have a scripted one.
pub trait LocalKeys: fmt::Debug + Send + Sync {
    /// Asks, and waits for the event that ends it; never longer than the request says and a second. Whoever waits for the
    /// answer is told of a touch that is due.
    fn ask(&self, request: &Request, asker: &mut dyn Asker) -> Result<Event, HungUp>;
    /// Whether there is any point in asking.
    fn is_ready(&self) -> bool;
}

/// Who waits for an answer.
pub trait Asker {
    /// Readable as soon as the asker has hung up (or speaks out of turn, which comes to the same); nothing if it cannot.
    fn line(&self) -> Option<BorrowedFd<'_>>;
    /// A key waits for a touch.
    fn touch(&mut self, model: &str) -> Result<(), HungUp>;
}

/// Nobody waits any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HungUp;

/// The answer to a request, as far as it is one: a program that lies about what it was asked is in trouble.
fn fitting(request: &Request, event: Event) -> Event {
    match (request, &event) {
        (Request::Look(_), Event::Keys { .. })
        | (Request::Assert(_), Event::Asserted(_))
        | (Request::Register(_), Event::Registered(_))
        | (_, Event::Trouble { .. })
        | (Request::Assert(_) | Request::Register(_), Event::PinNeeded { tries: FEWEST_TRIES.. }) => event,
        // Its word is not enough for the last two tries.
        (Request::Assert(_) | Request::Register(_), Event::PinNeeded { tries }) => Event::Trouble {
            code: Trouble::PinFewTries,
            tries: Some(*tries),
        },
        _ => Event::trouble(Trouble::Internal),
    }
}

#[cfg(test)]
mod tests;
