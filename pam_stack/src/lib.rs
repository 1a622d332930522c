//! Proves, from the files of `/etc/pam.d` alone, whether anybody can come in without our module having let them pass.
//!
//! ```text
//! Root / InMemory ──► Service::load("sshd") ──► prove(&service, Facility::Auth) ──► Verdict
//!   files as libpam      lines in the order            every result of every
//!   would find them      in which libpam               module, state by state
//!                        holds them
//! ```
//!
//! It reads what Linux-PAM 1.5 to 1.7 read, byte for byte (`libpam/pam_handlers.c`, `pam_misc.c`) and walks as they do
//! (`pam_dispatch.c`): include, substack, `@include` of Debian, jumps, continuation lines, the fallback to `other`,
//! `pam.conf`. What those versions read differently, or what is too large, is [`Verdict::Unclear`]: never "guarded".
//! A test runs the same stacks under the real libpam and compares (`tests/shell/stacks`).

mod advice;
mod code;
mod control;
mod files;
mod line;
mod loader;
mod prove;
mod service;
mod text;
mod walk;

pub use advice::{Advice, advise};
pub use code::Code;
pub use control::{Action, Control};
pub use files::{Files, InMemory, Root};
pub use line::{Facility, Line, What};
pub use prove::{Proof, Verdict, prove, prove_where, reached};
pub use service::{Dialect, Note, Service, Stack};
pub use walk::{Step, lets_in, run};

/// The file name of our module.
pub const OURS: &str = "pam_samekey.so";
