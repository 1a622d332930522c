//! Assertions, right and wrong in one thing or several, before two verifiers: ours and webauthn-rs-core agree, or a rule
//! in `agreement.rs` says which of them is the stricter, and why.
#![no_main]

#[path = "../../oidc_provider/tests/verifiers/agreement.rs"]
mod agreement;
#[path = "../../oidc_provider/tests/verifiers/recipe.rs"]
mod recipe;
#[path = "../../oidc_provider/tests/verifiers/theirs.rs"]
mod theirs;

use agreement::{Both, key};
use libfuzzer_sys::fuzz_target;
use recipe::Made;
use std::sync::LazyLock;

static BOTH: LazyLock<Both> = LazyLock::new(|| Both::new().expect("the verifiers start"));

fuzz_target!(init: { LazyLock::force(&BOTH); }, |bytes: &[u8]| {
    let made = Made::from(bytes, key).expect("the key signs");
    match BOTH.ask(&made) {
        Ok(agreement) => assert_ne!(agreement.rule(), Some(""), "a difference has its reason"),
        Err(difference) => panic!("{difference}"),
    }
});
