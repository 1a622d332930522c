//! What guarding a door changes, file by file, worked out and proven before anything is written.

use super::sshd::Sshd;
use super::{SetupError, edit};
use samekey_pam_stack::{Dialect, Facility, Files, Root, Service, Verdict};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// sshd's own file, ours, and the line by which the one takes up the other.
const SSHD_CONFIG: &str = "/etc/ssh/sshd_config";
const OUR_CONFIG: &str = "/etc/ssh/sshd_config.d/00-samekey.conf";
const INCLUDED: &str = "/etc/ssh/sshd_config.d/*.conf";

/// A door that can be guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// sshd: PAM and its own configuration.
    Ssh,
    /// sudo, and `sudo -i` where it has a service of its own.
    Sudo,
    /// login at a console.
    Login,
}

impl Door {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Ssh, Self::Sudo, Self::Login];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Sudo => "sudo",
            Self::Login => "login",
        }
    }

    /// The PAM services behind it; of those after the first, the ones that exist.
    pub fn services(self) -> &'static [&'static str] {
        match self {
            Self::Ssh => &["sshd"],
            Self::Sudo => &["sudo", "sudo-i"],
            Self::Login => &["login"],
        }
    }
}

/// One file, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub path: PathBuf,
    /// Its text; `None` where there is none.
    pub before: Option<String>,
    /// What it becomes.
    pub after: String,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The door.
    pub door: Door,
    /// The files; none where the door is guarded already.
    pub changes: Vec<Change>,
}

/// Works out what to change. `keys`: whether people may come with a public key first, and the second factor after it.
pub fn plan(machine: &Root, door: Door, keys: bool) -> Result<Plan, SetupError> {
    let mut changes = Vec::new();
    for (number, service) in door.services().iter().enumerate() {
        let path = Path::new("/etc/pam.d").join(service);
        if number > 0 && machine.read(&path).is_none() {
            continue;
        }
        let (path, before, after) = edit::guarded(machine, service)?;
        if before != after {
            changes.push(Change {
                path,
                before: Some(before),
                after,
            });
        }
    }
    if door == Door::Ssh {
        changes.extend(sshd_changes(machine, keys)?);
    }
    Ok(Plan { door, changes })
}

impl Plan {
    /// Holds what is on the disk now against what was meant.
    pub(super) fn check(&self, machine: &Root) -> Result<(), SetupError> {
        let dialect = Dialect::of(machine);
        for service in self.door.services() {
            let path = Path::new("/etc/pam.d").join(service);
            if machine.read(&path).is_none() {
                continue;
            }
            let loaded = Service::load(machine, dialect, service);
            for facility in [Facility::Auth, Facility::Account] {
                if edit::proof(&loaded, facility) != Verdict::Guarded {
                    let what = format!("its {} lines do not guard after the change", facility.word());
                    return Err(SetupError::refused(path.display().to_string(), what));
                }
            }
        }
        if self.door == Door::Ssh {
            check_sshd()?;
        }
        Ok(())
    }
}

fn check_sshd() -> Result<(), SetupError> {
    let sshd = Sshd::default();
    let trouble = |said: String| SetupError::Program {
        program: "sshd -t".to_owned(),
        said,
    };
    sshd.complaint().map_err(trouble)?;
    let values = sshd
        .effective("user=nobody,host=localhost,addr=192.0.2.1")
        .map_err(trouble)?;
    for (option, wanted) in [
        ("usepam", "yes"),
        ("kbdinteractiveauthentication", "yes"),
        ("passwordauthentication", "no"),
    ] {
        let found = values.get(option).map_or("", String::as_str);
        if found != wanted {
            let what = format!("{option} is {found:?} in spite of {OUR_CONFIG}: something before it sets it");
            return Err(SetupError::refused(SSHD_CONFIG, what));
        }
    }
    Ok(())
}

fn sshd_changes(machine: &Root, keys: bool) -> Result<Vec<Change>, SetupError> {
    let text = |path: &str| {
        let bytes = machine.read(Path::new(path));
        bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| SetupError::refused(path, "it is not UTF-8")))
    };
    let main = text(SSHD_CONFIG).transpose()?;
    let main = main.ok_or_else(|| SetupError::refused(SSHD_CONFIG, "there is no such file: is sshd installed?"))?;
    if let Err(said) = Sshd::default().complaint() {
        return Err(SetupError::refused(
            SSHD_CONFIG,
            format!("sshd does not take it: {said}; put it right first"),
        ));
    }
    let mut changes = Vec::new();
    let before = text(OUR_CONFIG).transpose()?;
    let after = our_config(keys);
    if before.as_deref() != Some(after.as_str()) {
        changes.push(Change {
            path: PathBuf::from(OUR_CONFIG),
            before,
            after,
        });
    }
    if !includes_us(&main) {
        changes.push(Change {
            path: PathBuf::from(SSHD_CONFIG),
            after: format!("Include {OUR_CONFIG}\n{main}"),
            before: Some(main),
        });
    }
    Ok(changes)
}

/// Whether our file is taken up before any `Match`, after which it would be part of that.
fn includes_us(main: &str) -> bool {
    let words = |line: &str| -> Vec<String> {
        let bare = line.split('#').next().unwrap_or_default().replace('=', " ");
        bare.split_whitespace().map(str::to_owned).collect()
    };
    let keyword = |found: &[String], wanted: &str| found.first().is_some_and(|word| word.eq_ignore_ascii_case(wanted));
    main.lines()
        .map(words)
        .take_while(|found| !keyword(found, "match"))
        .any(|found| {
            keyword(&found, "include")
                && found[1..]
                    .iter()
                    .any(|path| [INCLUDED, OUR_CONFIG].contains(&path.as_str()))
        })
}

fn our_config(keys: bool) -> String {
    let methods = if keys {
        "# With a key, the second factor after it; without one, the password before it.\n\
         AuthenticationMethods publickey,keyboard-interactive:pam keyboard-interactive:pam\n"
    } else {
        ""
    };
    format!(
        "# Written by `samekey setup ssh`; `samekey setup undo ssh` takes it away again.\n\
         UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\n{methods}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_file_is_taken_up_only_before_a_match() {
        for (main, found) in [
            ("Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n", true),
            ("# x\nPort 22\ninclude=/etc/ssh/sshd_config.d/*.conf # all\n", true),
            ("Include /etc/ssh/sshd_config.d/00-samekey.conf\n", true),
            ("Match User ann\nInclude /etc/ssh/sshd_config.d/*.conf\n", false),
            ("#Include /etc/ssh/sshd_config.d/*.conf\n", false),
            ("Include /etc/ssh/other.d/*.conf\n", false),
        ] {
            assert_eq!(includes_us(main), found, "{main}");
        }
    }
}
