//! The sentences of Security Information.

use crate::pages::security::Refusal;
use samekey_shared::devices::DeviceKind;
use samekey_shared::devices::fido::Credential;
use samekey_shared::source::Door;

/// Title of the page, and of the link to it (R40).
pub const SECURITY: &str = "Security Information";
/// Link.
pub const BACK: &str = "Back";
/// Heading (R41).
pub const PASSKEYS: &str = "Passkeys";
/// R47.
pub const PASSKEYS_HINT: &str = "A passkey signs you in without a password. Create one on every device you use often.";
/// Heading (R42).
pub const MFA: &str = "MFA information";
/// An empty list.
pub const NOTHING_BOUND: &str = "Nothing is bound yet.";
/// Button (R41).
pub const CREATE_PASSKEY: &str = "Create passkey";
/// Button (R52).
pub const ADD_SECURITY_KEY: &str = "Add security key";
/// R73, M17.
pub const SECURITY_KEYS_HINT: &str = "A security key that asks for its PIN becomes a passkey; any other is a second factor after your password. Insert it and touch it when it blinks.";
/// Label (R68).
pub const DEVICE_NAME: &str = "Device name";
/// M05.
pub const NAME_RULE: &str = "Letters, digits, hyphens (-) and underscores (_).";
/// Before a day.
pub const BOUND_ON: &str = "Bound on";
/// Before a moment.
pub const LAST_USED: &str = "Last used";
/// In its place.
pub const NEVER_USED: &str = "Never used yet";
/// Badge (R74).
pub const OLD_KEY: &str = "Older U2F key";
/// Link beside it (R75, Q18).
pub const UPDATE_TO_PASSKEY: &str = "Update to passkey";
/// M18, and what comes of it.
pub const UPDATE_OLD: &str = "This key is registered as an older U2F key. It keeps working; update it to a passkey to sign in without a \
    password. Insert the same key, type its PIN and touch it. The older entry goes after the new one has signed once.";
/// The same for a key that was bound by touch alone.
pub const UPDATE_TEXT: &str = "This key is a second factor after your password. It keeps working; update it to a passkey to sign in without a \
    password. Insert the same key, type its PIN and touch it. The older entry goes after the new one has signed once.";
/// Button of a dialog.
pub const OK: &str = "OK";
/// Link (R77).
pub const UNBIND: &str = "Unbind";
/// Before changes (R43).
pub const CONFIRM_FIRST: &str = "To change anything here, confirm that it is you. That holds for ten minutes.";
/// Its button.
pub const CONFIRM_IT_IS_YOU: &str = "Confirm it is you";
/// After it.
pub const CONFIRMED: &str = "Thank you. You can make changes for ten minutes.";
/// After unbinding.
pub const DEVICE_UNBOUND: &str = "The device is unbound.";
/// Title after binding (R45).
pub const DEVICE_ADDED: &str = "MFA device is added";
/// Heading.
pub const RECOVERY_CODES: &str = "Recovery codes";
/// What to do with them.
pub const KEEP_CODES: &str =
    "For the day your device is lost. Each works once. Write them down or print them now: they are never shown again.";
/// R57.
pub const UNBIND_APP: &str =
    "The app's codes are worth nothing here afterwards. Delete its entry in the app only after this.";
/// Recovery codes.
pub const UNBIND_CODES: &str = "None of these codes works afterwards.";
/// Passkeys and keys.
pub const UNBIND_KEY: &str = "It signs you in nowhere afterwards, neither on the web nor at a terminal.";
/// After something else than YES.
pub const NOT_CONFIRMED: &str = "Type YES to unbind. Nothing was changed.";
/// No relying party.
pub const NO_PASSKEYS_AT_ALL: &str = "Passkeys and security keys are switched off here, because this server has no domain name of its own. Ask your administrator.";
/// The person cancelled, or took too long.
pub const BINDING_CANCELLED: &str = "Nothing was bound: it was cancelled, or took too long. Try again.";
/// The browser found one of ours on it (`excludeCredentials`).
pub const BOUND_ALREADY: &str = "This key or device is bound already. Use another one.";
/// Another address than the relying party's.
pub const WRONG_ADDRESS: &str =
    "Passkeys cannot be bound at this address. Open the page at the address that your administrator told you.";
/// Neither fingerprint nor face nor PIN.
pub const KEY_CANNOT: &str =
    "This device cannot check a fingerprint, a face or a PIN. Set one up, or use Add security key.";
/// Anything else in the browser.
pub const BINDING_FAILED: &str = "Your browser could not bind it. Try again, or use another browser.";

/// M08.
pub fn type_yes(name: &str) -> String {
    format!("Type YES to unbind {name}.")
}

/// M06.
pub fn most_keys(most: u32) -> String {
    format!("You already have {most} passkeys and security keys, the most allowed. Unbind one first.")
}

/// M09.
pub fn last_device(contact: Option<&str>) -> String {
    let contact = contact.unwrap_or("your administrator");
    format!("This is your last usable device. Bind another one first, or ask {contact}.")
}

/// Why the page is for reading only, and whom to ask (R25, R105).
pub fn refused_change(refusal: &Refusal, contact: Option<&str>) -> String {
    let contact = contact.unwrap_or("your administrator");
    match refusal {
        Refusal::SelfServiceOff => format!("You cannot change this yourself. Ask {contact}."),
        Refusal::TicketRequired => {
            format!("Your devices were unbound, so the next one has to be bound with help. Ask {contact}.")
        }
    }
}

/// What a device is.
pub fn kind(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Totp => "Authenticator app",
        DeviceKind::RecoveryCodes => "Recovery codes",
        DeviceKind::Passkey => "Passkey",
        DeviceKind::SecurityKey => "Security key",
        DeviceKind::Email => "Security e-mail",
    }
}

/// What a device is good for, after its name.
pub fn bound_as(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Passkey => "is bound as a passkey: it signs you in without a password, and confirms at a terminal.",
        DeviceKind::SecurityKey => "is bound as a security key: a second factor after your password.",
        DeviceKind::Totp | DeviceKind::RecoveryCodes | DeviceKind::Email => "is bound.",
    }
}

/// R44: whether copies of the key may exist.
pub fn copies(key: &Credential) -> &'static str {
    match (key.backed_up, key.backup_eligible) {
        (true, _) => "synced",
        (false, true) => "can be synced",
        (false, false) => "on this device only",
    }
}

/// Recovery codes not used yet.
pub fn codes_left(left: u32) -> String {
    format!("{left} left")
}

/// An old key that waits for its successor's first signature.
pub fn goes_after(successor: &str) -> String {
    format!("Goes after {successor} has signed once.")
}

/// When, where and from where.
pub fn last_use(moment: &str, door: Door, source: &str) -> String {
    let place = match door {
        Door::Web => "on the web",
        Door::Shell => "at a terminal",
        Door::Command => "by command",
    };
    format!("{moment}, {place}, from {source}")
}
/// On the way to unbinding the security e-mail.
pub const UNBIND_EMAIL: &str = "No codes are sent to this address any more.";
