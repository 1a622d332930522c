//! Passkeys and security keys over a real store, signed for by an authenticator in software.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod approvals;
mod authenticator;
mod binding;
mod challenges;
mod moving;
mod passwordless;
mod refused;
mod scene;
mod second_factor;
