//! Approvals from far: a login where no key can be plugged in waits for its owner's passkey in a browser elsewhere.
//!
//! ```text
//!  shell                                     store                        browser of the same person
//!  open ── prompt: URL, code, number ──►  pending ──────────────────►  by_code: host, service, source, key, command
//!                                            │  ◄── approve(number, evidence) | deny | report ──┘
//!  Enter ─ collect ◄─────────────────────  approved ─► collected: let in, once
//! ```
//!
//! Each step is one statement that names the state it starts from, so of any number of deciders one decides and of any
//! number of collectors one collects; its line in the audit trail is written in the same unit. The number travels from
//! the prompt to the page through the person's eyes: the page never shows it, and a wrong one burns the approval.
//! Nobody is notified of an approval: it is found by its code alone, so a stranger cannot wear a person down with it
//! (pam.md, section 6.5). Only the account itself can see or decide its own.

mod approval;
mod code;
mod decide;
mod facts;
mod open;
mod rows;

pub use approval::{Approval, State};
pub use code::{Code, CodeError, Number};
pub use decide::{Cancelling, Collected, Decider, Decision, Denying, approve, cancel, cancel_all, collect, deny};
pub use open::{Busy, NewApproval, OpenError, Opened, open};
pub use rows::{SCHEMA, by_code, by_id, is_waiting, sweep};

#[cfg(test)]
mod tests;
