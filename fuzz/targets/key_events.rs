//! Lines from samekey-key, whose driver any key may talk into anything: read with bounds, understood or refused, and
//! written back the same.
//!
//! Frames themselves have no target: the driver (ctap-hid-fido2 3.6) takes them apart where it reads the device, without a
//! seam that one could feed bytes to. Its readers of CBOR are public, and do panic on authenticator data cut short: that is
//! why it lives in a process of its own, which may die and is ended at its deadline (docs/decisions, 0014). The software key
//! spoils its own frames and answers in `tests/soft_key`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_wire::key::{Event, Request};
use samekey_wire::{Reader, write};

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(bytes);
    while let Ok(event) = reader.receive::<Event>(|_| Ok(())) {
        let mut line = Vec::new();
        if write(&mut line, &event).is_ok() {
            let again = Reader::new(line.as_slice()).receive::<Event>(|_| Ok(()));
            assert_eq!(again.expect("what was written is read"), event);
        }
    }
    let mut reader = Reader::new(bytes);
    while reader.receive::<Request>(|_| Ok(())).is_ok() {}
});
