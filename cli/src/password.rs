//! Where a new password comes from: typed twice at the terminal, or a line from stdin or another descriptor.

use crate::exit::Failure;
use crate::terminal::Terminal;
use samekey_shared::secrets::SecretText;
use std::io::{BufRead, BufReader, Read};
use zeroize::Zeroizing;

/// A longer line is refused before anything is done with it; the account's own limit is lower.
const LONGEST: u64 = 1024;

/// The options that say where the password comes from.
#[derive(Debug, Clone, clap::Args)]
pub struct PasswordSource {
    /// Read the password from the first line of stdin
    #[arg(long)]
    pub password_stdin: bool,
    /// Read the password from the first line of this open descriptor
    #[arg(long, value_name = "NUMBER", conflicts_with = "password_stdin")]
    pub password_fd: Option<u16>,
}

impl PasswordSource {
    /// Whether an option names a source.
    pub fn is_given(&self) -> bool {
        self.password_stdin || self.password_fd.is_some()
    }

    /// The password, from the source given or typed twice at the terminal.
    pub fn obtain(&self) -> Result<SecretText, Failure> {
        if let Some(number) = self.password_fd {
            let path = format!("/proc/self/fd/{number}");
            let file = std::fs::File::open(&path)
                .map_err(|error| Failure::usage(format!("--password-fd {number}: {error}")))?;
            return first_line(file);
        }
        if self.password_stdin {
            return first_line(std::io::stdin().lock());
        }
        let terminal = Terminal::needed("a password", "--password-stdin or --password-fd")?;
        let first = terminal.ask_hidden("New password: ")?;
        let second = terminal.ask_hidden("The same again: ")?;
        if first.expose() != second.expose() {
            return Err(Failure::usage("the two passwords differ; nothing was changed"));
        }
        Ok(first)
    }
}

/// The first line of `from` without its line end.
pub fn first_line(from: impl Read) -> Result<SecretText, Failure> {
    let mut line = Zeroizing::new(Vec::with_capacity(usize::try_from(LONGEST).unwrap_or(1024) + 2));
    BufReader::new(from.take(LONGEST + 2))
        .read_until(b'\n', &mut line)
        .map_err(|error| Failure::failed(format!("reading the secret: {error}")))?;
    let end = line
        .strip_suffix(b"\n")
        .map_or(line.as_slice(), |rest| rest.strip_suffix(b"\r").unwrap_or(rest))
        .len();
    if end as u64 > LONGEST {
        return Err(Failure::usage(format!("the secret is longer than {LONGEST} bytes")));
    }
    if end == 0 {
        return Err(Failure::usage("the secret is empty"));
    }
    let text = std::str::from_utf8(&line[..end]).map_err(|_| Failure::usage("the secret is not UTF-8"))?;
    Ok(SecretText::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_line_and_keeps_blanks() {
        let read = |text: &str| first_line(text.as_bytes()).map(|line| line.expose().clone()).ok();
        assert_eq!(read(" pass word \nrest"), Some(" pass word ".to_owned()));
        assert_eq!(read("windows\r\n"), Some("windows".to_owned()));
        assert_eq!(read("no line end"), Some("no line end".to_owned()));
        assert_eq!(read("inner\rreturn\n"), Some("inner\rreturn".to_owned()));
    }

    #[test]
    fn refuses_empty_too_long_and_no_text() {
        assert!(first_line(&b"\n"[..]).is_err());
        assert!(first_line(&b""[..]).is_err());
        assert!(first_line(&[b'a'; 1025][..]).is_err());
        assert!(first_line(&[b'a'; 1024][..]).is_ok());
        assert!(first_line(&b"\xff\n"[..]).is_err());
    }
}
