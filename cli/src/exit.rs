//! The documented exit codes ([`CODES`]), and the failure that carries one together with its words.
//!
//! `policy explain` answers with its decision: 0 allow, 10 challenge, 11 enrol, 12 nag, 20 deny.
//! `status` answers as a monitoring check: 0 fine, 1 warning, 2 critical, 3 unknown.

use samekey_shared::entropy::EntropyError;
use samekey_shared::store::StoreError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or already as asked.
    Done,
    /// Failed for a reason of the machine.
    Failed,
    /// The command line is wrong.
    Usage,
    /// What was named does not exist.
    NotFound,
    /// Refused by policy or by a check.
    Refused,
    /// Would lock somebody out.
    LocksOut,
    /// Store, keyring or configuration cannot be used.
    Unavailable,
    /// A limit or a conflict.
    Conflict,
    /// A verdict with a number of its own (`policy explain`, `status`).
    Verdict(u8),
}

/// The documented codes, as the book prints them.
pub const CODES: [(Exit, &str); 8] = [
    (Exit::Done, "done, or already as asked"),
    (Exit::Failed, "failed"),
    (
        Exit::Usage,
        "usage: an argument is wrong, or an answer is needed and there is no terminal",
    ),
    (Exit::NotFound, "what was named does not exist"),
    (Exit::Refused, "refused by policy or by a check"),
    (Exit::LocksOut, "would lock somebody out; `--force` where that is meant"),
    (Exit::Unavailable, "the store, keyring or configuration cannot be used"),
    (Exit::Conflict, "a limit is reached, or it conflicts with what is there"),
];

impl Exit {
    /// The number that the process ends with.
    pub fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::LocksOut => 5,
            Self::Unavailable => 6,
            Self::Conflict => 7,
            Self::Verdict(number) => number,
        }
    }
}

/// Why a command did not do as asked: for the eye, for a program, and for the shell.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The stable code of requirements 3.1 (`not_found`, `name_taken`, …).
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with this exit code, stable code and sentence.
    pub fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit,
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// The same with a sentence on what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The command line is wrong, or needs an answer that nobody is there to give.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// What was named does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, "not_found", message)
    }

    /// Something of the machine failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, "failed", message)
    }

    /// A file cannot be read or written.
    pub fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let exit = if error.kind() == std::io::ErrorKind::NotFound {
            Exit::NotFound
        } else {
            Exit::Failed
        };
        let code = if exit == Exit::NotFound { "not_found" } else { "failed" };
        Self::new(exit, code, format!("{}: {error}", path.display()))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::Conflict(_) => return Self::new(Exit::Conflict, "conflict", error.to_string()),
            StoreError::Statement(_) => return Self::failed(error.to_string()),
            // Its text says what to do.
            StoreError::Refused(_) => return Self::new(Exit::Unavailable, "store_unavailable", error.to_string()),
            StoreError::Busy(_) => "Another program holds it; try again.",
            StoreError::Full(_) => "Nothing was changed. Make room and try again.",
            StoreError::Inconsistent(_) => "Run `samekey store check`.",
            StoreError::TooNew { .. } => "Install the newer release.",
            StoreError::Unavailable(_) => "Run as root or as the store's owner; `samekey init` makes a new one.",
        };
        Self::new(Exit::Unavailable, "store_unavailable", error.to_string()).hint(hint)
    }
}

impl From<EntropyError> for Failure {
    fn from(error: EntropyError) -> Self {
        Self::failed(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_documented_ones() {
        let numbers = [
            (Exit::Done, 0),
            (Exit::Failed, 1),
            (Exit::Usage, 2),
            (Exit::NotFound, 3),
            (Exit::Refused, 4),
            (Exit::LocksOut, 5),
            (Exit::Unavailable, 6),
            (Exit::Conflict, 7),
            (Exit::Verdict(20), 20),
        ];
        for (exit, number) in numbers {
            assert_eq!(exit.number(), number, "{exit:?}");
        }
    }

    #[test]
    fn no_store_error_reads_as_not_found() {
        let errors = [
            StoreError::Busy(String::new()),
            StoreError::Unavailable(String::new()),
            StoreError::Full(String::new()),
            StoreError::Inconsistent(String::new()),
            StoreError::TooNew {
                component: String::new(),
                found: 2,
                known: 1,
            },
        ];
        for error in errors {
            assert_eq!(Failure::from(error).exit, Exit::Unavailable);
        }
        assert_eq!(Failure::from(StoreError::Conflict(String::new())).exit, Exit::Conflict);
    }
}
