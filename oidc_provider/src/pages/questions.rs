//! What the machine asks, as the sign-in page shows it.

use super::flow::{Flow, Question, Stage};
use super::view::{Emphasis, OtherMethod, StepView};
use super::which::{self, Badge};
use crate::app::App;
use crate::http::cookies;
use axum::http::HeaderMap;
use samekey_shared::accounts::LoginName;
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::{KeyTrouble, Notice, SentCode, SignIn};
use samekey_shared::methods::Method;
use samekey_shared::policy::Settings;
use samekey_shared::texts::Texts;

/// The parts of the page that follow from the question.
pub(super) struct Shown {
    pub step: StepView,
    pub problem: Option<String>,
    /// Whether a passkey can be used here, and which way stands out.
    pub passkeys: Option<Emphasis>,
    /// After a ceremony that came to nothing the other way gets the focus (R92).
    pub other_way_first: bool,
}

pub(super) fn shown(app: &App, t: Texts, flow: &Flow, settings: Option<&Settings>, headers: &HeaderMap) -> Shown {
    let alone = app.passkeys.is_some() && settings.is_some_and(|settings| settings.passkey_sign_in);
    let emphasis = || match cookies::value(headers, cookies::LAST_USED) {
        Some(cookies::PASSKEY) => Emphasis::Passkey,
        _ => Emphasis::Password,
    };
    let (step, notice) = match &flow.stage {
        Stage::Asking { machine, question } => asked(app, t, machine, question),
        Stage::Name { typed, .. } => (StepView::Name { typed: typed.clone() }, None),
        Stage::Consent(_) | Stage::CheckDevices(_) | Stage::WeakPassword(_) | Stage::Refused(_) => {
            (StepView::Name { typed: String::new() }, None)
        }
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
        problem: missing
            .then(|| t.say("sign-in-name-missing"))
            .or_else(|| notice.map(|notice| sentence(t, notice))),
        step,
    }
}

/// The name in the one form that every other form of it means (R90, Q15). It is read, not looked up: nobody learns whether
/// it exists.
fn canonical(app: &App, typed: &str) -> String {
    LoginName::parse_typed(typed, &app.realm.names).map_or_else(|_| typed.to_owned(), |name| name.to_string())
}

fn asked(app: &App, t: Texts, machine: &SignIn, question: &Question) -> (StepView, Option<Notice>) {
    let name = canonical(app, machine.typed());
    match question {
        Question::Password(notice) => (StepView::Password { name }, *notice),
        Question::Code {
            method,
            others,
            notice,
            sent,
        } => {
            let (label, hint) = match method {
                Method::Email => (
                    t.say("mail-code-label"),
                    sent_to(t, sent.as_ref(), app.realm.clock.now()),
                ),
                Method::Totp => (t.say("sign-in-totp-label"), t.say("sign-in-totp-hint")),
                Method::RecoveryCode => (t.say("sign-in-recovery-label"), t.say("sign-in-recovery-hint")),
                _ => (t.say("sign-in-code-label"), t.say("sign-in-code-hint")),
            };
            let step = StepView::Code {
                name,
                label,
                hint,
                numeric: matches!(method, Method::Totp | Method::Email),
                others: ways(t, others),
                again: (*method == Method::Email).then(|| t.say("mail-code-again")),
            };
            (step, *notice)
        }
        // A page of its own shows it: see `pages::bind`.
        Question::Enrol(prompt) => (StepView::Name { typed: name }, prompt.notice),
        Question::Key {
            method, others, notice, ..
        } => {
            let (hint, button) = match method {
                Method::SecurityKey => (t.say("sign-in-security-key-hint"), t.say("sign-in-use-security-key")),
                _ => (t.say("sign-in-passkey-hint"), t.say("sign-in-use-passkey")),
            };
            let step = StepView::Key {
                name,
                hint,
                button,
                others: ways(t, others),
            };
            (step, *notice)
        }
    }
}

/// M14.
fn sent_to(t: Texts, sent: Option<&SentCode>, now: UnixTime) -> String {
    sent.map_or_else(String::new, |sent| {
        let minutes = sent.minutes_left(now).to_string();
        t.fill("mail-code-sent-to", [("to", sent.to.clone()), ("minutes", minutes)])
    })
}

fn ways(t: Texts, others: &[Method]) -> Vec<OtherMethod> {
    let way = |other: &Method| OtherMethod {
        word: other.as_str(),
        badge: Badge::of(t, *other),
        advice: which::advice(t, *other),
        label: match other {
            Method::Totp => t.say("sign-in-totp-other"),
            Method::RecoveryCode => t.say("sign-in-recovery-other"),
            Method::Passkey => t.say("sign-in-passkey-other"),
            Method::SecurityKey => t.say("sign-in-security-key-other"),
            Method::Email => t.say("mail-code-link"),
        },
    };
    others.iter().map(way).collect()
}

pub(super) fn sentence(t: Texts, notice: Notice) -> String {
    match notice {
        Notice::CodeWrong => t.say("sign-in-code-wrong"),
        Notice::CodeReplayed => t.say("sign-in-code-replayed"),
        Notice::PasswordWrong => t.say("sign-in-password-wrong"),
        Notice::CodeSent => t.say("mail-code-sent"),
        Notice::CodeNotYet => t.say("mail-code-not-yet"),
        Notice::CodeExpired => t.say("mail-code-expired"),
        Notice::NotOffered | Notice::NotApprovedYet | Notice::TooManyApprovals => t.say("sign-in-not-offered"),
        Notice::Binding(trouble) => t.say(trouble.text_key()),
        Notice::KeyRefused(error) => error.sentence(t),
        Notice::KeyFailed(KeyTrouble::Cancelled) => t.say("sign-in-passkey-cancelled"),
        Notice::KeyFailed(KeyTrouble::Broken) => t.say("sign-in-passkey-failed"),
        Notice::KeyFailed(trouble) => trouble.sentence(t),
    }
}
