//! What shells and web must agree on: one sign-in state machine, one policy, one device store, one audit trail.
//!
//! A module enters this crate only if two of the front ends use it, it is named by a noun of the domain, and it does
//! no I/O except through [`store`]. Clock and randomness are arguments.
#![deny(unsafe_code)]

pub mod accounts;
pub mod administration;
pub mod approvals;
pub mod attempts;
pub mod audit;
mod calendar;
pub mod challenges;
pub mod clock;
pub mod config;
pub mod devices;
pub mod entropy;
pub mod flows;
pub mod ids;
pub mod letters;
pub mod methods;
pub mod moving;
pub mod objections;
pub mod outbox;
pub mod policy;
pub mod qr;
pub mod realm;
pub mod roles;
pub mod secrets;
pub mod source;
pub mod ssh;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod texts;
pub mod tickets;
pub mod trust;
