//! The sentences of Security Information that have not moved to `shared::texts` yet.

mod security;

pub use security::*;

/// In place of a dead button (R14).
pub const NO_PASSKEYS_HERE: &str = "This browser cannot use passkeys or security keys: it is too old, or the page is not opened over a secure \
    connection. Use another way, or another browser.";
/// The same, where scripts are switched off.
pub const PASSKEYS_NEED_SCRIPTS: &str =
    "Passkeys and security keys need scripts, and this browser runs none. Use another way, or switch scripts on.";
/// Button.
pub const CANCEL: &str = "Cancel";
/// Link.
pub const CONTINUE: &str = "Continue";
