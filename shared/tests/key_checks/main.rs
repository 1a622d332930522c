//! The check of assertions and registrations: what it accepts, and that nothing else is.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bits;
mod client_data;
mod public_keys;
mod refusals;
mod registrations;
mod scene;
mod sizes;
