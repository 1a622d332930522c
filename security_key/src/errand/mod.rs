//! What can be asked of this program, from the request to its ending.

mod assert;
mod limits;
mod register;
#[cfg(test)]
mod tests;

pub use limits::makes_sense;

use crate::fault::Fault;
use crate::hid::{self, Closed};
use crate::outlet::Outlet;
use crate::search::{self, Found};
use crate::token::{Info, Proof, Token};
use samekey_wire::key::{Event, FEWEST_TRIES, Pin, Request, Trouble, Verification};
use std::time::Instant;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Runs a request over the keys that are plugged in.
pub fn run(request: Request, outlet: &Outlet, until: Instant) -> Event {
    let (tokens, closed) = hid::open_all();
    if tokens.is_empty() {
        return Event::trouble(match closed {
            Closed::None => Trouble::NoKey,
            Closed::Some => Trouble::NoAccess,
        });
    }
    over(tokens, request, outlet, until)
}

/// Runs a request over these keys.
fn over<T: Token>(tokens: Vec<T>, request: Request, outlet: &Outlet, until: Instant) -> Event {
    let ended = match request {
        Request::Look(_) => look(&search::look(tokens, "", &[], until)),
        Request::Assert(asked) => assert::run(tokens, &asked, outlet, until),
        Request::Register(asked) => register::run(tokens, &asked, outlet, until),
    };
    ended.unwrap_or_else(|ending| ending)
}

/// The keys that are there.
fn look<T: Token>(found: &Found<T>) -> Result<Event, Event> {
    if found.answered.is_empty() {
        return Err(nobody_answered(found));
    }
    let keys = found.answered.iter().map(|key| key.info.as_key()).collect();
    Ok(Event::Keys { keys })
}

/// Why there is no key to go on with.
fn nobody_answered<T>(found: &Found<T>) -> Event {
    Event::trouble(match found.broken.first() {
        Some(fault) if found.mute == 0 => fault.trouble(),
        _ => Trouble::Mute,
    })
}

/// A PIN as keys want it: in Unicode's composed form (CTAP 2.1, section 6.5.1), wiped when dropped.
fn composed(pin: Option<&Pin>) -> Option<Zeroizing<String>> {
    pin.map(|pin| {
        let mut text = Zeroizing::new(String::with_capacity(4 * pin.expose().len()));
        text.extend(pin.expose().nfc());
        text
    })
}

/// How this key shall know who is there, or the ending that asks for what is missing.
fn proof<'a, T: Token>(
    token: &T,
    info: &Info,
    asked: Verification,
    pin: Option<&'a Zeroizing<String>>,
) -> Result<Proof<'a>, Event> {
    // A PIN that was typed is used wherever there is one: it was asked for.
    if let Some(pin) = pin.filter(|_| info.pin) {
        enough_tries(token)?;
        return Ok(Proof::Pin(pin));
    }
    match (asked, info.sensor, info.pin) {
        (Verification::Discouraged, _, _) if !info.always_verifies => Ok(Proof::Touch),
        (Verification::Preferred, false, false) => Ok(Proof::Touch),
        (_, true, _) => Ok(Proof::Sensor),
        (_, false, true) => Err(pin_needed(token)),
        (_, false, false) => Err(Event::trouble(Trouble::CannotVerify)),
    }
}

/// The ending that asks for the PIN, or says why there is no point in it.
fn pin_needed<T: Token + ?Sized>(token: &T) -> Event {
    match enough_tries(token) {
        Ok(tries) => Event::PinNeeded { tries },
        Err(ending) => ending,
    }
}

/// The tries left of the PIN, if there are so many that one may be made.
fn enough_tries<T: Token + ?Sized>(token: &T) -> Result<u32, Event> {
    match token.tries() {
        Err(fault) => Err(Event::trouble(fault.trouble())),
        Ok(0) => Err(Event::trouble(Trouble::PinBlocked)),
        Ok(tries) if tries < FEWEST_TRIES => Err(Event::Trouble {
            code: Trouble::PinFewTries,
            tries: Some(tries),
        }),
        Ok(tries) => Ok(tries),
    }
}

/// The ending of a call that failed.
fn failed<T: Token + ?Sized>(token: &T, info: &Info, tried: Proof<'_>, fault: Fault) -> Event {
    match fault {
        Fault::PIN_INVALID => Event::Trouble {
            code: Trouble::PinWrong,
            tries: token.tries().ok(),
        },
        // The sensor failed, or touch alone is not enough for this key: its PIN would do.
        Fault::PIN_REQUIRED | Fault::SENSOR_BLOCKED if info.pin && !matches!(tried, Proof::Pin(_)) => pin_needed(token),
        fault => Event::trouble(fault.trouble()),
    }
}
