//! The template of binding on the way in, as a type.

use crate::pages::Frame;
use askama::Template;
use samekey_shared::qr::Outline;
use samekey_shared::secrets::SecretText;

/// What is asked.
#[derive(Debug)]
pub(super) enum StepView {
    /// An enrolment ticket.
    Ticket,
    /// Which kind of device.
    Choose {
        title: String,
        text: String,
        choices: Vec<ChoiceView>,
        /// Whether "Later" is offered.
        can_wait: bool,
    },
    /// A code of the app.
    App {
        /// What the app will call it.
        account: String,
        qr: Option<Outline>,
        key: SecretText,
        others: Vec<WayView>,
    },
    /// A passkey or security key is to be made.
    Key {
        word: &'static str,
        title: String,
        text: String,
        button: String,
        /// What stands in the field at first.
        name: String,
        others: Vec<WayView>,
    },
    /// Recovery codes to be kept.
    Codes { codes: Vec<SecretText> },
}

/// One kind of device with its level (R102).
#[derive(Debug)]
pub(super) struct ChoiceView {
    pub word: &'static str,
    pub name: String,
    pub level: String,
    /// The badge's class.
    pub class: &'static str,
    /// When to choose it.
    pub advice: String,
}

/// A kind that may be bound instead.
#[derive(Debug)]
pub(super) struct WayView {
    pub word: &'static str,
    pub label: String,
}

/// The page.
#[derive(Template)]
#[template(path = "bind.html")]
pub(super) struct BindView<'a> {
    pub frame: Frame<'a>,
    /// The application one is on the way to.
    pub application: Option<&'a str>,
    /// What went wrong before.
    pub problem: Option<String>,
    /// Its stable code.
    pub code: Option<&'static str>,
    /// The flow's id.
    pub flow: &'a str,
    /// The form token.
    pub csrf: &'a str,
    pub step: StepView,
    /// Whether there is somewhere to go back to.
    pub can_cancel: bool,
}
