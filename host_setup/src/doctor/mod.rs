//! The checks D01 to D26: what is wrong with this machine's guard, where, and what to do about it.
//!
//! Each check looks at files below a root, at programs of the machine only where that root is `/`, and at the store where
//! it could be opened. It gives findings; none is "fine". Nothing is changed.

pub mod bundle;
mod configuration;
mod machine;
mod pam;
mod people;
mod place;
mod ssh;
mod ssh_keys;
mod web;

use samekey_pam_stack::{Files, Root};
use samekey_shared::clock::UnixTime;
use samekey_shared::config::{Config, Owner};
use samekey_shared::realm::Realm;
use std::path::{Path, PathBuf};

/// How bad it is; the worst one decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing is wrong.
    Fine,
    /// It works, and will bite.
    Warning,
    /// Somebody comes in who should not, or nobody does.
    Critical,
    /// It could not be looked at.
    Unknown,
}

impl Grade {
    /// The word that monitoring systems know.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Their exit code.
    pub fn exit(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub grade: Grade,
    /// Where: a file and its line, if it is in one.
    pub place: Option<String>,
    /// What.
    pub told: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl Finding {
    fn new(grade: Grade, told: impl Into<String>) -> Self {
        Self {
            grade,
            place: None,
            told: told.into(),
            fix: None,
        }
    }

    fn critical(told: impl Into<String>) -> Self {
        Self::new(Grade::Critical, told)
    }

    fn warning(told: impl Into<String>) -> Self {
        Self::new(Grade::Warning, told)
    }

    fn unknown(told: impl Into<String>) -> Self {
        Self::new(Grade::Unknown, told)
    }

    fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// What the checks look at.
#[derive(Debug)]
pub struct Patient<'a> {
    /// The folder that stands for the machine's root.
    pub root: PathBuf,
    /// The configuration, or why there is none.
    pub config: Result<&'a Config, String>,
    /// What programs say of the sections that are theirs alone, where they would not start with them.
    pub refused: Vec<String>,
    /// Store and policy, or why they cannot be opened.
    pub realm: Result<&'a Realm, String>,
    /// The present moment.
    pub now: UnixTime,
}

impl Patient<'_> {
    /// Whether it is this very machine, whose programs can be asked.
    pub fn is_this_machine(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Its files.
    pub fn files(&self) -> Root {
        Root::new(&self.root)
    }

    fn text(&self, path: &str) -> Option<String> {
        let bytes = self.files().read(Path::new(path))?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn exists(&self, path: &str) -> bool {
        self.real(path).is_some_and(|place| place.exists())
    }

    /// Where this path of the machine is for us.
    fn real(&self, path: &str) -> Option<PathBuf> {
        self.files().place(Path::new(path))
    }

    /// The files of a folder, by name.
    fn list(&self, folder: &str) -> Vec<String> {
        let entries = self.real(folder).and_then(|place| std::fs::read_dir(place).ok());
        let mut names: Vec<String> = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    fn section(&self, owner: Owner) -> toml::Table {
        let config = self.config.as_ref().ok();
        config.and_then(|config| config.section(owner).ok()).unwrap_or_default()
    }

    /// Where the agent listens.
    fn socket(&self) -> String {
        let section = self.section(Owner::Agent);
        let named = section.get("socket").and_then(toml::Value::as_str);
        named.unwrap_or("/run/samekey/agent.sock").to_owned()
    }

    fn needs_configuration(&self) -> Option<Finding> {
        let refused = self.config.as_ref().err();
        refused.map(|_| Finding::unknown("the configuration cannot be read: see D26"))
    }

    fn needs_this_machine(&self) -> Option<Finding> {
        (!self.is_this_machine()).then(|| Finding::unknown("only the machine itself can tell"))
    }
}

type Look = fn(&Patient<'_>) -> Vec<Finding>;

/// A check.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// `D01` to `D26`.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    look: Look,
}

const fn check(id: &'static str, title: &'static str, look: Look) -> Check {
    Check { id, title, look }
}

/// Every check, in order; docs/doctor.md has a section for each.
pub const CHECKS: [Check; 26] = [
    check("D01", "the module is installed", pam::module_is_there),
    check("D02", "services name the module", pam::services_name_it),
    check("D03", "nobody comes past the module", pam::nobody_comes_past),
    check("D04", "sshd asks through PAM", ssh::asks_through_pam),
    check("D05", "keys are followed by a factor", ssh::keys_are_followed),
    check("D06", "no Match block switches it off", ssh::matches_keep_it),
    check("D07", "sshd leaves time for prompts", ssh::leaves_time),
    check("D08", "sudo asks as often as the policy", machine::sudo_time_stamps),
    check("D09", "PAM's own tools rule their files", machine::managed_files),
    check("D10", "SELinux lets the socket be reached", machine::selinux),
    check("D11", "socket and store are kept", place::socket_and_store),
    check("D12", "the clock is right", machine::clock),
    check("D13", "the agent can be reached", place::agent_is_reached),
    check("D14", "letters get out", web::letters),
    check("D15", "the issuer is what is served", web::issuer),
    check("D16", "passkeys belong to the issuer", web::relying_party),
    check("D17", "the proxy tells addresses", web::proxy),
    check("D18", "exceptions end", people::exceptions),
    check("D19", "bound devices are accepted", people::devices_count),
    check("D20", "administrators have two kinds", people::administrators),
    check("D21", "the way back was tried", people::rescue_was_tried),
    check("D22", "secrets are the service's alone", place::secrets),
    check("D23", "one second factor in the stack", pam::other_factors),
    check("D24", "the log is taken", machine::log_is_taken),
    check("D25", "SSH keys show their person", ssh_keys::sshd_verifies),
    check("D26", "the configuration is understood", configuration::is_understood),
];

/// What one check found.
#[derive(Debug)]
pub struct Examined {
    /// The check.
    pub check: Check,
    /// What it found; nothing where all is well.
    pub findings: Vec<Finding>,
}

impl Examined {
    /// The worst of it.
    pub fn grade(&self) -> Grade {
        self.findings
            .iter()
            .map(|finding| finding.grade)
            .max()
            .unwrap_or(Grade::Fine)
    }

    /// The page of the book.
    pub fn page(&self) -> String {
        format!("docs/doctor.md#{}", self.check.id.to_ascii_lowercase())
    }
}

/// Runs the checks of these ids, or all.
pub fn examine(patient: &Patient<'_>, only: &[String]) -> Vec<Examined> {
    let wanted = |check: &&Check| only.is_empty() || only.iter().any(|id| id.eq_ignore_ascii_case(check.id));
    let looked = CHECKS.iter().filter(wanted).map(|check| Examined {
        check: *check,
        findings: (check.look)(patient),
    });
    looked.collect()
}

/// The worst of all: what cannot be looked at counts only where nothing is wrong.
pub fn worst(examined: &[Examined]) -> Grade {
    let grades = || examined.iter().map(Examined::grade);
    let known = grades()
        .filter(|grade| *grade != Grade::Unknown)
        .max()
        .unwrap_or(Grade::Fine);
    match known {
        Grade::Fine if grades().any(|grade| grade == Grade::Unknown) => Grade::Unknown,
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_its_section_in_the_book() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doctor.md")).unwrap();
        for (number, check) in CHECKS.iter().enumerate() {
            assert_eq!(check.id, format!("D{:02}", number + 1));
            assert!(page.contains(&format!("\n## {}\n", check.id)), "{}", check.id);
        }
    }

    /// What cannot be looked at is said, and is never called fine.
    #[test]
    fn another_root_without_anything_is_not_called_fine() {
        let folder = tempfile::tempdir().unwrap();
        let patient = Patient {
            root: folder.path().to_owned(),
            config: Err("none".to_owned()),
            refused: Vec::new(),
            realm: Err("none".to_owned()),
            now: 1_800_000_000,
        };
        let examined = examine(&patient, &[]);
        assert_eq!(examined.len(), CHECKS.len());
        for id in [
            "D04", "D05", "D11", "D12", "D13", "D14", "D15", "D16", "D17", "D18", "D19", "D22", "D24", "D25",
        ] {
            let one = examined.iter().find(|one| one.check.id == id).unwrap();
            assert_eq!(one.grade(), Grade::Unknown, "{id}");
        }
        let one = examined.iter().find(|one| one.check.id == "D26").unwrap();
        assert_eq!(one.grade(), Grade::Critical);
        assert_eq!(worst(&examined), Grade::Critical);
    }
}
