//! Lines from a peer that may send anything: read with bounds, understood or refused, and written back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_wire::{FromAgent, FromModule, Reader, write};

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(bytes);
    while let Ok(message) = reader.receive::<FromModule>(|_| Ok(())) {
        let mut line = Vec::new();
        if write(&mut line, &message).is_ok() {
            let again = Reader::new(line.as_slice()).receive::<FromModule>(|_| Ok(()));
            assert_eq!(again.expect("what was written is read"), message);
        }
    }
    let mut reader = Reader::new(bytes);
    while reader.receive::<FromAgent>(|_| Ok(())).is_ok() {}
});
