//! Security e-mail and letters: one file for each theme.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod codes;
mod first_bind;
mod letters;
mod objections;
mod scene;
mod sign_in;
