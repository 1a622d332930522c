//! The templates of `/security` as types.

use super::permission::Permission;
use crate::pages::Frame;
use askama::Template;
use samekey_shared::qr::Outline;
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
#[expect(
    clippy::struct_excessive_bools,
    reason = "what is offered beside a device, each by a rule of its own"
)]
pub(super) struct DeviceView {
    pub id: String,
    /// What its person calls it.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// The model, where it is known.
    pub model: Option<String>,
    /// The level that it proves: its word in the style sheet, and as people read it.
    pub level: Option<(&'static str, String)>,
    /// Day of binding.
    pub created: String,
    /// When, where and from where it was last used.
    pub last_used: String,
    /// Whether copies of it may exist (R44).
    pub copies: Option<String>,
    /// What else there is to know.
    pub remark: Option<String>,
    /// Whether it is a U2F key (R74).
    pub is_old: bool,
    /// Whether the policy accepts it at present (R24).
    pub is_accepted: bool,
    /// Whether "Update to passkey" is offered.
    pub can_update: bool,
    /// Whether "Rename" is offered.
    pub can_rename: bool,
    /// Whether "Replace" is offered (Q7).
    pub can_replace: bool,
    /// Whether "Unbind" is offered.
    pub can_unbind: bool,
}

/// The form that binds a key or passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyForm {
    /// `passkey` or `security-key`.
    pub kind: &'static str,
    /// What stands in the field: suggested, or typed before.
    pub name: String,
    /// Whether that is what went wrong before.
    pub is_wrong: bool,
    /// The button.
    pub button: String,
}

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SessionView {
    pub id: String,
    /// What it calls itself.
    pub browser: String,
    /// When and from where it was signed in.
    pub signed_in: String,
    /// When it was seen last.
    pub seen: String,
    /// The button's name for whoever hears it only.
    pub end: String,
    /// Whether it is the one that looks.
    pub is_this: bool,
}

/// A remembered browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RememberedView {
    pub id: String,
    /// What it calls itself.
    pub browser: String,
    /// Since and until when.
    pub times: String,
    /// Where it was.
    pub source: String,
    /// The button's name for whoever hears it only.
    pub forget: String,
}

/// The page.
#[derive(Template)]
#[template(path = "security.html")]
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides one thing on the page")]
pub(super) struct SecurityView<'a> {
    pub frame: Frame<'a>,
    /// Whose page it is.
    pub person: &'a str,
    /// The form token.
    pub csrf: &'a str,
    /// What was done just now.
    pub notice: Option<String>,
    /// What went wrong before.
    pub problem: Option<ProblemView>,
    /// What to be warned of.
    pub warnings: Vec<String>,
    /// Whether something may be changed.
    pub permission: Permission,
    /// Why the page is for reading only.
    pub read_only: String,
    /// A passkey of another device signed in here: offer one of this device (R47).
    pub is_offered: bool,
    pub passkeys: Vec<DeviceView>,
    pub apps: Vec<DeviceView>,
    pub keys: Vec<DeviceView>,
    pub codes: Vec<DeviceView>,
    /// How many keys of how many.
    pub count: String,
    /// Why there are no forms for keys although changes are permitted.
    pub no_more: Option<String>,
    /// "Create passkey".
    pub create_passkey: Option<KeyForm>,
    /// "Add security key".
    pub add_key: Option<KeyForm>,
    /// Whether "Bind authenticator app" is offered.
    pub can_bind_app: bool,
    /// Whether "Make new recovery codes" is offered.
    pub can_renew_codes: bool,
    /// The security e-mail.
    pub email: Vec<DeviceView>,
    /// SSH keys: an administrator enrols them, their person may unbind them.
    pub ssh: Vec<DeviceView>,
    pub sessions: Vec<SessionView>,
    pub remembered: Vec<RememberedView>,
    /// Whether sessions may be ended.
    pub can_sign_out: bool,
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
    pub warning: String,
    /// What went wrong before.
    pub problem: Option<ProblemView>,
    /// Whether typing YES can help.
    pub is_possible: bool,
}

/// Another name.
#[derive(Template)]
#[template(path = "rename.html")]
pub(super) struct RenameView<'a> {
    pub frame: Frame<'a>,
    /// The form token.
    pub csrf: &'a str,
    /// The device's id.
    pub device: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// What stands in the field.
    pub typed: &'a str,
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
    pub text: String,
    pub form: KeyForm,
    /// What went wrong before.
    pub problem: Option<ProblemView>,
}

/// An authenticator app is being bound: what to scan, what to type, and the code that proves it.
#[derive(Template)]
#[template(path = "bind_totp.html")]
pub(super) struct TotpView<'a> {
    pub frame: Frame<'a>,
    /// The form token.
    pub csrf: &'a str,
    /// The binding, sealed.
    pub binding: &'a str,
    /// The QR code; `None` where the address is too long for one.
    pub qr: Option<Outline>,
    /// The account's name in the app.
    pub account: &'a str,
    /// The key in groups of four.
    pub key: &'a SecretText,
    /// What stands in the field for the name.
    pub name: &'a str,
    /// The app whose place it takes, by name.
    pub replaces: Option<&'a str>,
    /// What went wrong before.
    pub problem: Option<ProblemView>,
    /// Whether the name went wrong, and not the code.
    pub is_name_wrong: bool,
}

/// The slot of the app is taken (M07): unbind it first, or replace it.
#[derive(Template)]
#[template(path = "totp_full.html")]
pub(super) struct TotpFullView<'a> {
    pub frame: Frame<'a>,
    /// M07.
    pub problem: ProblemView,
    /// The apps that can be replaced: id and name.
    pub apps: Vec<(String, String)>,
}

/// The question before new recovery codes.
#[derive(Template)]
#[template(path = "new_codes.html")]
pub(super) struct NewCodesView<'a> {
    pub frame: Frame<'a>,
    /// The form token.
    pub csrf: &'a str,
}

/// Something is bound, or recovery codes are made: shown this once.
#[derive(Template)]
#[template(path = "bound.html")]
pub(super) struct BoundView<'a> {
    pub frame: Frame<'a>,
    pub title: String,
    /// What was bound.
    pub name: Option<&'a str>,
    /// What it is good for.
    pub text: String,
    /// New recovery codes.
    pub codes: &'a [SecretText],
}
