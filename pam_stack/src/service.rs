//! A service as libpam holds it (`_pam_init_handlers`): its lines in order, or why it has none.

use crate::files::Files;
use crate::line::{Facility, Line};
use crate::loader::{Loader, Stop};
use std::path::{Path, PathBuf};

/// Whose libpam reads the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Debian's and Ubuntu's, which know `@include`.
    Debian,
    /// Linux-PAM as it is released.
    Plain,
}

impl Dialect {
    /// By what the machine says of itself in `os-release`.
    pub fn of(files: &dyn Files) -> Self {
        let told = ["/etc/os-release", "/usr/lib/os-release"]
            .iter()
            .find_map(|path| files.read(Path::new(path)));
        let told = String::from_utf8_lossy(&told.unwrap_or_default()).to_lowercase();
        let is_debian = |line: &str| {
            let value = line.strip_prefix("id=").or_else(|| line.strip_prefix("id_like="));
            let words = value.map(|value| value.trim_matches('"').split_whitespace());
            words.is_some_and(|mut words| words.any(|word| ["debian", "ubuntu"].contains(&word)))
        };
        // A machine that says nothing: only Debian's has these.
        let unnamed = told.is_empty() && files.read(Path::new("/etc/debian_version")).is_some();
        if unnamed || told.lines().any(is_debian) {
            Self::Debian
        } else {
            Self::Plain
        }
    }
}

/// Something about a line that an administrator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub number: usize,
    /// What is wrong with it.
    pub what: String,
}

impl Note {
    /// `/etc/pam.d/sshd:4`
    pub fn place(&self) -> String {
        match self.number {
            0 => self.file.display().to_string(),
            number => format!("{}:{number}", self.file.display()),
        }
    }
}

/// The lines of one facility.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    /// In the order in which they are asked.
    pub lines: Vec<Line>,
    /// They are those of the service `other`: this one has none of its own.
    pub from_other: bool,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Who one is.
    pub auth: Stack,
    /// Whether one may.
    pub account: Stack,
    /// What libpam would complain of.
    pub notes: Vec<Note>,
    /// libpam refuses the whole service, and why: nobody comes in.
    pub refused: Option<Note>,
    /// What cannot be told for every libpam: nothing is proven of such a service.
    pub unclear: Option<Note>,
}

impl Service {
    /// Reads it as an application of this name would have it.
    pub fn load(files: &dyn Files, dialect: Dialect, name: &str) -> Self {
        // As pam_start: the last part of a path, in small letters.
        let name = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let mut loader = Loader::new(files, dialect);
        let ended = loader.service(&name);
        let [auth, account] = [0, 1].map(|which| {
            let own = std::mem::take(&mut loader.own[which]);
            let from_other = own.is_empty();
            let lines = if from_other {
                std::mem::take(&mut loader.other[which])
            } else {
                own
            };
            Stack { lines, from_other }
        });
        let (refused, unclear) = match ended {
            Ok(()) => (None, None),
            Err(Stop::Abort(note)) => (Some(note), None),
            Err(Stop::Unclear(note)) => (None, Some(note)),
        };
        Self {
            name,
            auth,
            account,
            notes: loader.notes,
            refused,
            unclear,
        }
    }

    /// The lines of one facility.
    pub fn stack(&self, facility: Facility) -> &Stack {
        match facility {
            Facility::Auth => &self.auth,
            Facility::Account => &self.account,
        }
    }

    /// Whether our module stands in it anywhere.
    pub fn has_ours(&self) -> bool {
        let lines = self.auth.lines.iter().chain(&self.account.lines);
        lines.into_iter().any(Line::is_ours)
    }
}
