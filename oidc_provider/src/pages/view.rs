//! The pages' templates as types: askama checks each against its file when we compile, and escapes every value.

use super::announcement::Announcement;
use super::application::About;
use super::frame::Frame;
use super::which::Badge;
use askama::Template;

/// What to ask, as the sign-in page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepView {
    /// The user name.
    Name {
        /// What stands in the field at first.
        typed: String,
    },
    /// The password.
    Password {
        /// The name as typed.
        name: String,
    },
    /// A code.
    Code {
        /// Whose.
        name: String,
        /// Over the field.
        label: String,
        /// What to do.
        hint: String,
        /// Whether digits suffice.
        numeric: bool,
        /// The button that sends another code, where codes are sent.
        again: Option<String>,
        /// What may be chosen instead.
        others: Vec<OtherMethod>,
    },
    /// A passkey or security key.
    Key {
        /// Whose.
        name: String,
        /// What to do.
        hint: String,
        /// The button.
        button: String,
        /// What may be chosen instead.
        others: Vec<OtherMethod>,
    },
}

/// Which of the two ways to begin stands out (R97).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emphasis {
    /// The password.
    Password,
    /// The passkey, which this browser used last.
    Passkey,
}

/// A method that may be chosen instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherMethod {
    /// Its word.
    pub word: &'static str,
    /// Its button.
    pub label: String,
    /// How strong it is (R102).
    pub badge: Badge,
    /// When to choose it, in a line (R102).
    pub advice: String,
}

/// The box that asks to be remembered (M01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberBox {
    /// The sentence.
    pub label: String,
    /// Whether it was ticked before a wrong answer; at first it never is (R28).
    pub ticked: bool,
}

/// User name, password or code.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInView<'a> {
    /// What stands around it.
    pub frame: Frame<'a>,
    /// The application one is on the way to.
    pub application: Option<About<'a>>,
    /// What the operator announces (R106).
    pub announcement: Option<Announcement>,
    /// What to do without any of one's devices (M10).
    pub cannot_use_device: String,
    /// What went wrong before.
    pub problem: Option<String>,
    /// The flow's id.
    pub flow: &'a str,
    /// The form token.
    pub csrf: &'a str,
    /// What is asked.
    pub step: StepView,
    /// Whether the page has the script, and which way stands out.
    pub passkeys: Option<Emphasis>,
    /// Whether the focus goes to the way that is no passkey.
    pub other_way_first: bool,
    /// What the browser's passkey store should know.
    pub signal: Option<String>,
    /// The box under the question, where this browser can be remembered.
    pub remember: Option<RememberBox>,
    /// Whether another name may be given.
    pub can_restart: bool,
    /// Whether there is somewhere to go back to.
    pub can_cancel: bool,
}

/// May the application know?
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentView<'a> {
    /// What stands around it.
    pub frame: Frame<'a>,
    /// The application.
    pub about: About<'a>,
    /// What it will know.
    pub lines: Vec<String>,
    /// Where the answer goes.
    pub target: &'a str,
    /// The flow's id.
    pub flow: &'a str,
    /// The form token.
    pub csrf: &'a str,
}

/// A form of hidden fields and one button.
#[derive(Debug, Clone)]
pub struct ButtonForm {
    /// Where it goes.
    pub action: &'static str,
    /// Its fields.
    pub fields: Vec<(&'static str, String)>,
    /// Its button.
    pub button: String,
}

/// A title, a sentence and what can be done.
#[derive(Template)]
#[template(path = "message.html")]
pub struct MessageView<'a> {
    /// What stands around it.
    pub frame: Frame<'a>,
    /// Title.
    pub title: String,
    /// Sentence.
    pub text: String,
    /// A second one.
    pub more: Option<String>,
    /// Buttons.
    pub forms: Vec<ButtonForm>,
    /// A link and its text.
    pub link: Option<(String, String)>,
    /// A stable code.
    pub code: Option<&'a str>,
    /// The request's id.
    pub request: Option<String>,
}

/// The answer to an application as a form (OAuth 2.0 Form Post Response Mode).
#[derive(Template)]
#[template(path = "form_post.html")]
pub struct FormPostView<'a> {
    /// What stands around it.
    pub frame: Frame<'a>,
    /// The application's address.
    pub action: &'a str,
    /// What it is told.
    pub fields: &'a [(&'static str, String)],
}

/// After a sign-out, with the applications that are told by their frames (OpenID Connect Front-Channel Logout 1.0).
#[derive(Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutView<'a> {
    /// What stands around it.
    pub frame: Frame<'a>,
    /// The frames' addresses.
    pub frames: &'a [String],
    /// Where it goes on.
    pub then: Option<&'a str>,
}

/// What applications ask whether their session goes on (OpenID Connect Session Management 1.0).
#[derive(Template)]
#[template(path = "check_session.html")]
pub struct CheckSessionView;
