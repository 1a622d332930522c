//! What sshd tells of the keys that open a login, read strictly: public keys, and the methods a connection completed.
//!
//! ```text
//!  sshd ── SSH_AUTH_INFO_0 ──► AuthInfo ──► ShownKey ──► policy's facts (key, key-type, key-enrolled)
//!                                                   └──► methods::ssh_key ──► Evidence, where it is enrolled with verification
//! ```
//!
//! Nothing here checks a signature: sshd did, and whoever asks must know that it was sshd who says so (decision 20).

mod auth_info;
mod public_key;

pub use auth_info::{AuthInfo, ShownKey, Unreadable};
pub use public_key::{NotAKey, PublicKey};

/// The door at which a key can have been shown: sshd's own PAM service, and no other's claim.
pub const SERVICE: &str = "pam:sshd";
