//! The authenticator's thread: frames in, OpenSK, frames out.

use crate::flash::Flash;
use crate::hand::{Event, Hand};
use crate::hidraw::Wire;
use crate::traits::Board;
use opensk::{Ctap, Transport};
use std::sync::Arc;

/// Runs for ever; each time that the key is put in, it starts anew from its memory.
pub fn run(flash: &Flash, hand: &Arc<Hand>, wire: &Arc<Wire>) {
    let boot = || Ctap::new(Board::new(flash.clone(), Arc::clone(hand), Arc::clone(wire)));
    let mut ctap = boot();
    loop {
        match hand.idle() {
            Event::Pulled => ctap = boot(),
            Event::Frame(frame) => {
                // U2F has no way to wait: the client asks until a touch was seen.
                if ctap.u2f_needs_user_presence() && hand.touches_now() {
                    ctap.u2f_grant_user_presence();
                }
                for answer in ctap.process_hid_packet(&frame, Transport::MainHid) {
                    wire.deliver(answer);
                }
            }
            _ => {}
        }
    }
}
