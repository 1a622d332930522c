//! One table from how a call ended to the PAM return code, with the reason of each row.
//!
//! `PAM_SUCCESS` leaves this crate through [`success`] alone and `PAM_IGNORE` through [`ignore`] alone; a test of the
//! source holds that. A code that libpam or the application returned to us is never passed on: an application could
//! answer a prompt with 25, which is `PAM_IGNORE`.

use crate::agent::AgentError;
use crate::args::BadArgs;
use crate::conversation::ConversationError;
use pam::constants::PamResultCode;
use samekey_wire::{Outage, Reason, Verdict};
use std::fmt;

/// How a call ended.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A second factor was proven.
    Proven,
    /// The policy asks nothing of this login (S13: never success for somebody we did not verify).
    Exempt,
    /// The agent refused.
    Refused(Reason),
    /// The agent refused, and wants no more tries on this connection.
    TooMany,
    /// The agent could not decide.
    Undecided(Outage),
    /// Something failed before there was a decision.
    Failed(Failure),
}

/// A failure. No variant of it becomes success or "ignore".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The line in `pam.d` cannot be obeyed.
    Args(BadArgs),
    /// PAM does not say who logs in, or says it in bytes that are no UTF-8.
    Caller(&'static str),
    /// The application, or the person behind it, gave no usable answer.
    Conversation(ConversationError),
    /// The agent cannot be reached, is not who it should be, or talks nonsense.
    Agent(AgentError),
    /// PAM would not keep our mark.
    Mark,
    /// This phase is none of ours.
    Phase(&'static str),
    /// We panicked.
    Panicked,
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            // What the key proved is a factor as any other: the stack is told of a success, not of an omission.
            Verdict::Granted | Verdict::KeyShown => Self::Proven,
            Verdict::Exempt => Self::Exempt,
            Verdict::Refused { reason } => Self::Refused(reason),
            Verdict::TooMany => Self::TooMany,
            Verdict::Unavailable { outage } => Self::Undecided(outage),
        }
    }
}

impl<E: Into<Failure>> From<Result<Verdict, E>> for Outcome {
    fn from(ending: Result<Verdict, E>) -> Self {
        match ending {
            Ok(verdict) => verdict.into(),
            Err(failure) => Self::Failed(failure.into()),
        }
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        Self::Agent(error)
    }
}

impl From<ConversationError> for Failure {
    fn from(error: ConversationError) -> Self {
        Self::Conversation(error)
    }
}

impl From<BadArgs> for Failure {
    fn from(error: BadArgs) -> Self {
        Self::Args(error)
    }
}

impl Outcome {
    /// The PAM return code.
    pub fn code(&self) -> PamResultCode {
        match self {
            Self::Proven => success(Warrant::FactorProven),
            Self::Exempt => ignore(),
            Self::Refused(reason) => refusal(*reason),
            // sshd stops asking on this connection.
            Self::TooMany => PamResultCode::PAM_MAXTRIES,
            // A factor source that cannot be reached; never "ignore" (S2).
            Self::Undecided(_) => PamResultCode::PAM_AUTHINFO_UNAVAIL,
            Self::Failed(failure) => failure.code(),
        }
    }

    /// Whether the login may go on.
    pub fn lets_pass(&self) -> bool {
        matches!(self, Self::Proven | Self::Exempt)
    }
}

impl Failure {
    fn code(&self) -> PamResultCode {
        match self {
            // The administrator's mistake, not the person's.
            Self::Args(_) | Self::Phase(_) => PamResultCode::PAM_SERVICE_ERR,
            Self::Caller(_) | Self::Conversation(_) => PamResultCode::PAM_AUTH_ERR,
            Self::Agent(_) => PamResultCode::PAM_AUTHINFO_UNAVAIL,
            Self::Mark => PamResultCode::PAM_SYSTEM_ERR,
            Self::Panicked => PamResultCode::PAM_ABORT,
        }
    }
}

/// A wrong answer is an authentication error; "you may not" is a permission.
fn refusal(reason: Reason) -> PamResultCode {
    match reason {
        Reason::CodeWrong | Reason::CodeReplayed | Reason::Cancelled | Reason::FakeAnswer | Reason::NotApproved => {
            PamResultCode::PAM_AUTH_ERR
        }
        Reason::DeniedByRule
        | Reason::EnrollmentRequired
        | Reason::NoMethodReachesLevel
        | Reason::SecondFactorMissing
        | Reason::PeerRefused => PamResultCode::PAM_PERM_DENIED,
    }
}

/// Why a success may leave this crate.
#[derive(Debug, Clone, Copy)]
enum Warrant {
    /// The agent said that a factor was proven.
    FactorProven,
    /// `pam_setcred`: we set no credentials, and any other answer would end every login.
    NoCredentialsToSet,
}

/// What `pam_sm_setcred` answers; it decides nothing, libpam calls it only after an authentication that passed.
pub fn credentials() -> PamResultCode {
    success(Warrant::NoCredentialsToSet)
}

/// The only way to `PAM_SUCCESS`.
fn success(warrant: Warrant) -> PamResultCode {
    match warrant {
        Warrant::FactorProven | Warrant::NoCredentialsToSet => PamResultCode::PAM_SUCCESS,
    }
}

/// The only way to `PAM_IGNORE`.
fn ignore() -> PamResultCode {
    PamResultCode::PAM_IGNORE
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proven => f.write_str("second factor proven"),
            Self::Exempt => f.write_str("policy asks for no second factor"),
            Self::Refused(reason) => write!(f, "refused: {}", reason.code()),
            Self::TooMany => f.write_str("refused: too_many_attempts"),
            Self::Undecided(outage) => write!(
                f,
                "refused, the agent could not decide: {}; see the journal of samekey-agent",
                outage.code()
            ),
            Self::Failed(failure) => write!(f, "refused: {failure}"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Args(bad) => bad.fmt(f),
            Self::Caller(what) => f.write_str(what),
            Self::Conversation(error) => error.fmt(f),
            Self::Agent(error) => error.fmt(f),
            Self::Mark => f.write_str("libpam would not keep the module's mark (out of memory?)"),
            Self::Phase(phase) => write!(
                f,
                "this module has no {phase} phase: remove it from the {phase} lines in pam.d"
            ),
            Self::Panicked => f.write_str("the module failed; the line before names the place, please report it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::AgentError;
    use samekey_wire::FrameError;

    fn reasons() -> [Reason; 10] {
        [
            Reason::CodeWrong,
            Reason::CodeReplayed,
            Reason::Cancelled,
            Reason::DeniedByRule,
            Reason::EnrollmentRequired,
            Reason::NoMethodReachesLevel,
            Reason::SecondFactorMissing,
            Reason::PeerRefused,
            Reason::FakeAnswer,
            Reason::NotApproved,
        ]
    }

    #[test]
    fn only_proven_succeeds_and_only_exempt_ignores() {
        assert_eq!(Outcome::Proven.code(), PamResultCode::PAM_SUCCESS);
        assert_eq!(Outcome::Exempt.code(), PamResultCode::PAM_IGNORE);
        let mut others: Vec<Outcome> = reasons().into_iter().map(Outcome::Refused).collect();
        others.push(Outcome::TooMany);
        others.push(Outcome::Undecided(Outage::StoreUnavailable));
        for failure in [
            Failure::Args(crate::args::parse(&[c"x"]).unwrap_err()),
            Failure::Caller("no user"),
            Failure::Conversation(ConversationError::NoAnswer),
            Failure::Agent(AgentError::Frame(FrameError::Closed)),
            Failure::Mark,
            Failure::Phase("password"),
            Failure::Panicked,
        ] {
            others.push(Outcome::Failed(failure));
        }
        for outcome in others {
            assert!(!outcome.lets_pass());
            let code = outcome.code();
            assert!(
                code != PamResultCode::PAM_SUCCESS && code != PamResultCode::PAM_IGNORE,
                "{outcome}"
            );
        }
    }

    /// The codes appear once each in the whole crate's code, outside tests.
    #[test]
    fn each_easy_code_has_one_door() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for code in ["PamResultCode::PAM_SUCCESS", "PamResultCode::PAM_IGNORE"] {
            let mut doors = Vec::new();
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap();
                let code_part = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                doors.extend(code_part.matches(code).map(|_| path.clone()));
            }
            assert_eq!(doors.len(), 1, "{code}: {doors:?}");
            assert!(doors[0].ends_with("outcome.rs"));
        }
    }
}
