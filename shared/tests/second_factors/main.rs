//! Second factors over a real store: bound once, spent once, whoever tries and in whatever order.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod binding;
mod realm;
mod recovery;
mod sealing;
mod ssh_keys;
mod totp;
