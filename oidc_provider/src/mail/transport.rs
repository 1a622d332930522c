//! One try to send one message, whatever the way.

use super::config::{MailConfig, Transport};
use super::{folder, sendmail, smtp};
use lettre::Message;
use samekey_shared::ids::LetterId;

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It may be taken another time.
    #[error("{0}")]
    Passing(String),
    /// It will never be: the address or the letter itself was refused.
    #[error("{0}")]
    Lasting(String),
}

/// Sends it, or says why not. Blocks for as long as the way allows itself, which is less than a claim lasts.
pub fn send(config: &MailConfig, id: LetterId, message: &Message) -> Result<(), Trouble> {
    match &config.transport {
        Transport::Smtp(server) => smtp::send(server, message),
        Transport::Sendmail(program) => sendmail::send(program, message),
        Transport::Folder(folder) => folder::put(folder, id, message),
    }
}
