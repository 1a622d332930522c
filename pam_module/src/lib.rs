//! `pam_samekey.so`: a terminal inside sshd, sudo, su, login or a screen locker. It decides nothing.
//!
//! ```text
//!   hooks ── args ── caller ──► dialogue ──► outcome ──► PAM return code
//!                                 │    │
//!                       conversation  agent (the socket)
//! ```
//!
//! [`hooks`] holds the six entry points and contains panics; [`caller`] gathers what PAM knows; [`dialogue`] shows what
//! the agent says and sends back what the person answers; [`outcome`] is the one table from an ending to a PAM code.
//! Whatever breaks on the way (no agent, no conversation, bad bytes, a panic) ends in a refusal: the types that carry a
//! failure cannot express success or "ignore" (S1).
//!
//! `unsafe` lives in two files: [`libpam`] (five functions that `pam-bindings` lacks, and our mark in PAM data) and
//! [`socket`] (three system calls that `std` lacks).
#![deny(unsafe_code)]

pub mod agent;
pub mod args;
pub mod caller;
pub mod conversation;
pub mod dialogue;
pub mod hooks;
pub mod libpam;
pub mod log;
pub mod marker;
pub mod outcome;
pub mod socket;
