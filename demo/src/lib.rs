//! What a person brings to the demo and to the whole-system tests: an authenticator app, a terminal, a browser.
//!
//! ```text
//!   App       holds the key that was shown once, makes the codes            (RFC 6238)
//!   Terminal  a program on a pseudo-terminal: wait for a text, type a line
//!   Browser   follows links, fills forms, keeps cookies; runs no scripts
//! ```
//! None of them knows anything of Samekey's insides: what they prove, they prove from outside.

mod app;
mod browser;
mod terminal;

pub use app::{App, AppError};
pub use browser::{Browser, BrowserError, Form, Page};
pub use terminal::{Terminal, TerminalError};
