//! The real command, run as people and programs run it: one module for each way.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod agent;
mod conformance;
mod crowd;
mod idle;
mod ownership;
mod place;
mod reference;
mod replay;
mod rotation;
mod sessions;
mod signed_out;
mod terminal;
mod url;
