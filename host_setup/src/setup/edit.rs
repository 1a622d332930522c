//! Puts our two lines into a service's file: where they belong is found by trying, and every try is proven.

use super::SetupError;
use samekey_pam_stack::{Code, Dialect, Facility, Files, Line, OURS, Root, Service, Verdict, advise, prove_where};
use std::path::{Path, PathBuf};

/// Our line in the `auth` part.
const AUTH: &str = "auth     [success=ok ignore=ignore default=die]  pam_samekey.so";
/// The tripwire.
const ACCOUNT: &str = "account  required                                pam_samekey.so";

/// The machine's files with one of them as it would be.
struct Changed<'a> {
    machine: &'a Root,
    path: &'a Path,
    text: &'a str,
}

impl Files for Changed<'_> {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        if path == self.path {
            return Some(self.text.as_bytes().to_vec());
        }
        self.machine.read(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.machine.is_folder(path)
    }

    fn has_module(&self, name: &str) -> bool {
        self.machine.has_module(name)
    }
}

/// The file of this service, as it is and as it should be; the same text twice where it guards already.
pub(super) fn guarded(machine: &Root, service: &str) -> Result<(PathBuf, String, String), SetupError> {
    let path = Path::new("/etc/pam.d").join(service);
    let place = path.display().to_string();
    let Some(bytes) = machine.read(&path) else {
        return Err(SetupError::refused(
            place,
            "there is no such file: is the service installed?",
        ));
    };
    let before = String::from_utf8(bytes).map_err(|_| SetupError::refused(&place, "it is not UTF-8"))?;
    let target = machine.place(&path);
    if target.is_some_and(|target| !target.ends_with(format!("etc/pam.d/{service}"))) {
        return Err(SetupError::refused(
            place,
            "it is a link: authselect rules it; `authselect enable-feature with-samekey`, or put the lines there by hand",
        ));
    }
    understood(machine, service, &before)?;
    if is_guarded(machine, &path, service, &before) {
        return Ok((path, before.clone(), before));
    }
    for candidate in candidates(machine, &before) {
        if is_guarded(machine, &path, service, &candidate) {
            return Ok((path, before, candidate));
        }
    }
    Err(no_place(machine, &path, service, &before))
}

/// Refuses a service that libpam would complain of, or in which we stand already but do not guard.
fn understood(machine: &Root, service: &str, before: &str) -> Result<(), SetupError> {
    let dialect = Dialect::of(machine);
    let loaded = Service::load(machine, dialect, service);
    let first = loaded.unclear.iter().chain(&loaded.refused).chain(&loaded.notes).next();
    if let Some(note) = first {
        return Err(SetupError::refused(
            note.place(),
            format!("{}; put it right first", note.what),
        ));
    }
    if before.lines().any(|line| line.trim_end().ends_with('\\')) {
        return Err(SetupError::refused(
            format!("/etc/pam.d/{service}"),
            "it has lines that are continued with a backslash: put our lines in by hand",
        ));
    }
    for facility in [Facility::Auth, Facility::Account] {
        let lines = &loaded.stack(facility).lines;
        let stands = lines.iter().any(Line::is_ours);
        if let Verdict::Bypassed(way) = proof(&loaded, facility)
            && stands
        {
            let advice = advise(&loaded, facility, &way);
            return Err(SetupError::refused(
                advice.place,
                format!("{OURS} stands there and does not guard: {}; {}", advice.why, advice.fix),
            ));
        }
    }
    Ok(())
}

/// What is proven when root needs no answer: `pam_rootok` lets in who is root already.
pub(super) fn proof(service: &Service, facility: Facility) -> Verdict {
    let answers = |line: &Line| match line.module() {
        "pam_rootok.so" => vec![Code::AUTH_ERR],
        _ => line.answers(),
    };
    prove_where(service, facility, answers).verdict
}

fn is_guarded(machine: &Root, path: &Path, service: &str, text: &str) -> bool {
    let files = Changed { machine, path, text };
    let loaded = Service::load(&files, Dialect::of(machine), service);
    [Facility::Auth, Facility::Account]
        .into_iter()
        .all(|facility| proof(&loaded, facility) == Verdict::Guarded)
}

/// Texts with our lines in them, the least change first: `auth` after the last line of that part, `account` before the
/// first of its own; then the same with `include` in `auth` made `substack`, which keeps what is "sufficient" inside.
fn candidates(machine: &Root, before: &str) -> Vec<String> {
    let lines: Vec<String> = before.lines().map(str::to_owned).collect();
    let contained: Vec<String> = lines.iter().map(|line| substack(line)).collect();
    [lines, contained]
        .iter()
        .filter_map(|lines| with_ours(machine, lines))
        .collect()
}

fn with_ours(machine: &Root, lines: &[String]) -> Option<String> {
    let of = |facility: Facility| move |line: &String| concerns(machine, line, facility);
    let auth = lines.iter().rposition(of(Facility::Auth))?;
    let account = lines.iter().position(of(Facility::Account)).unwrap_or(lines.len());
    let has = |facility: Facility| {
        let word = facility.word();
        lines
            .iter()
            .any(|line| line.contains(OURS) && words(line).next() == Some(word))
    };
    let mut out: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut put: Vec<(usize, &str)> = Vec::new();
    if !has(Facility::Account) {
        put.push((account, ACCOUNT));
    }
    if !has(Facility::Auth) {
        put.push((auth + 1, AUTH));
    }
    put.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    for (at, line) in put {
        out.insert(at, line);
    }
    Some(out.join("\n") + "\n")
}

/// `auth include x` as `auth substack x`; any other line as it is.
fn substack(line: &str) -> String {
    let mut found = words(line);
    let is_auth = found
        .next()
        .is_some_and(|word| word.trim_start_matches('-').eq_ignore_ascii_case("auth"));
    match found.next() {
        Some(control) if is_auth && control == "include" => line.replacen("include ", "substack", 1),
        _ => line.to_owned(),
    }
}

/// Whether a line of the file belongs to this part, itself or by what it includes.
fn concerns(machine: &Root, line: &str, facility: Facility) -> bool {
    let mut found = words(line);
    let first = found
        .next()
        .unwrap_or_default()
        .trim_start_matches('-')
        .to_ascii_lowercase();
    if first != "@include" {
        return first == facility.word();
    }
    let path = Path::new("/etc/pam.d").join(found.next().unwrap_or_default());
    let text = machine.read(&path).unwrap_or_default();
    // Files do not include each other in this way more than once; a circle was refused before.
    String::from_utf8_lossy(&text)
        .lines()
        .any(|line| concerns(machine, line, facility))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split('#').next().unwrap_or_default().split_whitespace()
}

/// Why there is no place for our lines, by what is wrong with the likeliest.
fn no_place(machine: &Root, path: &Path, service: &str, before: &str) -> SetupError {
    let text = candidates(machine, before).into_iter().next().unwrap_or_default();
    let files = Changed {
        machine,
        path,
        text: &text,
    };
    let loaded = Service::load(&files, Dialect::of(machine), service);
    for facility in [Facility::Auth, Facility::Account] {
        match proof(&loaded, facility) {
            Verdict::Bypassed(way) => {
                let advice = advise(&loaded, facility, &way);
                return SetupError::refused(advice.place, format!("{}; {}", advice.why, advice.fix));
            }
            Verdict::Closed => {
                let what = format!(
                    "nobody could come in by its {} lines, with ours or without",
                    facility.word()
                );
                return SetupError::refused(path.display().to_string(), what);
            }
            Verdict::Unclear(note) => return SetupError::refused(note.place(), note.what),
            Verdict::Guarded => {}
        }
    }
    SetupError::refused(
        path.display().to_string(),
        "our lines have no place in it; put them in by hand",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("etc/pam.d")).unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join("etc").join(name), text).unwrap();
        }
        let root = Root::new(folder.path());
        (folder, root)
    }

    const DENY: (&str, &str) = (
        "pam.d/other",
        "auth required pam_deny.so\naccount required pam_deny.so\n",
    );
    const DEBIAN: (&str, &str) = ("os-release", "ID=debian\n");

    #[test]
    fn debians_sshd_gets_the_two_lines_of_the_readme() {
        let stock = "# Auth.\n@include common-auth\n\naccount required pam_nologin.so\n@include common-account\n\
                     session required pam_limits.so\n";
        let (_kept, root) = machine(&[
            DENY,
            DEBIAN,
            ("pam.d/sshd", stock),
            (
                "pam.d/common-auth",
                "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
            ),
            ("pam.d/common-account", "account required pam_unix.so\n"),
        ]);
        let (_, before, after) = guarded(&root, "sshd").unwrap();
        assert_eq!(before, stock);
        let wanted = stock
            .replace("@include common-auth\n", &format!("@include common-auth\n{AUTH}\n"))
            .replace(
                "account required pam_nologin.so",
                &format!("{ACCOUNT}\naccount required pam_nologin.so"),
            );
        assert_eq!(after, wanted);
    }

    #[test]
    fn fedoras_sudo_gets_a_substack() {
        let (_kept, root) = machine(&[
            DENY,
            (
                "pam.d/sudo",
                "auth       include      system-auth\naccount    include      system-auth\n",
            ),
            (
                "pam.d/system-auth",
                "auth sufficient pam_unix.so\nauth required pam_deny.so\naccount required pam_unix.so\n",
            ),
        ]);
        let (_, _, after) = guarded(&root, "sudo").unwrap();
        assert_eq!(
            after,
            format!("auth       substack     system-auth\n{AUTH}\n{ACCOUNT}\naccount    include      system-auth\n")
        );
    }

    #[test]
    fn what_guards_already_stays_as_it_is() {
        let text = format!("auth requisite pam_unix.so\n{AUTH}\n{ACCOUNT}\naccount required pam_unix.so\n");
        let (_kept, root) = machine(&[DENY, ("pam.d/sshd", &text)]);
        let (_, before, after) = guarded(&root, "sshd").unwrap();
        assert_eq!(before, after);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_line_and_reason() {
        for (text, place, what) in [
            (
                "auth requird pam_unix.so\naccount required pam_unix.so\n",
                "sshd:1",
                "not understood",
            ),
            (
                "auth sufficient pam_unix.so\nauth required pam_deny.so\naccount required pam_unix.so\n",
                "sshd:1",
                "ends the stack",
            ),
            (
                "auth required \\\n pam_unix.so\naccount required pam_unix.so\n",
                "sshd",
                "backslash",
            ),
            (
                "auth include nowhere\naccount required pam_unix.so\n",
                "sshd:1",
                "nowhere",
            ),
            (
                "auth required pam_unix.so\nauth optional pam_samekey.so\naccount required pam_unix.so\n",
                "sshd:2",
                "does not guard",
            ),
            (
                "auth required pam_deny.so\naccount required pam_unix.so\n",
                "sshd",
                "nobody could come in",
            ),
        ] {
            let (_kept, root) = machine(&[DENY, ("pam.d/sshd", text)]);
            let told = guarded(&root, "sshd").unwrap_err().to_string();
            assert!(told.contains(place) && told.contains(what), "{text}: {told}");
        }
        let (_kept, root) = machine(&[DENY]);
        assert!(guarded(&root, "sshd").unwrap_err().to_string().contains("installed?"));
    }

    #[test]
    fn a_link_of_authselect_is_not_touched() {
        let (folder, root) = machine(&[DENY]);
        std::fs::create_dir_all(folder.path().join("etc/authselect")).unwrap();
        std::fs::write(
            folder.path().join("etc/authselect/login"),
            "auth required pam_unix.so\n",
        )
        .unwrap();
        std::os::unix::fs::symlink("/etc/authselect/login", folder.path().join("etc/pam.d/login")).unwrap();
        assert!(guarded(&root, "login").unwrap_err().to_string().contains("authselect"));
    }
}
