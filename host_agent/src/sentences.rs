//! Every sentence that a person can see at the terminal. M-numbers are those of the message catalogue.
//!
//! A prompt carries everything that must be read, begins on a new line (the OpenSSH client puts `(user@host) ` in front
//! of the first one) and is plain ASCII (a client in the C locale shows anything else as octal escapes).

use samekey_agent::keys;
use samekey_shared::audit::utc;
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::{Notice, RefusalCode};
use samekey_shared::methods::Method;
use samekey_shared::texts::Texts;
use samekey_wire::key::Trouble;
use std::borrow::Cow;

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
pub fn key_prompt(remark: Option<Remark>) -> String {
    let remark = remark_line(remark, Method::SecurityKey);
    format!("{remark}\nSecurity key: press Enter, then touch it when it blinks (? for other ways): ")
}

/// Asks whether to try the key again: Enter is another method.
pub fn key_again_prompt(remark: Option<Remark>, other: Method) -> String {
    let (remark, other) = (remark_line(remark, Method::SecurityKey), method_name(other));
    format!("{remark}\nPress Enter to use another way ({other}), or type k to try the key again (? for all ways): ")
}

/// Asks for the key's PIN.
pub fn pin_prompt(tries: u32, remark: Option<Remark>) -> String {
    let remark = remark_line(remark, Method::SecurityKey);
    format!("{remark}\nPIN of the security key ({tries} tries left), or Enter for other ways: ")
}

/// The key waits.
pub fn touch_cue(model: &str) -> String {
    format!("Touch the security key now, it is waiting ({model}).")
}

/// Asks for a code of this method. Names no other method: `?` lists those that are bound, and is offered to everybody,
/// so that the prompt does not tell who has others.
pub fn code_prompt(method: Method, remark: Option<Remark>) -> String {
    let what = match method {
        Method::Totp => "Verification code (authenticator app)",
        Method::RecoveryCode => "Recovery code (XXXX-XXXX-XXXX-XXXX)",
        Method::Email => "Verification code (from your e-mail)",
        Method::Passkey | Method::SecurityKey => "Verification code",
    };
    let remark = remark_line(remark, method);
    format!("{remark}\n{what}, or ? for other methods: ")
}

/// What is said before a prompt comes again, on a line of its own.
pub fn remark_line(remark: Option<Remark>, method: Method) -> String {
    remark
        .map(|remark| format!("\n{}", sentence(remark, method)))
        .unwrap_or_default()
}

fn sentence(remark: Remark, method: Method) -> Cow<'static, str> {
    let text = match remark {
        Remark::Key(trouble, tries) => return keys::sentence(trouble, tries).into(),
        Remark::Notice(Notice::CodeReplayed) => code_replayed(method),
        Remark::Notice(Notice::CodeWrong | Notice::PasswordWrong) => code_wrong(method),
        Remark::Notice(Notice::CodeSent) => "We sent a code to your security e-mail.",
        Remark::Notice(Notice::CodeNotYet) => "A code was sent a moment ago. Wait a little before you ask for another.",
        Remark::Notice(Notice::CodeExpired) => "That code is no longer valid. Ask for another one.",
        Remark::Notice(Notice::NotOffered | Notice::Binding(_)) | Remark::NotOnTheList => "That is not on the list.",
        Remark::Notice(Notice::NotApprovedYet) => "Nobody has approved this login yet.",
        Remark::Notice(Notice::TooManyApprovals) => "Too many approvals were asked for lately. Use another method.",
        Remark::Notice(Notice::KeyRefused(error)) => return error.sentence(Texts::ENGLISH).into(),
        Remark::Notice(Notice::KeyFailed(trouble)) => return trouble.sentence(Texts::ENGLISH).into(),
        Remark::Nothing => "Nothing was typed.",
        Remark::BelongsInTheBrowser => "Code and number go into the browser. Press Enter here once it is approved.",
        Remark::NoQr => "The address is too long for a QR code here. Type it into your browser.",
        Remark::NoOthers => "There is no other method for this login.",
        Remark::NotAKey => "Nothing is typed for a key: it is touched.",
        Remark::NotAPin => "That cannot be a PIN: they have 4 to 63 characters.",
    };
    text.into()
}

/// M12, as far as it fits the method.
fn code_wrong(method: Method) -> &'static str {
    match method {
        Method::RecoveryCode => {
            "That code is not right. Each recovery code works once; use one that is not crossed out."
        }
        _ => "That code is not right. Check that your phone's clock is set automatically.",
    }
}

/// M13, as far as it fits the method.
fn code_replayed(method: Method) -> &'static str {
    match method {
        Method::RecoveryCode => "That code was used already. Take another one from your list.",
        _ => "That code was used already. Wait for the next one.",
    }
}

/// The list that `?` shows, numbered from 1.
pub fn list_prompt(others: &[Method]) -> String {
    let lines: Vec<String> = (1..)
        .zip(others)
        .map(|(number, method): (u32, _)| format!("  {number}  {}\n", method_name(*method)))
        .collect();
    format!(
        "\nOther methods:\n{}Type a number, or press Enter to go back: ",
        lines.concat()
    )
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::Passkey => "passkey",
        Method::SecurityKey => "security key",
        Method::Totp => "authenticator app",
        Method::Email => "code by e-mail",
        Method::RecoveryCode => "recovery code",
    }
}

/// Why somebody is not let in, where it helps them to know. A closed account, and a name that sshd answers for, see what a
/// wrong code sees.
pub fn refusal(code: RefusalCode, method: Method, contact: Option<&str>, now: UnixTime) -> Option<String> {
    let ask = whom_to_ask(contact);
    match code.public() {
        RefusalCode::CodeWrong | RefusalCode::FakeAnswer => Some(code_wrong(method).to_owned()),
        RefusalCode::CodeReplayed => Some(code_replayed(method).to_owned()),
        RefusalCode::TooManyAttempts { until } => {
            let minutes = minutes(until, now);
            Some(format!("Too many wrong codes. Try again in {minutes} min, or {ask}."))
        }
        RefusalCode::DeniedByRule => Some(format!("This login is not allowed. If it should be, {ask}.")),
        RefusalCode::NoMethodReachesLevel => Some(format!(
            "None of your devices is accepted for this login. To bind another one, {ask}."
        )),
        RefusalCode::NotAtThisDoor => Some(format!(
            "Your devices cannot be used for this login. Bind an authenticator app too, or {ask}."
        )),
        RefusalCode::TooManyApprovals { until } => {
            let minutes = minutes(until, now);
            Some(format!(
                "Too many approvals were asked for. Try again in {minutes} min, or {ask}."
            ))
        }
        RefusalCode::ApprovalDenied => Some("This login was denied in the browser.".to_owned()),
        RefusalCode::ApprovalWrongNumber => {
            Some("Another number was typed in the browser than this login showed. Log in again.".to_owned())
        }
        RefusalCode::ApprovalExpired => Some("Nobody approved this login in time. Log in again.".to_owned()),
        RefusalCode::ApprovalSuperseded => {
            Some("Another login from the same place asked for approval after this one.".to_owned())
        }
        RefusalCode::KeyRefused(error) => Some(error.sentence(Texts::ENGLISH)),
        RefusalCode::KeyFailed(trouble) => Some(trouble.sentence(Texts::ENGLISH)),
        RefusalCode::EnrollmentRequired => Some(format!(
            "A second factor is required, and you have not bound one yet. To bind one, {ask}."
        )),
        RefusalCode::ClockUnsynchronised => Some(format!("This host's clock is wrong; no code can be checked. {ask}.")),
        _ => None,
    }
}

fn minutes(until: UnixTime, now: UnixTime) -> i64 {
    (until - now).max(1).saturating_add(59) / 60
}

/// M04: what is optional today becomes necessary.
pub fn nag(until: UnixTime, now: UnixTime) -> String {
    let days = (until - now).max(0) / 86_400;
    let date = utc::text(until);
    let date = date.split('T').next().unwrap_or_default();
    format!("You have not bound a second factor yet. It becomes necessary on {date} ({days} days).")
}

/// The tripwire's answer. sshd shows it as a banner.
pub fn tripwire(contact: Option<&str>) -> String {
    format!(
        "A second factor is required; your login did not pass it. \
         Use a client that can answer questions (keyboard-interactive), or {}.",
        whom_to_ask(contact)
    )
}

fn whom_to_ask(contact: Option<&str>) -> String {
    match contact {
        Some(contact) => format!("contact {contact}"),
        None => "ask your administrator".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_begins_on_a_new_line_and_is_ascii() {
        for method in Method::ALL {
            for remark in [None, Some(Remark::Nothing), Some(Remark::Notice(Notice::CodeReplayed))] {
                let text = code_prompt(method, remark);
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
            code_prompt(Method::Totp, None),
            "\nVerification code (authenticator app), or ? for other methods: "
        );
        assert_eq!(
            code_prompt(Method::Totp, Some(Remark::Notice(Notice::CodeWrong))),
            "\nThat code is not right. Check that your phone's clock is set automatically.\
             \nVerification code (authenticator app), or ? for other methods: "
        );
        assert_eq!(
            list_prompt(&[Method::RecoveryCode]),
            "\nOther methods:\n  1  recovery code\nType a number, or press Enter to go back: "
        );
    }

    #[test]
    fn prompts_for_a_key_say_what_to_do_before_it_blinks() {
        let trouble = Some(Remark::Key(Trouble::NotTouched, None));
        for text in [
            key_prompt(None),
            key_prompt(trouble),
            key_again_prompt(trouble, Method::Totp),
            pin_prompt(8, Some(Remark::Key(Trouble::PinWrong, None))),
        ] {
            assert!(
                text.starts_with('\n') && text.is_ascii() && text.ends_with(": "),
                "{text}"
            );
        }
        assert_eq!(
            key_prompt(None),
            "\nSecurity key: press Enter, then touch it when it blinks (? for other ways): "
        );
        assert_eq!(
            key_again_prompt(trouble, Method::Totp),
            "\nNobody touched the key in time.\nPress Enter to use another way (authenticator app), or type k to try the key \
             again (? for all ways): "
        );
    }

    #[test]
    fn a_closed_account_reads_like_a_wrong_code() {
        let said = |code| refusal(code, Method::Totp, None, 0);
        assert_eq!(said(RefusalCode::AccountClosed), said(RefusalCode::CodeWrong));
    }

    #[test]
    fn times_are_told_in_whole_minutes_and_days() {
        let locked = refusal(
            RefusalCode::TooManyAttempts { until: 961 },
            Method::Totp,
            Some("helpdesk"),
            0,
        );
        assert_eq!(
            locked.unwrap(),
            "Too many wrong codes. Try again in 17 min, or contact helpdesk."
        );
        let text = nag(1_800_000_000, 1_800_000_000 - 3 * 86_400);
        assert!(text.contains("2027-01-15 (3 days)"), "{text}");
    }
}
