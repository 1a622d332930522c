//! A new credential, on the one key that is plugged in.

use super::{composed, failed, nobody_answered, proof};
use crate::outlet::Outlet;
use crate::search::{self, Answered};
use crate::token::{Info, NewWish, Token};
use samekey_wire::key::{Event, Octets, Register, Registered, Trouble, Verification, Wanted};
use std::sync::Arc;
use std::time::Instant;

/// From the keys to the ending, which is an `Err` wherever it is not the credential.
pub fn run<T: Token>(tokens: Vec<T>, asked: &Register, outlet: &Outlet, until: Instant) -> Result<Event, Event> {
    // Which of two keys becomes somebody's is not ours to choose.
    if tokens.len() > 1 {
        return Err(Event::trouble(Trouble::SeveralKeys));
    }
    let known: Vec<Wanted> = asked
        .exclude
        .iter()
        .map(|id| Wanted {
            id: id.clone(),
            app_id: None,
        })
        .collect();
    let mut found = search::look(tokens, &asked.rp_id, &known, until);
    let Some(Answered { token, info, holds }) = found.answered.pop() else {
        return Err(nobody_answered(&found));
    };
    if holds.is_some() {
        return Err(Event::trouble(Trouble::AlreadyBound));
    }
    let pin = composed(asked.pin.as_ref());
    let proof = proof(&token, &info, verification(asked, &info), pin.as_ref())?;
    let exclude: Vec<&[u8]> = asked
        .exclude
        .iter()
        .take(info.most_in_list)
        .map(|id| id.0.as_slice())
        .collect();
    let wish = NewWish {
        rp_id: &asked.rp_id,
        client_data: &asked.client_data.0,
        user_handle: &asked.user_handle.0,
        user_name: &asked.user_name,
        exclude: &exclude,
        discoverable: asked.discoverable,
        protect: info.protects,
        proof,
    };
    let token = Arc::new(token);
    outlet.ask(token.clone());
    match token.register(&wish) {
        Ok(attestation_object) => Ok(Event::Registered(Box::new(Registered {
            attestation_object: Octets(attestation_object),
            model: info.model,
        }))),
        Err(fault) => Err(failed(token.as_ref(), &info, proof, fault)),
    }
}

/// A key that has a PIN makes no credential without it, unless it says otherwise (CTAP 2.1, section 6.1.2).
fn verification(asked: &Register, info: &Info) -> Verification {
    let by_touch = !info.pin || (info.registers_by_touch && !asked.discoverable);
    match asked.user_verification {
        Verification::Discouraged | Verification::Preferred if !by_touch => Verification::Required,
        other => other,
    }
}
