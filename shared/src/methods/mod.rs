//! The second factors: their kinds and strength, and the check of one answer. Only this module mints [`Evidence`].
//!
//! ```text
//!  answer ── totp::check ───────────► Checked::Accepted(Evidence)   the step is spent in the same unit
//!         ── recovery_code::prepare   (Argon2, outside the unit)
//!            recovery_code::spend ──► Checked::Accepted(Evidence)   the code is spent in the same unit
//!                                     Checked::Replayed             right once, spent before (M13)
//!                                     Checked::Wrong                (M12)
//!         ── email_code::check ─────► Evidence                      the code is spent in the same unit
//!         ── fido::accept ─────────► KeyChecked::Accepted(Evidence) the counter moves on in the same unit
//!  sshd  ── ssh_key::vouched ────► Evidence                      enrolled with verification, taken on our terms
//! ```
//!
//! What a sign-in may claim to others (`acr`, `amr`) is computed from evidence and from nothing else: [`claims`].

mod claims;
pub mod comparison;
pub mod email_code;
mod evidence;
pub mod fido;
mod method;
pub mod recovery_code;
pub mod ssh_key;
pub mod totp;

pub use claims::{FirstFactor, acr, amr, proven_level};
pub use evidence::{Checked, Evidence, EvidenceRecord, KeyProof, MethodError, recall};
pub use method::{Level, Method, NotALevel, NotAMethod};
