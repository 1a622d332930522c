//! Whether a wrong password ends before it reaches us, read from the PAM stack of a service.
//!
//! That a module before us asked for a password does not say that it was right: after `required` a stack runs on and fails
//! at its end. For a code that is no matter, since the login fails anyway. But whoever binds a device there would keep it
//! (R38): so a password counts for a binding only where the stack as it is written stops at a wrong one. In doubt it does
//! not.

use std::path::{Path, PathBuf};

/// Where libpam looks for stacks.
pub const FOLDERS: [&str; 2] = ["/etc/pam.d", "/usr/lib/pam.d"];

/// Modules that say whether a password is right.
const PASSWORD_MODULES: [&str; 8] = [
    "pam_unix.so",
    "pam_sss.so",
    "pam_ldap.so",
    "pam_krb5.so",
    "pam_winbind.so",
    "pam_userdb.so",
    "pam_pwdfile.so",
    "pam_systemd_home.so",
];

/// Files that one stack may be made of, and lines that it may have.
const MOST_FILES: usize = 32;
const MOST_LINES: usize = 512;

/// One line of the auth part.
#[derive(Debug)]
struct Line {
    module: String,
    control: Control,
}

/// What a line does with its module's word.
#[derive(Debug)]
struct Control {
    on_success: Vec<Action>,
    on_failure: Vec<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Next,
    Skip(usize),
    Stop,
}

/// Whether nobody whose password is wrong comes as far as our module, by the stack of this service.
pub fn stops_wrong_passwords(folders: &[PathBuf], service: &str) -> bool {
    let mut lines = Vec::new();
    let mut files = 0;
    let read = gather(folders, service, &mut lines, &mut files).is_some();
    let ours = lines.iter().position(|line| line.module.starts_with("pam_samekey"));
    match ours {
        Some(ours) if read => !is_reached(&lines, ours),
        _ => false,
    }
}

/// Whether the line `ours` can be reached while every password module fails; other modules may say what they like.
fn is_reached(lines: &[Line], ours: usize) -> bool {
    let mut open = vec![0];
    let mut seen = vec![false; lines.len() + 1];
    while let Some(at) = open.pop() {
        if at == ours {
            return true;
        }
        let Some(line) = lines.get(at).filter(|_| !std::mem::replace(&mut seen[at], true)) else {
            continue;
        };
        let fails = PASSWORD_MODULES.contains(&line.module.as_str()) || line.module == "pam_deny.so";
        let succeeds = line.module == "pam_permit.so";
        let failure = line.control.on_failure.iter().filter(|_| !succeeds);
        let success = line.control.on_success.iter().filter(|_| !fails);
        for action in failure.chain(success) {
            match action {
                Action::Next => open.push(at + 1),
                Action::Skip(count) if at + 1 + count <= lines.len() => open.push(at + 1 + count),
                Action::Skip(_) | Action::Stop => {}
            }
        }
    }
    false
}

/// The lines of a file and of those that it names; nothing where one cannot be read or understood.
fn gather(folders: &[PathBuf], name: &str, lines: &mut Vec<Line>, files: &mut usize) -> Option<()> {
    *files += 1;
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-@+".contains(&byte));
    if *files > MOST_FILES || name.is_empty() || name.starts_with('.') || !plain {
        return None;
    }
    let paths = folders.iter().map(|folder: &PathBuf| Path::new(folder).join(name));
    let text = paths.into_iter().find_map(|path| std::fs::read_to_string(path).ok())?;
    let text = text.replace("\\\n", " ");
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(other) = line.strip_prefix("@include") {
            gather(folders, other.trim(), lines, files)?;
            continue;
        }
        let Some((facility, rest)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        if !facility.trim_start_matches('-').eq_ignore_ascii_case("auth") {
            continue;
        }
        let (control, rest) = control_of(rest.trim_start())?;
        let named = rest.split_whitespace().next()?;
        match control {
            "include" => gather(folders, named, lines, files)?,
            // What ends inside goes on after it: nothing is known of what failed there.
            "substack" => return None,
            control => lines.push(Line {
                module: named.rsplit('/').next().unwrap_or_default().to_owned(),
                control: Control::read(control)?,
            }),
        }
        if lines.len() > MOST_LINES {
            return None;
        }
    }
    Some(())
}

/// The control, without its brackets, and what follows it.
fn control_of(rest: &str) -> Option<(&str, &str)> {
    match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']'),
        None => rest.split_once(char::is_whitespace),
    }
}

impl Control {
    fn read(control: &str) -> Option<Self> {
        let simple = |on_success, on_failure| {
            Some(Self {
                on_success: vec![on_success],
                on_failure: vec![on_failure],
            })
        };
        match control {
            "required" | "optional" => simple(Action::Next, Action::Next),
            "requisite" => simple(Action::Next, Action::Stop),
            "sufficient" => simple(Action::Stop, Action::Next),
            _ => Self::of_values(control),
        }
    }

    /// `success=1 default=ignore` and the like. A value that is not named, where `default` is not either, goes on.
    fn of_values(text: &str) -> Option<Self> {
        let (mut success, mut failures, mut default) = (None, Vec::new(), None);
        for pair in text.split_whitespace() {
            let (value, action) = pair.split_once('=')?;
            let action = match action {
                "ignore" | "bad" | "ok" | "reset" => Action::Next,
                "die" | "done" => Action::Stop,
                count => Action::Skip(count.parse().ok()?),
            };
            match value {
                "success" => success = Some(action),
                "default" => default = Some(action),
                _ => failures.push(action),
            }
        }
        let otherwise = default.unwrap_or(Action::Next);
        failures.push(otherwise);
        Some(Self {
            on_success: vec![success.unwrap_or(otherwise)],
            on_failure: failures,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "auth [success=ok ignore=ignore default=die] pam_samekey.so\n";
    const DEBIAN: &str = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\tpam_deny.so\n\
        auth\trequired\tpam_permit.so\n";

    fn stops(files: &[(&str, &str)]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        stops_wrong_passwords(&[folder.path().to_owned()], "sshd")
    }

    #[test]
    fn stacks_that_end_at_a_wrong_password() {
        for before in [
            "auth requisite pam_unix.so\n",
            "-auth requisite pam_env.so\nauth  requisite /usr/lib/security/pam_unix.so try_first_pass # comment\n",
            "auth [success=ok default=die] pam_unix.so\n",
            "auth required \\\n pam_env.so\nauth requisite pam_unix.so\n",
        ] {
            assert!(stops(&[("sshd", &format!("{before}{OURS}"))]), "{before}");
        }
        let debian = format!("@include common-auth\n{OURS}account required pam_unix.so\n");
        assert!(stops(&[("sshd", &debian), ("common-auth", DEBIAN)]));
    }

    #[test]
    fn stacks_that_run_on_or_cannot_be_understood() {
        for before in [
            "auth required pam_unix.so\n",
            "auth sufficient pam_unix.so\n",
            "auth optional pam_unix.so\n",
            "",
            "auth requisite pam_nologin.so\nauth required pam_unix.so\n",
            "auth [success=1 default=ignore] pam_unix.so\n",
            "auth [success=ok user_unknown=ignore default=die] pam_unix.so\n",
            "auth [default=1] pam_localuser.so\nauth requisite pam_unix.so\n",
            "auth substack common-auth\n",
            "auth include nothing\n",
            "auth [success=one] pam_unix.so\n",
            "@include ../common-auth\n",
        ] {
            let text = format!("{before}{OURS}");
            assert!(!stops(&[("sshd", &text), ("common-auth", DEBIAN)]), "{before}");
        }
        assert!(!stops(&[("sshd", "auth requisite pam_unix.so\n")]), "we are not in it");
        assert!(!stops(&[]), "no such service");
        assert!(!stops(&[("sshd", "@include sshd\n")]), "for ever");
    }
}
