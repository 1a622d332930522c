//! `/security`, "Security Information" (R40 to R48, R53 to R57, R66 to R85): what a person has bound, binding more, renaming,
//! replacing, unbinding; recovery codes; who is signed in, and who is remembered.
//!
//! Looking needs the session; changing needs a proof of the last ten minutes, asked by the shared machine.

mod bind;
mod caller;
mod codes;
mod device;
mod email;
pub mod hybrid;
mod list;
mod permission;
mod remembered;
mod rename;
mod sessions;
mod totp;
mod troubles;
mod unbind;
mod view;
mod warnings;

pub use bind::{bind, options, update};
pub use codes::{ask as ask_codes, make as make_codes};
pub use email::{
    ask_confirmation as ask_email_confirmation, confirm as confirm_email, show as email, submit as bind_email,
};
pub use list::{confirm, show};
pub use permission::{FRESH, Permission, Refusal};
pub use remembered::forget;
pub use rename::{ask as ask_rename, rename};
pub use sessions::end as end_sessions;
pub use totp::{ask as ask_totp, bind as bind_totp};
pub use unbind::{ask as ask_unbind, unbind};
