//! The six `pam_sm_*` entry points: contain panics, run the phase, log its ending, hand out its code.

use crate::agent::Connection;
use crate::args::{self, Args};
use crate::conversation::OverPam;
use crate::marker::{self, Mark};
use crate::outcome::{self, Failure, Outcome};
use crate::{caller, dialogue, libpam, log};
use pam::constants::{PAM_SILENT, PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};
use samekey_wire::Call;
use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The module, as libpam sees it.
#[derive(Debug)]
pub struct Samekey;

/// The C functions themselves; nothing in Rust calls them.
mod entry_points {
    use super::Samekey;
    pam::pam_hooks!(Samekey);
}

/// What libpam is asked to wait after a failure, in microseconds; the same for every failure, as `pam_unix` does.
const FAIL_DELAY: u32 = 2_000_000;

impl PamHooks for Samekey {
    fn sm_authenticate(handle: &mut PamHandle, args: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        guarded(handle, |handle, user| {
            libpam::delay_failure(handle, FAIL_DELAY);
            authenticate(handle, &args, flags, user)
        })
    }

    fn acct_mgmt(handle: &mut PamHandle, args: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        guarded(handle, |handle, user| account(handle, &args, flags, user))
    }

    fn sm_setcred(_handle: &mut PamHandle, _args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        outcome::credentials()
    }

    fn sm_open_session(handle: &mut PamHandle, _args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        guarded(handle, |_, _| Err(Failure::Phase("session")))
    }

    fn sm_close_session(handle: &mut PamHandle, _args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        guarded(handle, |_, _| Err(Failure::Phase("session")))
    }

    fn sm_chauthtok(handle: &mut PamHandle, _args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        guarded(handle, |_, _| Err(Failure::Phase("password")))
    }
}

/// Runs a phase. A panic in it becomes a refusal here: were it to pass, sshd would die and ban the client (S20).
fn guarded(
    handle: &mut PamHandle,
    phase: impl FnOnce(&mut PamHandle, &mut Option<String>) -> Result<Outcome, Failure>,
) -> PamResultCode {
    log::silence_panics();
    let mut user = None;
    let outcome = match catch_unwind(AssertUnwindSafe(|| phase(handle, &mut user))) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(failure)) => Outcome::Failed(failure),
        Err(payload) => {
            // Dropping the payload could panic again.
            std::mem::forget(payload);
            Outcome::Failed(Failure::Panicked)
        }
    };
    let code = outcome.code();
    // The log is beside the point of the login: should it panic, the code stands unless it lets somebody pass unlogged.
    match catch_unwind(AssertUnwindSafe(|| log::ending(handle, user.as_deref(), &outcome))) {
        Ok(()) => code,
        Err(payload) => {
            std::mem::forget(payload);
            Outcome::Failed(Failure::Panicked).code()
        }
    }
}

/// Asks the person, through the agent.
fn authenticate(
    handle: &mut PamHandle,
    args: &[&CStr],
    flags: PamFlag,
    known_as: &mut Option<String>,
) -> Result<Outcome, Failure> {
    let args = args::parse(args)?;
    // Whatever an earlier try on this handle left must not outlive a failure of this one.
    if !marker::wipe(handle) {
        return Err(Failure::Mark);
    }
    let user = caller::user(handle)?;
    *known_as = Some(user.clone());
    let outcome = ask(handle, &args, flags, Call::Authenticate, &user);
    if outcome.lets_pass() && !marker::leave(handle, &user, &outcome) {
        return Err(Failure::Mark);
    }
    Ok(outcome)
}

/// The tripwire: a login that passed our authentication on this handle goes on; for any other the agent is asked.
fn account(
    handle: &mut PamHandle,
    args: &[&CStr],
    flags: PamFlag,
    known_as: &mut Option<String>,
) -> Result<Outcome, Failure> {
    let args = args::parse(args)?;
    let user = caller::user(handle)?;
    *known_as = Some(user.clone());
    match marker::find(handle, &user) {
        Some(Mark::Proven) => Ok(Outcome::Proven),
        Some(Mark::Exempt) => Ok(Outcome::Exempt),
        None => Ok(ask(handle, &args, flags, Call::Account, &user)),
    }
}

/// One conversation with the agent.
fn ask(handle: &mut PamHandle, args: &Args, flags: PamFlag, call: Call, user: &str) -> Outcome {
    #[cfg(feature = "fault-injection")]
    if args.panic {
        deliberate_panic();
    }
    let silent = flags & PAM_SILENT != 0;
    let start = match caller::gather(handle, call, user.to_owned(), silent) {
        Ok(start) => start,
        Err(failure) => return Outcome::Failed(failure),
    };
    let mut agent = match Connection::open(&args.socket, args.timeout) {
        Ok(agent) => agent,
        Err(error) => return Outcome::Failed(error.into()),
    };
    dialogue::hold(&mut agent, &OverPam::new(handle, silent), start).into()
}

#[cfg(feature = "fault-injection")]
#[expect(clippy::panic, reason = "tests the containment of panics")]
fn deliberate_panic() {
    panic!("on purpose");
}
