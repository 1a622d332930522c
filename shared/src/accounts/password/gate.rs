//! The gate before Argon2: as many at once as there are processors, a bounded number waiting, the rest sent away.
//!
//! Each hash takes its megabytes and a whole processor. More at once than processors finish no sooner, and would let
//! a stranger with many connections take all the memory. The memory of one hash serves the next: to get it from the system
//! anew, page by page, costs a third of a hash.

use argon2_rust::Hasher;
use std::mem;
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
    /// Memory that nobody uses, wiped; the second says whether it lay idle at the last look.
    parked: Vec<(Hasher, bool)>,
}

/// A turn; dropping it lets the next in.
pub(super) struct Turn<'a> {
    gate: &'a Gate,
    /// Memory to hash in: what is here at the end is kept for the next turn.
    pub(super) memory: Option<Hasher>,
}

/// Waits for a turn in this process. `None`: too many wait already.
pub(super) fn enter() -> Option<Turn<'static>> {
    gate().enter(MOST_WAITING)
}

/// Gives memory back that has not been used since the last call: for daemons to call now and then.
pub fn give_back() {
    drop(gate().idle());
}

fn gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
    GATE.get_or_init(|| Gate::of(processors()))
}

impl Gate {
    fn of(width: usize) -> Self {
        Self {
            state: Mutex::new(State {
                free: width,
                waiting: 0,
                parked: Vec::new(),
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
        let memory = state.parked.pop().map(|(memory, _)| memory);
        Some(Turn { gate: self, memory })
    }

    /// What was parked at the last call already, and nobody took since.
    fn idle(&self) -> Vec<(Hasher, bool)> {
        let mut state = self.state();
        let (idle, used) = mem::take(&mut state.parked).into_iter().partition(|(_, idle)| *idle);
        state.parked = used;
        for (_, idle) in &mut state.parked {
            *idle = true;
        }
        idle
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.free += 1;
        state.parked.extend(self.memory.take().map(|memory| (memory, false)));
        drop(state);
        self.gate.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2_rust::{Algorithm, Argon2, Params, Version};
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
    fn memory_serves_the_next_turn_and_goes_when_it_lies_idle() {
        let gate = Gate::of(2);
        let mut turn = gate.enter(0).unwrap();
        assert!(turn.memory.is_none());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default());
        turn.memory = Some(argon2.hasher());
        drop(turn);
        assert!(gate.idle().is_empty(), "it was used since the last look");
        let turn = gate.enter(0).unwrap();
        assert!(turn.memory.is_some() && gate.enter(0).unwrap().memory.is_none());
        drop(turn);
        assert_eq!((gate.idle().len(), gate.idle().len(), gate.idle().len()), (0, 1, 0));
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
