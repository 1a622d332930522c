//! Two verifiers of what keys sign, ours and webauthn-rs-core: the specification's own vectors through both, and made
//! ones.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod agreement;
mod differential;
mod recipe;
mod theirs;
mod vectors;
