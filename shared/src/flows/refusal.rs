//! Why somebody is not let in, and why a machine could not decide.

use super::KeyTrouble;
use crate::challenges::ChallengeError;
use crate::clock::UnixTime;
use crate::entropy::EntropyError;
use crate::ids::RequestId;
use crate::methods::fido::KeyError;
use crate::store::StoreError;

/// The end of a machine that does not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Joins log, audit and pages.
    pub request: RequestId,
    /// The reason, of which a stranger learns only what [`RefusalCode::public`] tells.
    pub code: RefusalCode,
}

/// The closed list of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
    /// Three wrong answers in this machine; the last one was wrong.
    CodeWrong,
    /// The last answer was a code used before.
    CodeReplayed,
    /// User name and password do not belong together.
    PasswordWrong,
    /// Too many failures from here; the throttle opens again at this moment.
    TooManyAttempts {
        /// When.
        until: UnixTime,
    },
    /// A rule of the policy denies.
    DeniedByRule,
    /// No method that the policy accepts could ever reach the level it asks.
    NoMethodReachesLevel,
    /// A second factor must be bound first.
    EnrollmentRequired,
    /// The same, and nobody may bind one without a ticket from an administrator (Q8).
    EnrollmentTicketRequired,
    /// What is bound and accepted cannot be used at this door, but elsewhere.
    NotAtThisDoor,
    /// The last key's answer was refused, for this reason.
    KeyRefused(KeyError),
    /// The last key did not answer.
    KeyFailed(KeyTrouble),
    /// The person denied this login from elsewhere.
    ApprovalDenied,
    /// Another number was copied to the page than the prompt shows.
    ApprovalWrongNumber,
    /// Nobody approved this login in time.
    ApprovalExpired,
    /// Another login of the same account, from the same place, asked for approval after this one.
    ApprovalSuperseded,
    /// Too many approvals were asked for; another may be from this moment.
    TooManyApprovals {
        /// When.
        until: UnixTime,
    },
    /// Too many codes were sent to the security e-mail; there is no other way.
    TooManyCodes,
    /// This realm does not let in with a passkey alone, or has no relying party.
    PasskeySignInOff,
    /// The account is locked or disabled; told to nobody but the audit trail.
    AccountClosed,
    /// The web app insisted on a level that this person cannot reach (OpenID Connect, essential `acr`).
    LevelUnreachable,
    /// The person gave up.
    GaveUp,
    /// sshd answered for the person: it will refuse this login whatever we say.
    FakeAnswer,
    /// The sign-in took longer than it may.
    Expired,
    /// This very sign-in was completed before.
    AlreadyCompleted,
    /// This host's clock cannot be right.
    ClockUnsynchronised,
    /// The answer does not fit what was asked: a fault of the door, or somebody skipping a step.
    OutOfTurn,
}

impl RefusalCode {
    /// The stable code for audit and JSON (requirements.md, 3.1).
    pub fn code(self) -> &'static str {
        match self {
            Self::CodeWrong => "code_wrong",
            Self::CodeReplayed => "code_replayed",
            Self::PasswordWrong => "password_wrong",
            Self::TooManyAttempts { .. } | Self::TooManyCodes => "too_many_attempts",
            Self::DeniedByRule => "denied_by_rule",
            Self::NoMethodReachesLevel => "no_method_reaches_level",
            Self::EnrollmentRequired => "enrollment_required",
            Self::EnrollmentTicketRequired => "enrollment_ticket_required",
            Self::NotAtThisDoor => "not_at_this_door",
            Self::KeyRefused(error) => error.reason(),
            Self::KeyFailed(trouble) => trouble.reason(),
            Self::ApprovalDenied => "approval_denied",
            Self::ApprovalWrongNumber => "approval_wrong_number",
            Self::ApprovalExpired => "approval_expired",
            Self::ApprovalSuperseded => "approval_superseded",
            Self::TooManyApprovals { .. } => "too_many_approvals",
            Self::PasskeySignInOff => "method_not_allowed",
            Self::AccountClosed => "account_closed",
            Self::LevelUnreachable => "level_unreachable",
            Self::GaveUp => "gave_up",
            Self::FakeAnswer => "fake_answer",
            Self::Expired => "code_expired",
            Self::AlreadyCompleted => "already_completed",
            Self::ClockUnsynchronised => "clock_unsynchronised",
            Self::OutOfTurn => "out_of_turn",
        }
    }

    /// What a stranger may learn: a closed account looks like a wrong answer.
    #[must_use]
    pub fn public(self) -> Self {
        match self {
            Self::AccountClosed => Self::CodeWrong,
            other => other,
        }
    }
}

/// A machine could not decide. Nobody is let in on any of these.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The store did not do as asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The keyring cannot be read, or does not open what it sealed.
    #[error("the keyring does not serve: {0}")]
    Keys(String),
    /// The active policy cannot be read.
    #[error("the active policy does not serve: {0}")]
    Policy(String),
    /// A hash, a secret or a password could not be worked with.
    #[error("{0}")]
    Method(String),
}

impl From<ChallengeError> for FlowError {
    fn from(error: ChallengeError) -> Self {
        match error {
            ChallengeError::Store(error) => error.into(),
            ChallengeError::Entropy(error) => error.into(),
        }
    }
}
