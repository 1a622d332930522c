//! Devices: what a person binds once and both doors then accept.
//!
//! ```text
//!  totp::Pending ──one right code──► totp::Proven ──bind──► Device (bound) ──unbind──► Device (unbound, a tombstone)
//!  recovery::Drawn ──hashed───────► recovery::Set ──bind──►   │ last used: when, door, source
//!  fido::NewCredential (registered and verified)   ──bind──►   │ one signature counter for both doors
//!  ssh::PublicKey (an administrator vouches for it) ─enrol─►   │ served to sshd, shown by sshd
//! ```
//!
//! A pending device lives only with whoever is binding it (a sealed cookie, a conversation); the store sees a device
//! first when it was proven. Unbinding destroys its secrets and keeps the row: the record of all that was ever bound.

mod device;
pub mod email;
pub mod fido;
mod name;
pub mod recovery;
pub mod rows;
pub mod ssh_key;
pub mod totp;

pub use device::{Bound, Device, DeviceError, DeviceKind, DeviceState, LastUse, Limits, Unbinding, UnboundWhy};
pub use name::{DeviceName, DeviceNameError, NameRule};
