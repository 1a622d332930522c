//! Why something was not administered. Nothing was changed.

use super::Field;
use crate::accounts::AccountError;
use crate::devices::DeviceError;
use crate::flows::FlowError;
use crate::flows::bind::BindError;
use crate::flows::bind_email::BindEmailError;
use crate::policy::rows::ApplyError;
use crate::store::StoreError;

/// A closed list.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// The role of whoever asks does not reach so far.
    #[error("your role does not allow this")]
    NotAllowed,
    /// Nobody administers their own account.
    #[error("nobody administers their own account; your own devices are at /security")]
    OnOneself,
    /// No such account, device, application or session.
    #[error("there is no such thing here any more")]
    NotFound,
    /// It would leave nobody who can put things right.
    #[error("this is the last account that may administer; make another owner first")]
    LastAdministrator,
    /// The word was not YES.
    #[error("type YES to confirm; nothing was changed")]
    NotConfirmed,
    /// A reason is missing, or it is too long.
    #[error("say why, in 1 to 200 characters")]
    Reason,
    /// A rescue of no time, or of too much.
    #[error("a rescue lasts from 5 minutes to 24 hours")]
    Span,
    /// A rescue for somebody whom a hard rule holds: no exception loosens that.
    #[error("a hard rule of the policy holds this account; no exception can loosen it")]
    HardRule,
    /// What was typed for a setting is nothing of its kind.
    #[error("`{}`: {why}", .field.key)]
    Value {
        /// The setting.
        field: &'static Field,
        /// What is wrong.
        why: String,
    },
    /// A value of a setting that the policy does not take.
    #[error("{0}")]
    Setting(String),
    /// Somebody else changed the policy since it was shown.
    #[error("the policy was not applied: it was changed by somebody else meanwhile; look again")]
    ChangedMeanwhile,
    /// The policy's text cannot be changed by a form without touching what was not asked for.
    #[error("the policy is written so that a form cannot change it; use `samekey policy apply`")]
    Document,
    /// The changed policy would lock out whoever could put it right, or is faulty.
    #[error("the policy was not applied: {0}")]
    Refused(String),
    /// The account's own rules.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The device's own rules.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The security e-mail's own rules.
    #[error(transparent)]
    Email(#[from] BindEmailError),
    /// Could not be decided.
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl AdministrationError {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed | Self::OnOneself => "denied_by_rule",
            Self::NotFound => "not_found",
            Self::LastAdministrator => "last_administrator",
            Self::NotConfirmed => "confirmation_required",
            Self::Reason | Self::Span => "invalid_request",
            Self::Value { .. }
            | Self::Setting(_)
            | Self::ChangedMeanwhile
            | Self::Document
            | Self::Refused(_)
            | Self::HardRule => "policy_refused",
            Self::Account(error) => error.code(),
            Self::Device(error) => error.code(),
            Self::Email(error) => error.code(),
            Self::Flow(_) => "store_unavailable",
        }
    }

    /// The failure that is ours, if it is.
    pub fn ours(self) -> Result<Self, FlowError> {
        match self {
            Self::Flow(error) | Self::Email(BindEmailError::Bind(BindError::Flow(error))) => Err(error),
            Self::Account(AccountError::Store(error)) | Self::Device(DeviceError::Store(error)) => Err(error.into()),
            told => Ok(told),
        }
    }
}

impl From<StoreError> for AdministrationError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

impl From<ApplyError> for AdministrationError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Store(error) => error.into(),
            ApplyError::Refused(report) => {
                let told = report.errors.iter().map(|problem| problem.message.as_str());
                Self::Refused(told.collect::<Vec<_>>().join("; "))
            }
        }
    }
}
