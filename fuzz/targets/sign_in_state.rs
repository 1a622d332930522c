//! Sealed sign-in states, as if somebody had the sealing key: read or refused, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_shared::flows::SignIn;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sign_in) = serde_json::from_slice::<SignIn>(bytes) {
        let _ = sign_in.request();
    }
});
