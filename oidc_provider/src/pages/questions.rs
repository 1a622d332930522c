//! What the machine asks, as the sign-in page shows it.

use super::flow::{Flow, Question, Stage};
use super::texts;
use super::view::{Emphasis, OtherMethod, StepView};
use crate::app::App;
use crate::http::cookies;
use axum::http::HeaderMap;
use samekey_shared::flows::{KeyTrouble, Notice, SignIn};
use samekey_shared::methods::Method;
use samekey_shared::policy::Settings;

/// The parts of the page that follow from the question.
pub(super) struct Shown {
    pub step: StepView,
    pub problem: Option<&'static str>,
    /// Whether a passkey can be used here, and which way stands out.
    pub passkeys: Option<Emphasis>,
    /// After a ceremony that came to nothing the other way gets the focus (R92).
    pub other_way_first: bool,
}

pub(super) fn shown(app: &App, flow: &Flow, settings: Option<&Settings>, headers: &HeaderMap) -> Shown {
    let alone = app.passkeys.is_some() && settings.is_some_and(|settings| settings.passkey_sign_in);
    let emphasis = || match cookies::value(headers, cookies::LAST_USED) {
        Some(cookies::PASSKEY) => Emphasis::Passkey,
        _ => Emphasis::Password,
    };
    let (step, notice) = match &flow.stage {
        Stage::Asking { machine, question } => asked(machine, question),
        Stage::Name { typed, .. } => (StepView::Name { typed: typed.clone() }, None),
        Stage::Consent(_) | Stage::Refused(_) => (StepView::Name { typed: String::new() }, None),
    };
    let notice = flow.beside.as_ref().map(|beside| beside.notice).or(notice);
    let missing = matches!(&flow.stage, Stage::Name { missing: true, .. });
    Shown {
        passkeys: match &step {
            StepView::Name { .. } | StepView::Password { .. } => alone.then(emphasis),
            StepView::Key { .. } => Some(Emphasis::Passkey),
            StepView::Code { .. } => None,
        },
        other_way_first: matches!(notice, Some(Notice::KeyFailed(_) | Notice::KeyRefused(_))),
        problem: missing.then_some(texts::NAME_MISSING).or(notice.map(sentence)),
        step,
    }
}

fn asked(machine: &SignIn, question: &Question) -> (StepView, Option<Notice>) {
    let name = machine.typed().to_owned();
    match question {
        Question::Password(notice) => (StepView::Password { name }, *notice),
        Question::Code { method, others, notice } => {
            let (label, hint) = match method {
                Method::Totp => (texts::TOTP_LABEL, texts::TOTP_HINT),
                Method::RecoveryCode => (texts::RECOVERY_LABEL, texts::RECOVERY_HINT),
                _ => (texts::CODE_LABEL, texts::CODE_HINT),
            };
            let step = StepView::Code {
                name,
                label,
                hint,
                numeric: *method == Method::Totp,
                others: ways(others),
            };
            (step, *notice)
        }
        Question::Key {
            method, others, notice, ..
        } => {
            let (hint, button) = match method {
                Method::SecurityKey => (texts::SECURITY_KEY_HINT, texts::USE_SECURITY_KEY),
                _ => (texts::PASSKEY_HINT, texts::USE_PASSKEY),
            };
            let step = StepView::Key {
                name,
                hint,
                button,
                others: ways(others),
            };
            (step, *notice)
        }
    }
}

fn ways(others: &[Method]) -> Vec<OtherMethod> {
    let way = |other: &Method| OtherMethod {
        word: other.as_str(),
        label: match other {
            Method::Totp => texts::TOTP_OTHER,
            Method::RecoveryCode => texts::RECOVERY_OTHER,
            Method::Passkey => texts::PASSKEY_OTHER,
            Method::SecurityKey => texts::SECURITY_KEY_OTHER,
            Method::Email => texts::CODE_OTHER,
        },
    };
    others.iter().map(way).collect()
}

fn sentence(notice: Notice) -> &'static str {
    match notice {
        Notice::CodeWrong => texts::CODE_WRONG,
        Notice::CodeReplayed => texts::CODE_REPLAYED,
        Notice::PasswordWrong => texts::PASSWORD_WRONG,
        Notice::NotOffered | Notice::NotApprovedYet | Notice::TooManyApprovals => texts::NOT_OFFERED,
        Notice::KeyRefused(error) => error.sentence(),
        Notice::KeyFailed(KeyTrouble::Cancelled) => texts::PASSKEY_CANCELLED,
        Notice::KeyFailed(KeyTrouble::Broken) => texts::PASSKEY_FAILED,
        Notice::KeyFailed(trouble) => trouble.sentence(),
    }
}
