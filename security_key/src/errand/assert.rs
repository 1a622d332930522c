//! A signature: find the key that holds one of the credentials, then ask it in earnest.

use super::{composed, failed, nobody_answered, pin_needed, proof};
use crate::fault::Fault;
use crate::outlet::Outlet;
use crate::search::{self, Answered, Found, lists};
use crate::token::{Signed, Token, Wish};
use samekey_wire::key::{Assert, Asserted, Event, Octets, Trouble, Verification, Wanted};
use std::sync::Arc;
use std::time::Instant;
use zeroize::Zeroizing;

/// From the keys to the ending, which is an `Err` wherever it is not the signature.
pub fn run<T: Token>(tokens: Vec<T>, asked: &Assert, outlet: &Outlet, until: Instant) -> Result<Event, Event> {
    let pin = composed(asked.pin.as_ref());
    let mut found = search::look(tokens, &asked.rp_id, &asked.credentials, until);
    if found.answered.is_empty() {
        return Err(nobody_answered(&found));
    }
    let (key, wanted) = match found.answered.iter().position(|key| key.holds.is_some()) {
        Some(place) => {
            let key = found.answered.swap_remove(place);
            let held = key.holds.and_then(|place| asked.credentials.get(place));
            let wanted: Vec<Wanted> = held.cloned().into_iter().collect();
            (key, wanted)
        }
        None => (hidden(found, asked, pin.is_some())?, asked.credentials.clone()),
    };
    earnest(key, &wanted, asked, pin.as_ref(), outlet)
}

/// No key admits to a credential. One that knows its owner may hold one that it hides from anybody else (`credProtect`
/// level 3), so if there is only that one, its owner is asked for.
fn hidden<T: Token>(mut found: Found<T>, asked: &Assert, has_pin: bool) -> Result<Answered<T>, Event> {
    let (knows, quiet): (Vec<_>, Vec<_>) = found
        .answered
        .drain(..)
        .partition(|key| key.info.pin || key.info.sensor);
    let none = || {
        Event::trouble(if found.mute > 0 {
            Trouble::Mute
        } else {
            Trouble::WrongKey
        })
    };
    if asked.user_verification == Verification::Discouraged && !has_pin {
        return Err(none());
    }
    let mut knows = knows.into_iter();
    match (knows.next(), knows.next()) {
        (None, _) => Err(none()),
        // Whose PIN would be asked? A wrong one costs a try.
        (Some(_), Some(_)) => Err(Event::trouble(Trouble::SeveralKeys)),
        (Some(_), None) if !quiet.is_empty() || found.mute > 0 => Err(Event::trouble(Trouble::SeveralKeys)),
        (Some(key), None) if key.info.sensor || has_pin => Ok(key),
        (Some(key), None) => Err(pin_needed(&key.token)),
    }
}

/// Asks the key: from here on it may blink.
fn earnest<T: Token>(
    key: Answered<T>,
    wanted: &[Wanted],
    asked: &Assert,
    pin: Option<&Zeroizing<String>>,
    outlet: &Outlet,
) -> Result<Event, Event> {
    let Answered { token, info, holds } = key;
    // What hides itself shows itself to its owner alone.
    let verification = match holds {
        Some(_) => asked.user_verification,
        None => Verification::Required,
    };
    let proof = proof(&token, &info, verification, pin)?;
    let token = Arc::new(token);
    outlet.ask(token.clone());
    let mut last = Fault::NO_CREDENTIALS;
    for list in lists(&asked.rp_id, wanted, info.most_in_list) {
        let wish = Wish {
            rp_id: list.rp_id,
            client_data: &asked.client_data.0,
            credentials: &list.ids,
            proof,
        };
        match token.assert(&wish) {
            Ok(signed) => return Ok(Event::Asserted(Box::new(asserted(signed, wanted)))),
            Err(Fault::NO_CREDENTIALS) => {}
            Err(fault) => {
                last = fault;
                break;
            }
        }
    }
    Err(failed(token.as_ref(), &info, proof, last))
}

fn asserted(signed: Signed, wanted: &[Wanted]) -> Asserted {
    let by_app_id = wanted
        .iter()
        .any(|credential| credential.id.0 == signed.credential_id && credential.app_id.is_some());
    Asserted {
        credential_id: Octets(signed.credential_id),
        authenticator_data: Octets(signed.authenticator_data),
        signature: Octets(signed.signature),
        user_handle: signed.user_handle.map(Octets),
        app_id: by_app_id,
    }
}
