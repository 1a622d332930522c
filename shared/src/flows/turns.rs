//! One password guess per login name at a time, in this process: parallel guesses would all pass the throttle's
//! check before the first of them is counted.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, PoisonError};

/// Who is guessing at the moment.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: Mutex<HashSet<String>>,
    freed: Condvar,
}

/// A turn; given back when dropped.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    name: String,
}

impl Turns {
    /// Waits until nobody else guesses at this name.
    pub(super) fn take(&self, name: &str) -> Turn<'_> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.contains(name) {
            taken = self.freed.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        taken.insert(name.to_owned());
        Turn {
            turns: self,
            name: name.to_owned(),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.name);
        self.turns.freed.notify_all();
    }
}
