//! Secrets: kept out of logs while in memory, sealed at rest, wiped when done with.
//!
//! ```text
//!  keyring file ── base key ──► subkey(purpose)     HMAC tags, sealed cookies; rotation keeps it
//!             └── sealing keys ─► seal / open        columns of the store; rotation adds one, reseal moves rows to it
//!  opaque::Token ── SHA-256 ──► stored               session, refresh token: the store never holds the token itself
//! ```

pub mod keyring;
pub mod opaque;
pub mod reseal;
mod seal;
mod secret;

pub use keyring::Keyring;
pub use seal::{Place, SealError};
pub use secret::{Secret, SecretBytes, SecretText};
