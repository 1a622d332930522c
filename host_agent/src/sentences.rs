//! Every sentence that a person can see at the terminal. M-numbers are those of the message catalogue.
//!
//! A prompt carries everything that must be read, begins on a new line (the OpenSSH client puts `(user@host) ` in front
//! of the first one) and is, in English, plain ASCII (a client in the C locale shows anything else as octal escapes).

use samekey_agent::keys;
use samekey_shared::audit::utc;
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::{Notice, RefusalCode};
use samekey_shared::methods::Method;
use samekey_shared::texts::Texts;
use samekey_wire::key::Trouble;

/// What was typed, where it was neither a code nor a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// From the machine.
    Notice(Notice),
    /// Only Enter.
    Nothing,
    /// `?`, and there is no other method.
    NoOthers,
    /// A number that is not on the list.
    NotOnTheList,
    /// Something typed where an approval is waited for.
    BelongsInTheBrowser,
    /// A QR code asked for that would not fit.
    NoQr,
    /// A text, where only Enter and a touch were asked.
    NotAKey,
    /// What no key could have as its PIN.
    NotAPin,
    /// The key that is plugged in did not do; with the tries of its PIN that are left.
    Key(Trouble, Option<u32>),
}

/// Asks for the security key. Everything that must be known is said before the touch: what is said later may be shown late.
pub fn key_prompt(t: Texts, remark: Option<Remark>) -> String {
    let remark = remark_line(t, remark, Method::SecurityKey);
    format!("{remark}\n{}: ", t.say("terminal-key-prompt"))
}

/// Asks whether to try the key again: Enter is another method.
pub fn key_again_prompt(t: Texts, remark: Option<Remark>, other: Method) -> String {
    let remark = remark_line(t, remark, Method::SecurityKey);
    let question = t.with("terminal-key-again", "other", method_name(t, other));
    format!("{remark}\n{question}: ")
}

/// Asks for the key's PIN.
pub fn pin_prompt(t: Texts, tries: u32, remark: Option<Remark>) -> String {
    let remark = remark_line(t, remark, Method::SecurityKey);
    format!("{remark}\n{}: ", t.with("terminal-pin", "tries", tries))
}

/// The key waits.
pub fn touch_cue(t: Texts, model: &str) -> String {
    t.with("terminal-touch", "model", model)
}

/// Asks for a code of this method. Names no other method: `?` lists those that are bound, and is offered to everybody,
/// so that the prompt does not tell who has others.
pub fn code_prompt(t: Texts, method: Method, remark: Option<Remark>) -> String {
    let what = match method {
        Method::Totp => t.say("terminal-totp"),
        Method::RecoveryCode => t.say("terminal-recovery"),
        Method::Email => t.say("terminal-email"),
        Method::Passkey | Method::SecurityKey => t.say("terminal-code"),
    };
    let remark = remark_line(t, remark, method);
    format!("{remark}\n{what}: ")
}

/// What is said before a prompt comes again, on a line of its own.
pub fn remark_line(t: Texts, remark: Option<Remark>, method: Method) -> String {
    remark
        .map(|remark| format!("\n{}", sentence(t, remark, method)))
        .unwrap_or_default()
}

fn sentence(t: Texts, remark: Remark, method: Method) -> String {
    match remark {
        Remark::Key(trouble, tries) => keys::sentence(t, trouble, tries),
        Remark::Notice(Notice::CodeReplayed) => code_replayed(t, method),
        Remark::Notice(Notice::CodeWrong | Notice::PasswordWrong) => code_wrong(t, method),
        Remark::Notice(Notice::CodeSent) => t.say("mail-code-sent"),
        Remark::Notice(Notice::CodeNotYet) => t.say("mail-code-not-yet"),
        Remark::Notice(Notice::CodeExpired) => t.say("mail-code-expired"),
        Remark::Notice(Notice::NotOffered | Notice::Binding(_)) | Remark::NotOnTheList => {
            t.say("terminal-not-on-the-list")
        }
        Remark::Notice(Notice::NotApprovedYet) => t.say("terminal-not-approved-yet"),
        Remark::Notice(Notice::TooManyApprovals) => t.say("terminal-too-many-approvals"),
        Remark::Notice(Notice::KeyRefused(error)) => error.sentence(t),
        Remark::Notice(Notice::KeyFailed(trouble)) => trouble.sentence(t),
        Remark::Nothing => t.say("terminal-nothing"),
        Remark::BelongsInTheBrowser => t.say("terminal-belongs-in-the-browser"),
        Remark::NoQr => t.say("terminal-no-qr"),
        Remark::NoOthers => t.say("terminal-no-others"),
        Remark::NotAKey => t.say("terminal-not-a-key"),
        Remark::NotAPin => t.say("terminal-not-a-pin"),
    }
}

/// M12, as far as it fits the method.
fn code_wrong(t: Texts, method: Method) -> String {
    match method {
        Method::RecoveryCode => t.say("terminal-recovery-wrong"),
        _ => t.say("terminal-code-wrong"),
    }
}

/// M13, as far as it fits the method.
fn code_replayed(t: Texts, method: Method) -> String {
    match method {
        Method::RecoveryCode => t.say("terminal-recovery-replayed"),
        _ => t.say("terminal-code-replayed"),
    }
}

/// The list that `?` shows, numbered from 1.
pub fn list_prompt(t: Texts, others: &[Method]) -> String {
    let lines: Vec<String> = (1..)
        .zip(others)
        .map(|(number, method): (u32, _)| format!("  {number}  {}\n", method_name(t, *method)))
        .collect();
    let (head, ask) = (t.say("terminal-others"), t.say("terminal-type-a-number"));
    format!("\n{head}\n{}{ask}: ", lines.concat())
}

fn method_name(t: Texts, method: Method) -> String {
    match method {
        Method::Passkey => t.say("terminal-method-passkey"),
        Method::SecurityKey => t.say("terminal-method-security-key"),
        Method::Totp => t.say("terminal-method-totp"),
        Method::Email => t.say("terminal-method-email"),
        Method::RecoveryCode => t.say("terminal-method-recovery-code"),
    }
}

/// Why somebody is not let in, where it helps them to know. A closed account, and a name that sshd answers for, see what a
/// wrong code sees.
pub fn refusal(t: Texts, code: RefusalCode, method: Method, contact: Option<&str>, now: UnixTime) -> Option<String> {
    let ask = whom_to_ask(t, contact);
    let with = |key: &str| Some(t.with(key, "ask", &ask));
    let later = |key: &str, until| {
        let minutes = minutes(until, now).to_string();
        Some(t.fill(key, [("minutes", minutes.as_str()), ("ask", ask.as_str())]))
    };
    match code.public() {
        RefusalCode::CodeWrong | RefusalCode::FakeAnswer => Some(code_wrong(t, method)),
        RefusalCode::CodeReplayed => Some(code_replayed(t, method)),
        RefusalCode::TooManyAttempts { until } => later("terminal-too-many", until),
        RefusalCode::TooManyApprovals { until } => later("terminal-too-many-approvals-until", until),
        RefusalCode::DeniedByRule => with("terminal-denied"),
        RefusalCode::NoMethodReachesLevel => with("terminal-no-method"),
        RefusalCode::NotAtThisDoor => with("terminal-not-at-this-door"),
        RefusalCode::EnrollmentRequired => with("terminal-enrollment-required"),
        RefusalCode::EnrollmentTicketRequired => with("bind-terminal-ticket-needed"),
        RefusalCode::ClockUnsynchronised => with("terminal-clock"),
        RefusalCode::ApprovalDenied => Some(t.say("terminal-approval-denied")),
        RefusalCode::ApprovalWrongNumber => Some(t.say("terminal-approval-wrong-number")),
        RefusalCode::ApprovalExpired => Some(t.say("terminal-approval-expired")),
        RefusalCode::ApprovalSuperseded => Some(t.say("terminal-approval-superseded")),
        RefusalCode::KeyRefused(error) => Some(error.sentence(t)),
        RefusalCode::KeyFailed(trouble) => Some(trouble.sentence(t)),
        _ => None,
    }
}

fn minutes(until: UnixTime, now: UnixTime) -> i64 {
    (until - now).max(1).saturating_add(59) / 60
}

/// What the operator announces, without anything that moves a cursor.
pub fn announcement(text: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(plain).collect()
}

/// M04: what is optional today becomes necessary.
pub fn nag(t: Texts, until: UnixTime, now: UnixTime) -> String {
    let days = ((until - now).max(0) / 86_400).to_string();
    let date = utc::text(until);
    let date = date.split('T').next().unwrap_or_default();
    t.fill("terminal-nag", [("date", date), ("days", days.as_str())])
}

/// The tripwire's answer. sshd shows it as a banner.
pub fn tripwire(t: Texts, contact: Option<&str>) -> String {
    t.with("terminal-tripwire", "ask", whom_to_ask(t, contact))
}

fn whom_to_ask(t: Texts, contact: Option<&str>) -> String {
    match contact {
        Some(contact) => t.with("terminal-ask-contact", "contact", contact),
        None => t.say("terminal-ask-administrator"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::texts::Language;

    const T: Texts = Texts::ENGLISH;

    #[test]
    fn a_prompt_begins_on_a_new_line_and_is_ascii() {
        for method in Method::ALL {
            for remark in [None, Some(Remark::Nothing), Some(Remark::Notice(Notice::CodeReplayed))] {
                let text = code_prompt(T, method, remark);
                assert!(
                    text.starts_with('\n') && text.is_ascii() && text.ends_with(": "),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn the_prompts_read_as_documented() {
        assert_eq!(
            code_prompt(T, Method::Totp, None),
            "\nVerification code (authenticator app), or ? for other methods: "
        );
        assert_eq!(
            code_prompt(T, Method::Totp, Some(Remark::Notice(Notice::CodeWrong))),
            "\nThat code is not right. Check that your phone's clock is set automatically.\
             \nVerification code (authenticator app), or ? for other methods: "
        );
        assert_eq!(
            list_prompt(T, &[Method::RecoveryCode]),
            "\nOther methods:\n  1  recovery code\nType a number, or press Enter to go back: "
        );
    }

    #[test]
    fn prompts_for_a_key_say_what_to_do_before_it_blinks() {
        let trouble = Some(Remark::Key(Trouble::NotTouched, None));
        for text in [
            key_prompt(T, None),
            key_prompt(T, trouble),
            key_again_prompt(T, trouble, Method::Totp),
            pin_prompt(T, 8, Some(Remark::Key(Trouble::PinWrong, None))),
        ] {
            assert!(
                text.starts_with('\n') && text.is_ascii() && text.ends_with(": "),
                "{text}"
            );
        }
        assert_eq!(
            key_prompt(T, None),
            "\nSecurity key: press Enter, then touch it when it blinks (? for other ways): "
        );
        assert_eq!(
            key_again_prompt(T, trouble, Method::Totp),
            "\nNobody touched the key in time.\nPress Enter to use another way (authenticator app), or type k to try the key \
             again (? for all ways): "
        );
    }

    #[test]
    fn a_closed_account_reads_like_a_wrong_code() {
        let said = |code| refusal(T, code, Method::Totp, None, 0);
        assert_eq!(said(RefusalCode::AccountClosed), said(RefusalCode::CodeWrong));
    }

    #[test]
    fn times_are_told_in_whole_minutes_and_days() {
        let locked = refusal(
            T,
            RefusalCode::TooManyAttempts { until: 961 },
            Method::Totp,
            Some("helpdesk"),
            0,
        );
        assert_eq!(
            locked.unwrap(),
            "Too many wrong codes. Try again in 17 min, or contact helpdesk."
        );
        let text = nag(T, 1_800_000_000, 1_800_000_000 - 3 * 86_400);
        assert!(text.contains("2027-01-15 (3 days)"), "{text}");
    }

    #[test]
    fn every_language_asks_within_what_every_application_shows() {
        let remark = Some(Remark::Notice(Notice::CodeWrong));
        for language in Language::ALL {
            let t = Texts::from(*language);
            for method in Method::ALL {
                let text = code_prompt(t, method, remark);
                assert!(text.starts_with('\n') && text.ends_with(": "), "{text}");
                assert!(text.len() < 512, "{}: PAM_MAX_MSG_SIZE", text.len());
            }
            assert!(list_prompt(t, &Method::ALL).len() < 512);
        }
        let chinese = Texts::from(Language::SimplifiedChinese);
        assert!(code_prompt(chinese, Method::Totp, None).contains("验证码"));
    }
}
