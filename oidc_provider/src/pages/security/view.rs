//! The templates of `/security` as types.

use super::permission::Permission;
use crate::pages::{Frame, texts};
use askama::Template;
use samekey_shared::secrets::SecretText;

/// What went wrong before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProblemView {
    /// What happened and what to do.
    pub sentence: String,
    /// The stable code.
    pub code: &'static str,
}

impl ProblemView {
    /// Code and sentence.
    pub(super) fn new(code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            code,
        }
    }
}

/// One bound device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeviceView {
    pub id: String,
    /// What its person calls it.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// The model, where it is known.
    pub model: Option<String>,
    /// Day of binding.
    pub created: String,
    /// When, where and from where it was last used.
    pub last_used: Option<String>,
    /// Whether copies of it may exist (R44).
    pub copies: Option<&'static str>,
    /// What else there is to know.
    pub remark: Option<String>,
    /// Whether it is a U2F key (R74).
    pub is_old: bool,
    /// Whether "Update to passkey" is offered.
    pub can_update: bool,
    /// Whether "Unbind" is offered.
    pub can_unbind: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "security.html")]
pub(super) struct SecurityView<'a> {
    pub frame: Frame<'a>,
    /// Whose page it is.
    pub person: &'a str,
    /// The form token.
    pub csrf: &'a str,
    /// What was done just now.
    pub notice: Option<&'static str>,
    /// What went wrong before.
    pub problem: Option<ProblemView>,
    /// Whether something may be changed.
    pub permission: Permission,
    pub passkeys: Vec<DeviceView>,
    /// Everything else that is bound.
    pub others: Vec<DeviceView>,
    /// Why there are no forms although changes are permitted.
    pub no_more: Option<String>,
    /// Name in the form "Create passkey"; without one there is no form.
    pub suggested_passkey: Option<String>,
    /// Name in the form "Add security key"; without one there is no form.
    pub suggested_key: Option<String>,
    /// What the browser's passkey store should know.
    pub signal: Option<String>,
}

/// Type YES to unbind.
#[derive(Template)]
#[template(path = "unbind.html")]
pub(super) struct UnbindView<'a> {
    pub frame: Frame<'a>,
    /// The form token.
    pub csrf: &'a str,
    /// The device's id.
    pub device: &'a str,
    pub name: &'a str,
    /// What follows.
    pub warning: &'static str,
    /// What went wrong before.
    pub problem: Option<ProblemView>,
}

/// "Update to passkey" (R75, M18).
#[derive(Template)]
#[template(path = "update.html")]
pub(super) struct UpdateView<'a> {
    pub frame: Frame<'a>,
    /// The form token.
    pub csrf: &'a str,
    /// The old device's id.
    pub device: &'a str,
    pub old_name: &'a str,
    /// What comes of it.
    pub text: &'static str,
    /// The new name, suggested or typed before.
    pub name: &'a str,
    /// What went wrong before.
    pub problem: Option<ProblemView>,
}

/// A device is bound.
#[derive(Template)]
#[template(path = "bound.html")]
pub(super) struct BoundView<'a> {
    pub frame: Frame<'a>,
    pub name: &'a str,
    /// What it is good for.
    pub text: &'static str,
    /// New recovery codes, shown this once.
    pub codes: &'a [SecretText],
}
