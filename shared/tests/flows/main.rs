//! Every flow, driven by scripted answers and a clock moved by hand, over a real store.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod both_doors;
mod devices;
mod first_sign_in;
mod letters;
mod recheck;
mod remember;
mod scene;
mod second_kind;
mod web;
