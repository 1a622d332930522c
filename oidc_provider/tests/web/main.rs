//! The whole provider through its real router, with a clock moved by hand: one file for each theme.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod browser;
mod relying_party;
mod scene;

mod sign_in;
