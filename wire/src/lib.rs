//! What `pam_module` and `host_agent` say to each other, and what agent and `samekey` say to `samekey-key` ([`key`]): one
//! JSON object a line, versioned, at most 64 KiB.
//!
//! ```text
//!   module (inside sshd, sudo, a screen locker)          agent
//!     {"v":1,"body":{"start":{…}}}            ───────►
//!                                             ◄───────   {"v":1,"body":{"prompt":{"text":"Verification code…","echo":"on"}}}
//!     {"v":1,"body":{"answer":{"text":"123456"}}} ───►
//!                                             ◄───────   {"v":1,"body":{"verdict":"granted"}}
//! ```
//!
//! The module opens one connection for one PAM call, and the agent's verdict ends it. Neither side trusts the other's
//! bytes: every reader here is bounded ([`frame`]), every message is a closed type that refuses unknown fields
//! ([`message`]), and [`FrameError`] has no variant that a caller could read as a success or as "ignore me" (S1).
#![deny(unsafe_code)]

pub mod frame;
pub mod key;
pub mod message;

pub use frame::{FrameError, Reader, write};
pub use message::{Answer, Call, Echo, FromAgent, FromModule, Outage, Reason, Start, Verdict};

/// The version both sides speak. A line of another version ends the conversation with a refusal.
pub const VERSION: u32 = 1;

/// Longest line in bytes, its newline included.
pub const MAX_LINE: usize = 64 * 1024;
