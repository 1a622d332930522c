//! The messages: closed types, unknown fields and variants refused.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest answer in bytes that a module passes on; what is longer is no code and no choice.
pub const MAX_ANSWER: usize = 512;

/// Longest text in bytes that an agent may ask a module to show.
pub const MAX_TEXT: usize = 8 * 1024;

/// What the module says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FromModule {
    /// Opens the conversation; always the first message, and only once.
    Start(Box<Start>),
    /// The answer to the last prompt.
    Answer(Answer),
    /// The person, or the application, gave up. Nothing follows.
    Cancel,
}

impl FromModule {
    /// Overwrites what was typed, once it has been sent.
    pub fn wipe(&mut self) {
        if let Self::Answer(Answer::Text(text)) = self {
            crate::frame::wipe_text(text);
        }
    }
}

/// Which PAM phase asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// `pam_authenticate`: ask the person.
    Authenticate,
    /// `pam_acct_mgmt` without a trace of our own authentication: may this login go on? Never prompts.
    Account,
    /// No phase: root asks whether this login was proven in the last hour. Never prompts, lets nobody in. Told first is
    /// an information, the moment of the proof in Unix seconds.
    Proof,
    /// No phase: sshd asks, through `samekey ssh-keys`, which keys this user may come with. Never prompts, lets nobody in. Told
    /// first are informations, a line of `authorized_keys` each.
    SshKeys,
}

/// Everything PAM knows about the login. What an unprivileged caller says here is a claim, not a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Which phase asks.
    pub call: Call,
    /// `PAM_SERVICE`, for example `sshd`.
    pub service: String,
    /// `PAM_USER`: whose factor is asked for.
    pub user: String,
    /// `PAM_TTY`.
    pub tty: Option<String>,
    /// `PAM_RHOST`: address or name of the remote machine; absent for a local login.
    pub rhost: Option<String>,
    /// `PAM_RUSER`: who asks, where the application says so (sudo, su).
    pub ruser: Option<String>,
    /// Real user id of the process the module runs in.
    pub uid: u32,
    /// `PAM_SILENT` was set.
    pub silent: bool,
    /// sshd's `SSH_CONNECTION`: client address and port, server address and port.
    pub ssh_connection: Option<String>,
    /// sshd's `SSH_AUTH_INFO_0`: the authentication methods completed so far, one a line.
    pub auth_info: Option<String>,
    /// `PAM_AUTHTOK` is set: a module before this one asked for a password. The password itself never travels.
    pub had_password: bool,
    /// The locale (`zh_CN.UTF-8`) in which to speak, where it is known and not English: it chooses words, and decides nothing.
    /// It is left out otherwise, so that an agent of before, which refuses fields it does not know, goes on letting people in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// What came back from the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// What was typed, at most [`MAX_ANSWER`] bytes.
    Text(String),
    /// sshd's stand-in (`\b\n\r\177INCORRECT…`) for root and unknown users; nobody typed it, so it never counts.
    Fake,
}

impl fmt::Debug for Answer {
    /// Says what kind it is, never what was typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text([secret])",
            Self::Fake => "Fake",
        })
    }
}

/// What the agent says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FromAgent {
    /// Show the text and send back one [`Answer`].
    Prompt {
        /// What to show, at most [`MAX_TEXT`] bytes.
        text: String,
        /// Whether typing is visible.
        echo: Echo,
    },
    /// Show the text, expect no answer.
    Info {
        /// What to show.
        text: String,
    },
    /// Show the text as an error, expect no answer.
    Error {
        /// What to show.
        text: String,
    },
    /// The end. Nothing follows.
    Verdict(Verdict),
}

/// Whether the person sees what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Echo {
    /// Visible. Codes are asked so: sshd's password authentication cannot answer such a prompt with the password.
    On,
    /// Hidden.
    Off,
}

/// How the conversation ended.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Verdict {
    /// A second factor of this account was proven in this conversation (or, for [`Call::Account`], on this connection).
    Granted,
    /// The SSH key that opened this very login is its second factor: nothing was asked. Said only of a login at which sshd
    /// told the module of a key in an authenticator.
    KeyShown,
    /// The policy asks nothing of this login. Never said of somebody who had to prove something.
    Exempt,
    /// No.
    Refused {
        /// Why.
        reason: Reason,
    },
    /// No, and the application should not ask again.
    TooMany,
    /// No, because nobody could decide.
    Unavailable {
        /// What failed.
        outage: Outage,
    },
}

/// Why a login was refused. The names are the stable codes of the log and the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The code was wrong, or was no code.
    CodeWrong,
    /// The code was right and had been used already.
    CodeReplayed,
    /// The person gave up.
    Cancelled,
    /// A policy rule, or the account's state, denies this login.
    DeniedByRule,
    /// A device must be bound first, and not here.
    EnrollmentRequired,
    /// No bound device reaches the level asked for.
    NoMethodReachesLevel,
    /// The login never passed our authentication (the account phase's tripwire).
    SecondFactorMissing,
    /// This caller may not speak for this user.
    PeerRefused,
    /// The application answered its prompts without a person.
    FakeAnswer,
    /// The person denied the login from elsewhere, or did not approve it in time.
    NotApproved,
}

impl Reason {
    /// The stable code, as the log shows it.
    pub fn code(self) -> &'static str {
        match self {
            Self::CodeWrong => "code_wrong",
            Self::CodeReplayed => "code_replayed",
            Self::Cancelled => "cancelled",
            Self::DeniedByRule => "denied_by_rule",
            Self::EnrollmentRequired => "enrollment_required",
            Self::NoMethodReachesLevel => "no_method_reaches_level",
            Self::SecondFactorMissing => "second_factor_missing",
            Self::PeerRefused => "peer_refused",
            Self::FakeAnswer => "fake_answer",
            Self::NotApproved => "not_approved",
        }
    }
}

/// What kept the agent from deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outage {
    /// The store cannot be read or written, or the policy in it cannot be used.
    StoreUnavailable,
    /// This host's clock cannot be right, so no code can be checked.
    ClockUnsynchronised,
    /// The agent holds as many conversations as it may.
    Busy,
    /// The module's request made no sense to the agent.
    BadRequest,
    /// The conversation's time ran out.
    TimedOut,
    /// Anything else; the agent's log names it.
    Internal,
}

impl Outage {
    /// The stable code, as the log shows it.
    pub fn code(self) -> &'static str {
        match self {
            Self::StoreUnavailable => "store_unavailable",
            Self::ClockUnsynchronised => "clock_unsynchronised",
            Self::Busy => "busy",
            Self::BadRequest => "bad_request",
            Self::TimedOut => "timed_out",
            Self::Internal => "internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_never_prints_what_was_typed() {
        let shown = format!("{:?}", FromModule::Answer(Answer::Text("492817".into())));
        assert!(!shown.contains("492817"), "{shown}");
    }

    #[test]
    fn codes_are_what_travels() {
        for reason in [
            Reason::CodeWrong,
            Reason::SecondFactorMissing,
            Reason::NoMethodReachesLevel,
        ] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
        for outage in [Outage::StoreUnavailable, Outage::Busy, Outage::BadRequest] {
            assert_eq!(serde_json::to_value(outage).unwrap(), outage.code());
        }
    }
}
