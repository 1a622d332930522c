//! Keys and tokens of strangers: whatever they hold, nothing is verified that no key signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_provider::jose::{Jwk, JwkSet, header, unverified, verify};
use samekey_provider::keys::Alg;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (keys, token) = text.split_once('\n').unwrap_or((&text, &text));
    let _ = (header(token), unverified(token));
    let Ok(set) = JwkSet::read(keys.as_bytes()) else {
        if let Ok(value) = serde_json::from_str(keys) {
            let _ = Jwk::parse(&value).map(|key| key.thumbprint());
        }
        return;
    };
    for key in set.iter() {
        assert_eq!(key.thumbprint().len(), 43);
        for alg in Alg::ALL {
            assert!(!key.verifies(alg, data, b""), "an empty signature");
        }
    }
    let _ = verify(token, &set, &Alg::ALL);
});
