//! The gate before Argon2: as many at once as there are processors, a bounded number waiting, the rest sent away.
//!
//! Each hash takes its megabytes and a whole processor. More at once than processors finish no sooner, and would let
//! a stranger with many connections take all the memory.

use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// Waiting callers beyond this are sent away: at 20 ms each, the last would have waited some seconds already.
const MOST_WAITING: usize = 256;

struct Gate {
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    free: usize,
    waiting: usize,
}

/// A turn; dropping it lets the next in.
pub(super) struct Turn<'a>(&'a Gate);

/// Waits for a turn in this process. `None`: too many wait already.
pub(super) fn enter() -> Option<Turn<'static>> {
    static GATE: OnceLock<Gate> = OnceLock::new();
    let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
    GATE.get_or_init(|| Gate::of(processors())).enter(MOST_WAITING)
}

impl Gate {
    fn of(width: usize) -> Self {
        Self {
            state: Mutex::new(State {
                free: width,
                waiting: 0,
            }),
            freed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, most_waiting: usize) -> Option<Turn<'_>> {
        let mut state = self.state();
        if state.free == 0 && state.waiting >= most_waiting {
            return None;
        }
        state.waiting += 1;
        while state.free == 0 {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
        state.free -= 1;
        Some(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().free += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn never_lets_in_more_than_its_width_and_everybody_in_the_end() {
        let gate = Gate::of(3);
        let (inside, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| {
                    let _turn = gate.enter(40).unwrap();
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert!(most.into_inner() <= 3);
        assert_eq!(done.into_inner(), 40);
    }

    #[test]
    fn sends_away_whom_it_cannot_serve_soon() {
        let gate = Gate::of(1);
        let turn = gate.enter(0);
        assert!(turn.is_some());
        assert!(gate.enter(0).is_none());
        drop(turn);
        assert!(gate.enter(0).is_some());
    }
}
