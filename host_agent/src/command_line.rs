//! The command line of the program that asks, for the eyes of whoever approves it. Nothing is decided by it: a person may
//! call a program as they like, and what sudo then runs is sudo's affair.

use std::fs::File;
use std::io::Read;

/// Most bytes that are read; an approval shows less.
const MOST: u64 = 2048;

/// What this process was started with, as one would type it; nothing if it cannot be read.
pub fn of(pid: Option<u32>) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/{}/cmdline", pid?))
        .ok()?
        .take(MOST)
        .read_to_end(&mut bytes)
        .ok()?;
    typed(&bytes)
}

/// The words as the kernel keeps them, each with a zero behind it.
fn typed(bytes: &[u8]) -> Option<String> {
    let words = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    let words = words
        .split(|byte| *byte == 0)
        .map(|word| quoted(&String::from_utf8_lossy(word)));
    (!bytes.is_empty()).then(|| words.collect::<Vec<_>>().join(" "))
}

/// A word as a shell would need it, so that one argument with spaces does not look like several.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_./:=,+@%^-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_told_apart() {
        let line = typed(b"sudo\0sh\0-c\0rm /x\0\0it's\0");
        assert_eq!(line.as_deref(), Some(r"sudo sh -c 'rm /x' '' 'it'\''s'"));
        assert_eq!(typed(b""), None);
    }

    #[test]
    fn a_process_shows_what_it_was_started_with() {
        let mine = std::env::args().map(|word| quoted(&word)).collect::<Vec<_>>().join(" ");
        assert_eq!(of(Some(std::process::id())), Some(mine));
        assert_eq!(of(None), None);
        assert_eq!(of(Some(u32::MAX)), None);
    }
}
