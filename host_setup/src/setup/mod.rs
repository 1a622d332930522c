//! Guards ssh, sudo or login with a way back: what is changed comes back by itself unless somebody who came in through the
//! changed door confirms it.
//!
//! ```text
//! plan      what files become, proven before anything is written (`plan`, pam_stack)
//! begin     backups and a journal on disk ─► a watcher that outlives us ─► the files, each by rename ─► reload
//! confirm   from a session that began after, and whose second factor the agent saw ─► the watcher goes
//! otherwise the watcher puts everything back: at the end of the time, or at the next boot
//! undo      puts back what was confirmed
//! ```
//!
//! Killed at any point, the journal tells what was begun, and the watcher, which was there before the first file was
//! touched, takes it back.

mod edit;
mod plan;
mod sshd;
mod trial;
mod watch;
mod witness;
mod write;

pub use plan::{Change, Door, Plan, plan};
pub use sshd::Sshd;
pub use trial::{Beginning, FOLDER, State, Trial, begin, confirm, current, put_back};
pub use watch::{after_boot, watch};
pub use witness::{Witness, prove_session};

use std::path::{Path, PathBuf};

/// Why something was not set up, or not taken back. Unless it says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A file that we do not understand, or that somebody else rules: which, and what to do.
    #[error("{place}: {what}")]
    Refused {
        /// File and line.
        place: String,
        /// What is in the way, and what to do.
        what: String,
    },
    /// Another trial runs.
    #[error("a trial of {0} runs already: `samekey setup confirm` or `samekey setup undo`")]
    Busy(String),
    /// There is nothing to confirm or to undo.
    #[error("{0}")]
    Nothing(String),
    /// The session that confirms cannot show that it came in by a second factor.
    #[error("{0}")]
    NotWitnessed(String),
    /// The system refused.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// In the system's words.
        why: std::io::Error,
    },
    /// A program of the system failed.
    #[error("{program}: {said}")]
    Program {
        /// Which.
        program: String,
        /// What it said.
        said: String,
    },
}

impl SetupError {
    pub(crate) fn refused(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Refused {
            place: place.into(),
            what: what.into(),
        }
    }

    pub(crate) fn file(path: &Path, why: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            why,
        }
    }
}
