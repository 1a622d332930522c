//! The hand that holds the key: whether it touches, and whether the key is plugged in. Frames wait here for the key.

use crate::Frame;
use crate::order::Touch;
use crate::request::Request;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the threads of a key share.
#[derive(Debug, Default)]
pub struct Hand {
    state: Mutex<State>,
    changed: Condvar,
}

/// Its state.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, and any may go with any"
)]
pub struct State {
    /// How touches are answered.
    pub touch: Touch,
    /// Touches given beforehand.
    pub taps: u32,
    /// Whether the built-in sensor does not know the finger.
    pub stranger: bool,
    /// Whether frames go unanswered.
    pub mute: bool,
    /// Whether it is plugged in.
    pub port: Port,
    /// Whether a request waits for a touch.
    pub waits: bool,
    /// Whether the authenticator has nothing to do.
    rests: bool,
    /// See [`crate::order::Told`].
    pub asked: u64,
    /// See [`crate::order::Told`].
    pub touches: u64,
    /// See [`crate::order::Told`].
    pub received: u64,
    /// See [`crate::order::Told`].
    pub requests: Vec<Request>,
    /// Frames that the authenticator has not taken yet.
    frames: VecDeque<Frame>,
}

/// Whether it is plugged in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Port {
    /// It is not.
    #[default]
    Empty,
    /// It is since a moment ago: the authenticator still has to start.
    Entered,
    /// It is, and the authenticator runs.
    Powered,
}

/// What happened while the key waited.
#[derive(Debug)]
pub enum Event {
    /// A touch.
    Touched,
    /// A "no".
    Denied,
    /// The key's patience is over.
    TimedOut,
    /// A frame.
    Frame(Frame),
    /// It was pulled out, or put in again.
    Pulled,
    /// Nothing within the time.
    Nothing,
}

impl Hand {
    /// Reads or changes the state; whoever waits looks again.
    pub fn state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.held());
        self.changed.notify_all();
        result
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a frame from the port.
    pub fn receive(&self, frame: Frame) {
        self.state(|state| {
            state.received += 1;
            if !state.mute && state.port != Port::Empty {
                state.frames.push_back(frame);
            }
        });
    }

    /// Pulls the key out, or puts it in.
    pub fn plug(&self, plugged: bool) {
        self.state(|state| {
            state.port = if plugged { Port::Entered } else { Port::Empty };
            state.frames.clear();
        });
    }

    /// Waits until the authenticator, cut off, has said its last: what it still says must not reach whoever opens the
    /// key once it is put in again. False if it does not come to rest within `most`.
    #[must_use]
    pub fn rested(&self, most: Duration) -> bool {
        let state = self.held();
        let waited = self.changed.wait_timeout_while(state, most, |state| !state.rests);
        waited.unwrap_or_else(PoisonError::into_inner).0.rests
    }

    /// Waits for the next frame, or for the key to be put in again.
    pub fn idle(&self) -> Event {
        let mut state = self.held();
        loop {
            let next = if state.port == Port::Entered {
                state.port = Port::Powered;
                Some(Event::Pulled)
            } else {
                state.frames.pop_front().map(Event::Frame)
            };
            state.rests = next.is_none();
            if let Some(event) = next {
                return event;
            }
            self.changed.notify_all();
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for a touch; frames that come meanwhile are handed out if `listens`.
    pub fn wait(&self, most: Duration, listens: bool) -> Event {
        let end = Instant::now() + most;
        let mut state = self.held();
        loop {
            if state.port != Port::Powered {
                return Event::Pulled;
            }
            if listens && let Some(frame) = state.frames.pop_front() {
                return Event::Frame(frame);
            }
            if let Some(event) = state.press() {
                return event;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Event::Nothing;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Marks that a request waits for a touch, or no longer.
    pub fn asks(&self, asks: bool) {
        self.state(|state| {
            state.waits = asks;
            state.asked += u64::from(asks);
        });
    }

    /// A touch for U2F, which asks again and again instead of waiting.
    pub fn touches_now(&self) -> bool {
        matches!(self.state(State::press), Some(Event::Touched))
    }
}

impl State {
    /// What the finger does at this moment.
    fn press(&mut self) -> Option<Event> {
        match self.touch {
            Touch::Deny => return Some(Event::Denied),
            Touch::TimeOut => return Some(Event::TimedOut),
            Touch::Never => return None,
            Touch::Wait if self.taps == 0 => return None,
            Touch::Wait => self.taps -= 1,
            Touch::Auto => {}
        }
        self.touches += 1;
        Some(Event::Touched)
    }
}
