//! Passkeys and security keys over a real store, signed for by an authenticator in software.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authenticator;
