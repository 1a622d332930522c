//! What a machine asks where no key can be plugged in: a word from the person's browser elsewhere.

use super::Notice;
use crate::approvals::{Code, Number};
use crate::clock::UnixTime;
use crate::ids::ApprovalId;
use crate::methods::Method;
use serde::{Deserialize, Serialize};

/// Path of the page that approves, below the provider's address.
pub const PAGE: &str = "/approve";

/// What a door that can wait for an approval knows of the login besides its doorway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromAfar {
    /// What will run once the person is let in, where the door can know it (sudo).
    pub command: Option<String>,
    /// Seconds that the person has: less than the application leaves them for the whole login.
    pub lives: i64,
}

/// Asks for an approval: everything that the prompt shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalPrompt {
    /// The approval, for looking whether it is decided.
    pub id: ApprovalId,
    /// The method that approves.
    pub method: Method,
    /// The address of the page, to be typed.
    pub page: String,
    /// What is typed there.
    pub code: Code,
    /// What is copied there from the prompt.
    pub number: Number,
    /// The first second in which it is over.
    pub expires_at: UnixTime,
    /// What the person may choose instead: only what is bound and allowed.
    pub others: Vec<Method>,
    /// What went wrong before, if anything.
    pub notice: Option<Notice>,
}

impl ApprovalPrompt {
    /// The address with the code in it, for a QR code. The number is typed all the same.
    pub fn link(&self) -> String {
        format!("{}?code={}", self.page, self.code.compact())
    }
}
