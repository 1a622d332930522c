//! `/security`, "Security Information" (R40 to R48): what a person has bound, binding more, unbinding.
//!
//! Looking needs the session; changing needs a proof of the last ten minutes, asked by the shared machine.

mod bind;
mod caller;
mod list;
mod permission;
mod troubles;
mod unbind;
mod view;

pub use bind::{bind, options, update};
pub use list::{confirm, show};
pub use permission::{FRESH, Permission, Refusal};
pub use unbind::{ask as ask_unbind, unbind};
