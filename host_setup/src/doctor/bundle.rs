//! What somebody who helps needs to see, in one archive, without a secret: files of a list, each line looked through.
//!
//! Store, keyring, `/etc/shadow`, keys and certificates are never opened. What is left is scrubbed by what it looks like:
//! values of keys that are called secret, hashes of passwords, keys in PEM, passwords within addresses.

use super::Patient;

/// Files that are taken as they are found, scrubbed.
const FILES: [&str; 9] = [
    "/etc/os-release",
    "/etc/debian_version",
    "/etc/ssh/sshd_config",
    "/etc/pam.conf",
    "/etc/authselect/authselect.conf",
    "/etc/nsswitch.conf",
    "/etc/sudoers",
    "/proc/version",
    "/proc/sys/kernel/hostname",
];
/// Folders whose files are.
const FOLDERS: [&str; 6] = [
    "/etc/pam.d",
    "/usr/lib/pam.d",
    "/etc/ssh/sshd_config.d",
    "/etc/authselect",
    "/etc/sudoers.d",
    "/var/lib/pam",
];
/// Words in a key whose value is kept back.
const SECRET_WORDS: [&str; 8] = [
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "key",
    "passphrase",
    "postgres",
];
/// How stored passwords begin (crypt(5), PHC).
const HASHES: [&str; 8] = ["$y$", "$6$", "$5$", "$1$", "$2", "$7$", "$argon2", "$scrypt"];
const SCRUBBED: &str = "[scrubbed]";
const BLOCK: usize = 512;

/// The archive, in the format of tar (POSIX.1-1988 ustar). `more`: further texts, by name.
pub fn archive(patient: &Patient<'_>, more: &[(&str, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, text) in more {
        entry(&mut out, name, scrubbed(text).as_bytes(), patient.now);
    }
    let folders = FOLDERS.iter().flat_map(|folder| {
        let names = patient.list(folder);
        names.into_iter().map(move |name| format!("{folder}/{name}"))
    });
    let config = patient
        .config
        .as_ref()
        .ok()
        .and_then(|config| config.path.to_str().map(str::to_owned));
    let files = FILES.iter().map(|file| (*file).to_owned()).chain(folders).chain(config);
    for path in files {
        if let Some(text) = patient.text(&path).filter(|text| !text.is_empty()) {
            entry(
                &mut out,
                path.trim_start_matches('/'),
                scrubbed(&text).as_bytes(),
                patient.now,
            );
        }
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

/// The same text without what looks like a secret.
pub fn scrubbed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within_pem = false;
    for line in text.lines() {
        let begins = line.contains("-----BEGIN");
        within_pem |= begins;
        if within_pem {
            if begins {
                out.push_str(SCRUBBED);
                out.push('\n');
            }
            within_pem = !line.contains("-----END");
            continue;
        }
        out.push_str(&line_without_secrets(line));
        out.push('\n');
    }
    out
}

fn line_without_secrets(line: &str) -> String {
    if HASHES.iter().any(|hash| line.contains(hash)) {
        return SCRUBBED.to_owned();
    }
    let bare = line.trim_start();
    if let Some((key, value)) = line.split_once('=').filter(|_| !bare.starts_with(['#', '@', '-', '['])) {
        let name = key.trim().to_ascii_lowercase();
        let is_file = name.ends_with("-file") || name.ends_with("path") || name == "tls-key";
        let is_plain = !name.contains(char::is_whitespace);
        if is_plain && !is_file && !value.trim().is_empty() && SECRET_WORDS.iter().any(|word| name.contains(word)) {
            return format!("{key}= {SCRUBBED}");
        }
    }
    without_address_passwords(line)
}

/// `scheme://user:password@host` without the password.
fn without_address_passwords(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c == '/' || c.is_whitespace() || c == '"')
            .unwrap_or(after.len());
        let (authority, further) = after.split_at(end);
        match authority
            .rsplit_once('@')
            .and_then(|(person, host)| Some((person.split_once(':')?.0, host)))
        {
            Some((user, host)) => out.extend([user, ":", SCRUBBED, "@", host]),
            None => out.push_str(authority),
        }
        rest = further;
    }
    out.push_str(rest);
    out
}

/// One file of the archive; a name that is too long for it is cut at its front.
fn entry(out: &mut Vec<u8>, name: &str, content: &[u8], now: i64) {
    let mut header = [0_u8; BLOCK];
    let name = name.as_bytes();
    let name = &name[name.len().saturating_sub(100)..];
    put(&mut header, 0, name);
    for (at, text) in [
        (100, "0000644\0".to_owned()),
        (108, "0000000\0".to_owned()),
        (116, "0000000\0".to_owned()),
        (124, format!("{:011o}\0", content.len())),
        (136, format!("{:011o}\0", now.max(0))),
        (148, " ".repeat(8)),
        (156, "0".to_owned()),
        (257, "ustar\x0000".to_owned()),
    ] {
        put(&mut header, at, text.as_bytes());
    }
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
    out.extend(header);
    out.extend(content);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

fn put(header: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    if let Some(place) = header.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_looks_like_a_secret_is_left() {
        // In two pieces: no key lies in this tree, and nothing that looks like one.
        let (begin, end) = (
            concat!("-----BEGIN PRIVATE ", "KEY-----"),
            concat!("-----END PRIVATE ", "KEY-----"),
        );
        let text = format!(
            "issuer = \"https://id.example.org\"\nclient-secret = \"hunter2\"\npostgres = \"host=db password=hunter2\"\n\
             url = \"https://ann:hunter2@example.org/x\"\nroot:$y$j9T$hunter2:19000::\n{begin}\nhunter2\n{end}\n\
             password-file = \"/etc/samekey/mail\"\nPasswordAuthentication no\n\
             auth [success=1 default=ignore] pam_unix.so\n"
        );
        let left = scrubbed(&text);
        assert!(!left.contains("hunter2"), "{left}");
        for kept in [
            "https://id.example.org",
            "/etc/samekey/mail",
            "PasswordAuthentication no",
            "pam_unix.so",
            "ann:[scrubbed]@example.org/x",
        ] {
            assert!(left.contains(kept), "{kept}: {left}");
        }
    }

    #[test]
    fn the_archive_is_one_that_tar_reads() {
        let folder = tempfile::tempdir().unwrap();
        let mut out = Vec::new();
        entry(&mut out, "etc/a", b"some text", 1_777_593_600);
        entry(&mut out, "etc/b", &[b'x'; 513], 1_777_593_600);
        out.resize(out.len() + 2 * BLOCK, 0);
        let path = folder.path().join("bundle.tar");
        std::fs::write(&path, out).unwrap();
        let unpacked = std::process::Command::new("tar")
            .arg("-xf")
            .arg(&path)
            .arg("-C")
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(unpacked.success());
        assert_eq!(
            std::fs::read_to_string(folder.path().join("etc/a")).unwrap(),
            "some text"
        );
        assert_eq!(std::fs::read(folder.path().join("etc/b")).unwrap().len(), 513);
    }
}
