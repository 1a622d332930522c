//! DPoP proofs as anybody may send them: read or refused, and never good for a token that they do not name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_provider::oidc::dpop::Proof;

fuzz_target!(|text: &str| {
    if let Ok(proof) = Proof::read(text) {
        let here = ["https://id.example.org/token".to_owned()];
        assert!(proof.is_for("POST", &here, Some("a token that nobody hashed")).is_err());
    }
});
