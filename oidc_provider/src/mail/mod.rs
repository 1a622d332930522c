//! Sends the letters of the outbox: by SMTP, by the machine's own `sendmail`, or into a folder.
//!
//! ```text
//!  outbox ──claim──► letter::written (texts, templates) ──► message ──► smtp | sendmail | folder
//!     ▲                                                                    │
//!     └──────────── sent · put off · given up ◄────────────────────────────┘
//! ```
//!
//! One thread of its own, since every way to send blocks; pages never wait for it. Several providers over one store share
//! the work: a claim belongs to one of them.

mod config;
mod folder;
mod letter;
mod message;
mod sendmail;
mod smtp;
mod transport;
mod worker;

pub use config::{MailConfig, MailError, MailSection};
pub use letter::{Place, Written, written};
pub use message::message;
pub use transport::{Trouble, send};
pub use worker::{Sender, once};
