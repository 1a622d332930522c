//! Why a device was not bound or unbound, as the page says it: a sentence with what to do, and the stable code.

use super::view::ProblemView;
use crate::pages::frame::whom_to_ask;
use samekey_shared::devices::{DeviceError, DeviceKind, DeviceNameError};
use samekey_shared::flows::bind::BindError;
use samekey_shared::flows::unbind::UnbindError;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::texts::Texts;

/// What the script says went wrong in the browser.
pub(super) fn of_browser(t: Texts, word: &str) -> ProblemView {
    let (code, sentence) = match word {
        "cancelled" => ("key_cancelled", t.say("security-binding-cancelled")),
        "already-bound" => ("device_exists", t.say("security-bound-already")),
        "wrong-address" => ("key_wrong_origin", t.say("security-wrong-address")),
        "unsupported" | "unverifiable" => ("user_verification_missing", t.say("security-key-cannot")),
        _ => ("key_broken", t.say("security-binding-failed")),
    };
    ProblemView::new(code, sentence)
}

pub(super) fn of_name(t: Texts, error: DeviceNameError) -> ProblemView {
    let sentence = match error {
        DeviceNameError::Ascii => t.say("devices-name-ascii"),
        DeviceNameError::Unicode => t.say("devices-name-unicode"),
    };
    ProblemView::new(error.code(), sentence)
}

pub(super) fn of_key(t: Texts, error: KeyError) -> ProblemView {
    ProblemView::new(error.reason(), error.sentence(t))
}

/// What is not one's own, is not there, or is gone: told alike.
pub(super) fn not_found(t: Texts) -> ProblemView {
    ProblemView::new("not_found", t.say("security-not-found"))
}

/// A kind that the policy does not accept (R24).
pub(super) fn not_accepted(t: Texts, contact: Option<&str>) -> ProblemView {
    let sentence = t.with("security-method-off", "contact", whom_to_ask(t, contact));
    ProblemView::new("method_not_allowed", sentence)
}

/// `None` where we failed ourselves: that has a page of its own.
pub(super) fn of_binding(t: Texts, error: &BindError) -> Option<ProblemView> {
    let sentence = match error {
        BindError::Device(DeviceError::LimitReached { kind, most }) if kind.is_fido() => {
            t.with("security-most-keys", "most", most)
        }
        BindError::Device(error) => of_device(t, error)?,
        BindError::NoAccount | BindError::Unprotected | BindError::Flow(_) => return None,
    };
    Some(ProblemView::new(error.code(), sentence))
}

/// `None` where we failed ourselves.
pub(super) fn of_unbinding(t: Texts, error: &UnbindError, contact: Option<&str>) -> Option<ProblemView> {
    let sentence = match error {
        UnbindError::NotFound => t.say("security-not-found"),
        UnbindError::NotConfirmed => t.say("security-not-confirmed"),
        UnbindError::LastDevice => t.with("security-last-device", "contact", whom_to_ask(t, contact)),
        UnbindError::Device(error) => of_device(t, error)?,
        UnbindError::Flow(_) => return None,
    };
    Some(ProblemView::new(error.code(), sentence))
}

fn of_device(t: Texts, error: &DeviceError) -> Option<String> {
    Some(match error {
        DeviceError::LimitReached { .. } => t.say("devices-slot-full"),
        DeviceError::NameTaken(name) => t.with("devices-name-taken", "name", name),
        DeviceError::CredentialTaken => t.say("devices-credential-taken"),
        DeviceError::AddressLimit { most } => t.with("security-address-limit", "most", most),
        DeviceError::NotFound => t.say("security-not-found"),
        DeviceError::Import(_) => t.say("devices-import"),
        DeviceError::Store(_) | DeviceError::Seal(_) | DeviceError::Hash(_) | DeviceError::Entropy(_) => return None,
    })
}

/// What a device of this kind leaves behind when it goes (R57).
pub(super) fn warning(t: Texts, kind: DeviceKind) -> String {
    match kind {
        DeviceKind::Totp => t.say("security-unbind-app"),
        DeviceKind::RecoveryCodes => t.say("security-unbind-codes"),
        DeviceKind::Passkey | DeviceKind::SecurityKey => t.say("security-unbind-key"),
        DeviceKind::Email => t.say("security-unbind-email"),
        DeviceKind::SshKey => t.say("security-unbind-ssh-key"),
    }
}
