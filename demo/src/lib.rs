//! What a person brings to the demo and to the whole-system tests, and the throw-away machine they use it on.
//!
//! ```text
//!   App       holds the key that was shown once, makes the codes            (RFC 6238)
//!   Terminal  a program on a pseudo-terminal: wait for a text, type a line
//!   Browser   follows links, fills forms, keeps cookies; runs no scripts
//!   Machine   root in a box (demo/box.sh): accounts, pam.d, agent, provider, sample app, a real sshd
//! ```
//! The first three know nothing of Samekey's insides: what they prove, they prove from outside.

mod app;
mod browser;
pub mod machine;
mod terminal;

pub use app::{App, AppError};
pub use browser::{Browser, BrowserError, Form, Page};
pub use machine::Machine;
pub use terminal::{Terminal, TerminalError, pair};
