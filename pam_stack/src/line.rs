//! One line of a stack, as libpam holds it.

use crate::code::Code;
use crate::control::Control;
use crate::{OURS, walk};
use std::path::PathBuf;

/// The two facilities that decide whether somebody comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Facility {
    /// `auth`: `pam_authenticate`
    Auth,
    /// `account`: `pam_acct_mgmt`
    Account,
}

impl Facility {
    /// Its word in the files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Account => "account",
        }
    }
}

/// What stands at a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A module.
    Module {
        /// Its name or path.
        path: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// Whether it can be loaded; if not it answers `module_unknown`.
        there: bool,
    },
    /// Something that libpam takes for a failure without asking anybody, and why.
    Fails(String),
    /// A substack of this name begins; nothing is asked here.
    Substack(String),
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The file that it stands in.
    pub file: PathBuf,
    /// Its number there, from 1.
    pub number: usize,
    /// How many substacks deep.
    pub level: usize,
    /// What stands there.
    pub what: What,
    /// What is done with its answer.
    pub control: Control,
}

impl Line {
    /// The module's file name without its folder; empty where there is none.
    pub fn module(&self) -> &str {
        match &self.what {
            What::Module { path, .. } => path.rsplit('/').next().unwrap_or_default(),
            What::Fails(_) | What::Substack(_) => "",
        }
    }

    /// Whether it is ours.
    pub fn is_ours(&self) -> bool {
        self.module() == OURS
    }

    /// `/etc/pam.d/sshd:4`
    pub fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.number)
    }

    /// `sufficient pam_rootok.so`, as it is written.
    pub fn shown(&self) -> String {
        let control = match self.control.written.as_str() {
            word if word.contains('=') => format!("[{word}]"),
            word => word.to_owned(),
        };
        match &self.what {
            What::Module { path, arguments, .. } => {
                let words = std::iter::once(path).chain(arguments);
                let words: Vec<&str> = words.map(String::as_str).collect();
                format!("{control} {}", words.join(" "))
            }
            What::Fails(why) => format!("{control} ({why})"),
            What::Substack(name) => format!("substack {name}"),
        }
    }

    /// What its module may answer. Of a module that is not known here: anything.
    pub fn answers(&self) -> Vec<Code> {
        match &self.what {
            What::Fails(_) => vec![walk::MUST_FAIL],
            What::Module { there: false, .. } => vec![Code::MODULE_UNKNOWN],
            // Of a password it knows nothing (`pam_module/src/outcome.rs`).
            What::Module { .. } if self.is_ours() => {
                Code::all().filter(|code| *code != Code::NEW_AUTHTOK_REQD).collect()
            }
            What::Module { .. } if self.module() == "pam_permit.so" => vec![Code::SUCCESS],
            What::Module { .. } if self.module() == "pam_deny.so" => vec![Code::AUTH_ERR],
            What::Module { .. } => Code::all().collect(),
            What::Substack(_) => Vec::new(),
        }
    }
}
