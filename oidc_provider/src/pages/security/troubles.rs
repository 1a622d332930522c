//! Why a device was not bound or unbound, as the page says it: a sentence with what to do, and the stable code.

use super::view::ProblemView;
use crate::pages::texts;
use samekey_shared::devices::{DeviceError, DeviceKind, DeviceNameError};
use samekey_shared::flows::bind::BindError;
use samekey_shared::flows::unbind::UnbindError;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::texts::Texts;

/// What the script says went wrong in the browser.
pub(super) fn of_browser(word: &str) -> ProblemView {
    let (code, sentence) = match word {
        "cancelled" => ("key_cancelled", texts::BINDING_CANCELLED),
        "already-bound" => ("device_exists", texts::BOUND_ALREADY),
        "wrong-address" => ("key_wrong_origin", texts::WRONG_ADDRESS),
        "unsupported" | "unverifiable" => ("user_verification_missing", texts::KEY_CANNOT),
        _ => ("key_broken", texts::BINDING_FAILED),
    };
    ProblemView::new(code, sentence)
}

pub(super) fn of_name(error: DeviceNameError) -> ProblemView {
    ProblemView::new(error.code(), error.to_string())
}

pub(super) fn of_key(error: KeyError) -> ProblemView {
    ProblemView::new(error.reason(), error.sentence(Texts::ENGLISH))
}

/// `None` where we failed ourselves: that has a page of its own.
pub(super) fn of_binding(error: &BindError) -> Option<ProblemView> {
    let sentence = match error {
        BindError::Device(DeviceError::LimitReached { kind, most }) if kind.is_fido() => texts::most_keys(*most),
        BindError::Device(error) => of_device(error)?,
        BindError::NoAccount | BindError::Unprotected | BindError::Flow(_) => return None,
    };
    Some(ProblemView::new(error.code(), sentence))
}

/// `None` where we failed ourselves.
pub(super) fn of_unbinding(error: &UnbindError, contact: Option<&str>) -> Option<ProblemView> {
    let sentence = match error {
        UnbindError::NotFound => DeviceError::NotFound.to_string(),
        UnbindError::NotConfirmed => texts::NOT_CONFIRMED.to_owned(),
        UnbindError::LastDevice => texts::last_device(contact),
        UnbindError::Device(error) => of_device(error)?,
        UnbindError::Flow(_) => return None,
    };
    Some(ProblemView::new(error.code(), sentence))
}

fn of_device(error: &DeviceError) -> Option<String> {
    let ours = matches!(
        error,
        DeviceError::Store(_) | DeviceError::Seal(_) | DeviceError::Hash(_) | DeviceError::Entropy(_)
    );
    (!ours).then(|| error.to_string())
}

/// What a device of this kind leaves behind when it goes (R57).
pub(super) fn warning(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Totp => texts::UNBIND_APP,
        DeviceKind::RecoveryCodes => texts::UNBIND_CODES,
        DeviceKind::Passkey | DeviceKind::SecurityKey => texts::UNBIND_KEY,
        DeviceKind::Email => texts::UNBIND_EMAIL,
    }
}
