//! Prompts over the application's conversation function, whatever that function does.
//!
//! sshd before 10.3 glues TEXT_INFO in front of the next prompt, newer ones send it at once, and some clients choke on it:
//! so whatever a person must read is inside the prompt. Codes are asked with echo on: sshd answers every hidden prompt
//! with the login password when PasswordAuthentication is on.

use pam::constants::{PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_TEXT_INFO};
use pam::conv::Conv;
use pam::module::PamHandle;
use samekey_wire::message::MAX_ANSWER;
use samekey_wire::{Answer, Echo};
use std::fmt;

/// First byte of what sshd answers in place of root (when root may not log in) and of unknown users:
/// `\b\n\r\177INCORRECT`, repeated to the length of what was typed.
const FAKE: u8 = 0x08;

/// No usable answer. No variant becomes success or "ignore".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationError {
    /// The application has no conversation function.
    None,
    /// The function failed: the person gave up, or the application cannot ask.
    Failed,
    /// The function succeeded and gave nothing.
    NoAnswer,
    /// An answer longer than any code.
    TooLong(usize),
    /// An answer that is no UTF-8.
    NotText,
}

impl fmt::Display for ConversationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("the application cannot ask questions"),
            Self::Failed => f.write_str(
                "the prompt was not answered (given up, or the application cannot show it; \
                 in sshd_config set KbdInteractiveAuthentication yes and PasswordAuthentication no)",
            ),
            Self::NoAnswer => f.write_str("the application answered the prompt with nothing"),
            Self::TooLong(length) => write!(f, "an answer of {length} bytes, {MAX_ANSWER} are the most"),
            Self::NotText => f.write_str("an answer that is not UTF-8"),
        }
    }
}

impl std::error::Error for ConversationError {}

/// Asks and tells; over PAM in the module, scripted in tests.
pub trait Conversation {
    /// Shows a prompt and waits for the answer.
    fn ask(&self, text: &str, echo: Echo) -> Result<Answer, ConversationError>;
    /// Shows a text. Whether it was seen is unknown: some applications fail here, or answer with nothing.
    fn tell(&self, text: &str);
    /// Shows an error. As [`Conversation::tell`].
    fn complain(&self, text: &str);
}

/// The application's own conversation function.
pub struct OverPam<'a> {
    handle: &'a PamHandle,
    silent: bool,
}

impl<'a> OverPam<'a> {
    /// Talks through this handle; `silent` (PAM_SILENT) keeps back plain information. What explains a refusal is shown
    /// all the same: sudo always sets the flag, and would leave the person without a reason.
    pub fn new(handle: &'a PamHandle, silent: bool) -> Self {
        Self { handle, silent }
    }

    /// Shows a text and ignores what comes of it: an info may legally be answered with no response at all.
    fn show(&self, style: i32, text: &str) {
        if let Ok(Some(conv)) = self.handle.get_item::<Conv>() {
            let _ = conv.send(style, &presentable(text));
        }
    }
}

impl Conversation for OverPam<'_> {
    fn ask(&self, text: &str, echo: Echo) -> Result<Answer, ConversationError> {
        let style = match echo {
            Echo::On => PAM_PROMPT_ECHO_ON,
            Echo::Off => PAM_PROMPT_ECHO_OFF,
        };
        let Ok(Some(conv)) = self.handle.get_item::<Conv>() else {
            return Err(ConversationError::None);
        };
        match conv.send(style, &presentable(text)) {
            Ok(Some(typed)) => understand(typed.as_bytes()),
            Ok(None) => Err(ConversationError::NoAnswer),
            // The application's own code stays here: it might be the number of success or "ignore".
            Err(_) => Err(ConversationError::Failed),
        }
    }

    fn tell(&self, text: &str) {
        if !self.silent {
            self.show(PAM_TEXT_INFO, text);
        }
    }

    fn complain(&self, text: &str) {
        self.show(PAM_ERROR_MSG, text);
    }
}

/// Sorts what came back.
fn understand(typed: &[u8]) -> Result<Answer, ConversationError> {
    if typed.first() == Some(&FAKE) {
        return Ok(Answer::Fake);
    }
    if typed.len() > MAX_ANSWER {
        return Err(ConversationError::TooLong(typed.len()));
    }
    match std::str::from_utf8(typed) {
        Ok(text) => Ok(Answer::Text(text.to_owned())),
        Err(_) => Err(ConversationError::NotText),
    }
}

/// Only newlines of all control characters reach a terminal: no text may move its cursor or colour it (S14).
fn presentable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { '?' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sshds_stand_in_is_recognised_at_any_length() {
        let fake = b"\x08\n\r\x7fINCORRECT\x08\n\r\x7fINCORRECT";
        for length in 1..fake.len() {
            assert_eq!(understand(&fake[..length]), Ok(Answer::Fake));
        }
    }

    #[test]
    fn answers_are_sorted() {
        assert_eq!(understand(b""), Ok(Answer::Text(String::new())));
        assert_eq!(understand(b"123 456"), Ok(Answer::Text("123 456".into())));
        assert_eq!(understand(b"\xff\xfe"), Err(ConversationError::NotText));
        assert_eq!(
            understand(&vec![b'1'; 1 << 20]),
            Err(ConversationError::TooLong(1 << 20))
        );
        assert!(understand(&[b'1'; MAX_ANSWER]).is_ok());
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(presentable("\na\u{1b}[31mb\rc\0d\u{9b}é"), "\na?[31mb?c?d?é");
    }
}
