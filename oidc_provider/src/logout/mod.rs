//! Applications are told that a session ended (OpenID Connect Back-Channel Logout 1.0): notices written in the unit of work that
//! ends it, sent by a thread of the provider.
//!
//! ```text
//!  any way a session ends ──► a notice per application ──claim──► signed, posted ──► 2xx: gone
//!  (page, admin, command)          ▲                                   │
//!                                  └─── put off, later each time ◄─────┤ failed
//!                                                                      └──► given up: gone, a line in the trail
//! ```
//!
//! The notice holds no token: whoever sends it signs a fresh one, so that a token is never older than its posting, and a command
//! that ends sessions while the provider is stopped needs no signing key. A claim is one statement and a lease, as in
//! [`samekey_shared::outbox`].

mod notices;
mod token;
mod worker;

pub use notices::{Untold, untold};
pub use token::{EVENT, TYP};
pub use worker::{Messenger, Post, once};
