//! The two things that end the program from outside: the time is over, or nobody waits any longer.

use crate::outlet::Outlet;
use samekey_wire::key::Trouble;
use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// Watches, in threads of its own, the clock and standard input.
pub fn start(outlet: &Arc<Outlet>, until: Instant) {
    let at_the_clock = Arc::clone(outlet);
    thread::spawn(move || {
        while let Some(left) = until
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
        {
            thread::sleep(left);
        }
        leave(&at_the_clock, None);
    });
    let at_the_door = Arc::clone(outlet);
    thread::spawn(move || {
        // One request is all there is: what follows it, or its end, says that nobody waits.
        let _ = std::io::stdin().read(&mut [0; 1]);
        leave(&at_the_door, Some(Trouble::Cancelled));
    });
}

/// Ends the program, unless it is ending by itself.
fn leave(outlet: &Outlet, why: Option<Trouble>) {
    if outlet.give_up(why) {
        std::process::exit(0);
    }
}
