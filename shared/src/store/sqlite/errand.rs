//! A unit of work that its owner lends to whoever leads the convoy, and waits for.
#![expect(
    unsafe_code,
    reason = "borrowed work runs on the leader's thread while its owner waits"
)]

use super::lane::Lane;
use crate::store::error::StoreError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};

/// What is done in the lane; true if the commit decides on it.
type Work<'w> = dyn FnMut(&mut Lane) -> bool + Send + 'w;

/// The work, for the queue. Whoever drops it without a word tells its owner of a failure.
pub(super) struct Errand {
    work: *mut Work<'static>,
    seat: Arc<Seat>,
}

// SAFETY: the work itself is `Send`, and the pointer is used by one thread at a time: whoever holds the errand.
unsafe impl Send for Errand {}

/// Where the owner of an errand waits.
pub(super) struct Seat {
    owner: Thread,
    leads: AtomicBool,
    outcome: OnceLock<Result<(), StoreError>>,
}

/// What an owner is woken for.
enum Call {
    Lead,
    Outcome(Result<(), StoreError>),
}

impl Errand {
    /// Does the work; true if the commit decides on it.
    pub(super) fn run(&mut self, lane: &mut Lane) -> bool {
        // SAFETY: the owner is inside `lend`, which does not end before it is told, and it is told last of all, by
        // consuming or dropping this errand. Until then it leaves the work alone.
        let work = unsafe { &mut *self.work };
        work(lane)
    }

    /// Lets the owner go.
    pub(super) fn tell(self, outcome: Result<(), StoreError>) {
        self.seat.tell(outcome);
    }

    /// Where its owner waits.
    pub(super) fn seat(&self) -> Arc<Seat> {
        Arc::clone(&self.seat)
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        self.seat
            .tell(Err(StoreError::Unavailable("the store gave a unit of work up".into())));
    }
}

impl Seat {
    /// The first word counts.
    fn tell(&self, outcome: Result<(), StoreError>) {
        if self.outcome.set(outcome).is_ok() {
            self.owner.unpark();
        }
    }

    /// Has the owner lead.
    pub(super) fn call_to_lead(&self) {
        self.leads.store(true, Ordering::Release);
        self.owner.unpark();
    }

    fn wait(&self) -> Call {
        loop {
            if let Some(outcome) = self.outcome.get() {
                return Call::Outcome(outcome.clone());
            }
            if self.leads.swap(false, Ordering::Acquire) {
                return Call::Lead;
            }
            thread::park();
        }
    }
}

/// Lends this work, by `hand_in`, and waits until somebody has told its outcome; whenever the owner is called to lead,
/// it does so by `lead`.
pub(super) fn lend(
    work: &mut Work<'_>,
    hand_in: impl FnOnce(Errand),
    mut lead: impl FnMut(),
) -> Result<(), StoreError> {
    let seat = Arc::new(Seat {
        owner: thread::current(),
        leads: AtomicBool::new(false),
        outcome: OnceLock::new(),
    });
    // From here on nothing may unwind out of this function: the work would be gone while the queue knows it.
    let staying = Staying;
    #[expect(clippy::transmute_ptr_to_ptr, reason = "a cast may not make a lifetime longer")]
    // SAFETY: only the lifetime changes; that the work outlives the errand is what `Errand::run` rests on.
    let work = unsafe { std::mem::transmute::<*mut Work<'_>, *mut Work<'static>>(work) };
    hand_in(Errand {
        work,
        seat: Arc::clone(&seat),
    });
    let outcome = loop {
        match seat.wait() {
            Call::Lead => lead(),
            Call::Outcome(outcome) => break outcome,
        }
    };
    std::mem::forget(staying);
    outcome
}

/// Ends the process when it is dropped, which only a panic of the convoy itself does (those of units are caught): nobody
/// was told of success, and whoever waits learns it by the end.
struct Staying;

impl Drop for Staying {
    fn drop(&mut self) {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_that_is_given_up_tells_its_owner_so() {
        let mut work = |_: &mut Lane| true;
        let told = lend(&mut work, drop, || {});
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    }

    #[test]
    fn its_first_word_counts_whoever_says_it() {
        let mut work = |_: &mut Lane| true;
        let handed_on = |errand: Errand| {
            thread::spawn(move || errand.tell(Ok(()))).join().unwrap();
        };
        assert_eq!(lend(&mut work, handed_on, || {}), Ok(()));
    }

    #[test]
    fn an_owner_that_is_called_leads_and_waits_on() {
        let (mut kept, mut led) = (None, 0);
        let mut work = |_: &mut Lane| true;
        let shelf = std::cell::RefCell::new(&mut kept);
        let hand_in = |errand: Errand| {
            errand.seat().call_to_lead();
            **shelf.borrow_mut() = Some(errand);
        };
        let lead = || {
            led += 1;
            if let Some(errand) = shelf.borrow_mut().take() {
                errand.tell(Ok(()));
            }
        };
        assert_eq!(lend(&mut work, hand_in, lead), Ok(()));
        assert_eq!(led, 1);
    }
}
