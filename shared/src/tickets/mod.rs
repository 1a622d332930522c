//! Enrolment tickets: the right to bind a device without one to prove oneself with (Q2, Q8, W26), good once and for a
//! short while.
//!
//! ```text
//!  issue ──► link (128 random bits) or short code (51 bits, good for one account only) ──► find ──► spend
//!                                                              in the unit of work that binds ──────┘
//! ```
//!
//! A ticket is never a login: whoever shows one has proven a first factor before. What is stored finds a ticket that is
//! shown, and tells nobody what to show. Wrong ones count as wrong answers of the name that was given.

mod code;
mod rows;
#[cfg(test)]
mod tests;

pub use code::{Code, CodeError};
pub(crate) use rows::SCHEMA;
pub use rows::{Ended, Listed, State, find, is_open, issue, list, of_account, revoke, spend, sweep};

use crate::audit::Actor;
use crate::clock::UnixTime;
use crate::entropy::EntropyError;
use crate::ids::{AccountId, TicketId};
use crate::secrets::SecretText;
use crate::secrets::opaque::Token;
use crate::store::StoreError;

/// Seconds that a ticket lives, unless said otherwise.
pub const LIVES: i64 = 3600;

/// The most that it may live.
pub const MOST: i64 = 86_400;

/// Seconds for a ticket that leads a person from a terminal to a page (NIST SP 800-63B-4: a device bound at a second
/// endpoint).
pub const LIVES_BETWEEN_DOORS: i64 = 600;

/// The page that takes them, below the provider's address.
pub const PAGE: &str = "/bind";

/// Random bytes of a link.
const SECRET_BYTES: usize = 16;

/// A ticket to be made.
#[derive(Debug, Clone)]
pub struct NewTicket<'a> {
    /// Whose device it lets bind.
    pub account: AccountId,
    /// Who gives it out. Another open one that the same gave out for this account is void from now on.
    pub by: &'a Actor,
    /// Seconds that it lives; more than [`MOST`] is cut.
    pub lives: i64,
}

/// A ticket just made: shown now and never again.
#[derive(Debug)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// What is typed.
    pub code: Code,
    /// The first second in which it is void.
    pub expires_at: UnixTime,
    secret: Token,
}

impl Ticket {
    /// The address with the ticket in it, for a link or a QR code; `pages` is the provider's address.
    pub fn link(&self, pages: &str) -> SecretText {
        format!("{pages}{PAGE}?ticket={}", self.secret.text()).into()
    }

    /// What the link carries.
    pub fn secret(&self) -> &str {
        self.secret.text()
    }
}

/// Why no ticket was made.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// No such account.
    #[error("there is no such account")]
    NoAccount,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}
