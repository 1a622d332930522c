//! `samekey-key`: talks to the security keys plugged into this machine, for one request, and ends.
//!
//! ```text
//!   stdin: one request ──► search ──► errand (assert, register, look) ──► outlet: touch, then one ending
//!                            │            │                                  ▲
//!                          token ◄────────┘        watch (deadline, hang-up) ┘
//!                            │
//!                           hid: ctap-hid-fido2, the only place that knows it
//! ```
//!
//! It is a program of its own because a mute key blocks whoever reads from it for ever: whoever started this may kill it.
//! It holds no secret but the PIN it was given, decides nothing, and whatever it says is checked by who asked.
#![deny(unsafe_code)]

mod attestation;
mod confinement;
mod errand;
mod fault;
mod hid;
mod outlet;
#[cfg(test)]
mod scripted;
mod search;
mod token;
mod watch;

use outlet::Outlet;
use samekey_wire::Reader;
use samekey_wire::key::{Event, Request, Trouble};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

const USAGE: &str = "\
samekey-key: talks to the security keys plugged into this machine

The agent and `samekey device bind security-key` start it: one request as a line of JSON on standard input, events as
lines of JSON on standard output. It takes no arguments but these:

  --version       print the version
  --help          print this

Exit codes: 0 an ending was written, 1 failed without one, 2 wrong usage or a request that makes no sense.
";

/// Longest time that a request may ask for.
const LONGEST: Duration = Duration::from_secs(120);

/// Exit code of wrong usage.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("--help" | "-h") => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some("--version" | "-V") => {
            println!("samekey-key {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprint!("samekey-key: unknown argument {other:?}\n\n{USAGE}");
            return ExitCode::from(MISUSED);
        }
    }
    match confinement::enter() {
        Ok((said, noises)) => serve(Outlet::new(said), noises),
        Err(error) => {
            eprintln!("samekey-key: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One request, from its line to its ending.
fn serve(outlet: Outlet, noises: std::fs::File) -> ExitCode {
    let outlet = Arc::new(outlet);
    let Ok(request) = Reader::new(std::io::stdin()).receive::<Request>(|_| Ok(())) else {
        outlet.end(&Event::trouble(Trouble::Internal));
        return ExitCode::from(MISUSED);
    };
    if !errand::makes_sense(&request) {
        outlet.end(&Event::trouble(Trouble::Internal));
        return ExitCode::from(MISUSED);
    }
    let until = Instant::now() + Duration::from_millis(request.within_ms()).min(LONGEST);
    outlet.listen_for_touch(noises);
    watch::start(&outlet, until);
    // A broken key can make the driver panic; that is trouble with the key, and nothing worse.
    let ending = catch_unwind(AssertUnwindSafe(|| errand::run(request, &outlet, until)))
        .unwrap_or_else(|_| Event::trouble(Trouble::Internal));
    outlet.end(&ending);
    // Perhaps by the watch.
    if outlet.has_ended() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
