//! FIDO assertions: passkeys, security keys and U2F keys, checked by one verifier of our own at both doors.
//!
//! ```text
//!  assertion::check   pure: bytes, the stored public key and what is expected of them; no store, no clock
//!  accept             finds the credential, checks, moves its counter on, mints the evidence: one unit of work
//! ```

mod accept;
pub mod assertion;
pub mod attestation;
pub mod authenticator_data;
mod cbor;
pub mod client_data;
pub mod cose;
pub mod error;
#[cfg(feature = "testing")]
pub mod in_hand;
pub mod registration;

pub use accept::{KeyChecked, Terms, accept};
pub use assertion::{Assertion, Expected, Seen, check};
pub use client_data::{LocalBinding, Scene, local_client_data, local_creation_client_data};
pub use error::KeyError;
pub use registration::{ExpectedRegistration, Registered, check_registration};
