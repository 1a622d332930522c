//! Questions to a person. Without a terminal there are none: the command says which option answers instead.

use crate::exit::{Exit, Failure};
use crate::keyboard::{self, Hushed};
use crate::output::printable;
use samekey_shared::secrets::SecretText;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use zeroize::Zeroizing;

/// Longest line that is taken from a person.
const LONGEST: usize = 1024;

/// A person at a terminal: keys from stdin, talk to stderr.
#[derive(Debug)]
pub struct Terminal(());

impl Terminal {
    /// The terminal, when both stdin and stderr are one.
    pub fn attached() -> Option<Self> {
        (std::io::stdin().is_terminal() && std::io::stderr().is_terminal()).then_some(Self(()))
    }

    /// The terminal, or the refusal that names the `option` to use instead.
    pub fn needed(what: &str, option: &str) -> Result<Self, Failure> {
        Self::attached().ok_or_else(|| {
            Failure::usage(format!("{what} is needed and there is no terminal to ask at"))
                .hint(format!("Use {option}."))
        })
    }

    /// Columns and lines.
    pub fn size() -> (usize, usize) {
        keyboard::size(std::io::stderr().as_fd())
    }

    /// Asks for a line, echoed, blanks at both ends removed.
    #[expect(clippy::unused_self, reason = "only who holds a terminal can ask")]
    pub fn ask(&self, prompt: &str) -> Result<String, Failure> {
        write_prompt(prompt);
        let mut line = String::new();
        let read = std::io::stdin().lock().take(LONGEST as u64).read_line(&mut line);
        match read {
            Ok(0) => Err(gave_up()),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(Failure::failed(format!("the terminal: {error}"))),
        }
    }

    /// Asks for something secret, not echoed.
    #[expect(clippy::unused_self, reason = "only who holds a terminal can ask")]
    pub fn ask_hidden(&self, prompt: &str) -> Result<SecretText, Failure> {
        let stdin = std::io::stdin();
        let hushed = Hushed::new(stdin.as_fd()).map_err(|error| Failure::failed(format!("the terminal: {error}")))?;
        write_prompt(prompt);
        let typed = read_keys(&mut stdin.lock());
        drop(hushed);
        crate::output::say("");
        typed
    }
}

/// Asks for a typed YES, in any letter case (Q6), unless `yes` was given on the command line.
pub fn confirm(yes: bool, prompt: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let typed = Terminal::attached().map(|terminal| terminal.ask(prompt)).transpose()?;
    match typed {
        Some(typed) if typed.eq_ignore_ascii_case("yes") => Ok(()),
        Some(_) => Err(Failure::new(
            Exit::Usage,
            "confirmation_required",
            "not confirmed; nothing was changed",
        )),
        None => Err(Failure::new(
            Exit::Usage,
            "confirmation_required",
            "this needs a typed YES and there is no terminal",
        )
        .hint("Use --yes.")),
    }
}

fn write_prompt(prompt: &str) {
    let mut talk = std::io::stderr().lock();
    // A prompt that cannot be shown still waits for its answer; the terminal itself is gone then and the read ends.
    let _ = write!(talk, "{}", printable(prompt)).and_then(|()| talk.flush());
}

fn gave_up() -> Failure {
    Failure::failed("given up at the terminal; nothing was changed")
}

/// Reads keys up to Enter, with the editing that a hushed terminal no longer does.
fn read_keys(keys: &mut impl BufRead) -> Result<SecretText, Failure> {
    // Room for the longest, so that growing never leaves a copy behind.
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
    for key in keys.bytes() {
        match key.map_err(|error| Failure::failed(format!("the terminal: {error}")))? {
            b'\r' | b'\n' => return text(&typed),
            0x03 => return Err(gave_up()),
            0x04 if typed.is_empty() => return Err(gave_up()),
            0x08 | 0x7f => erase_character(&mut typed),
            0x15 => typed.clear(),
            // Other control keys mean nothing in a password and must not end up in it unseen.
            0x00..=0x1f => {}
            byte if typed.len() < LONGEST => typed.push(byte),
            _ => return Err(Failure::usage(format!("longer than {LONGEST} bytes"))),
        }
    }
    Err(gave_up())
}

fn erase_character(typed: &mut Vec<u8>) {
    while let Some(byte) = typed.pop() {
        // 10xxxxxx continues a character; go on to its first byte.
        if byte & 0xc0 != 0x80 {
            break;
        }
    }
}

fn text(typed: &[u8]) -> Result<SecretText, Failure> {
    let text = std::str::from_utf8(typed).map_err(|_| Failure::usage("what was typed is not UTF-8"))?;
    Ok(SecretText::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Result<String, Exit> {
        read_keys(&mut &keys[..])
            .map(|text| text.expose().clone())
            .map_err(|failure| failure.exit)
    }

    #[test]
    fn keys_edit_as_people_expect() {
        assert_eq!(typed(b"secret\rmore"), Ok("secret".to_owned()));
        assert_eq!(typed(b"secrex\x7ft\n"), Ok("secret".to_owned()));
        assert_eq!(typed("stra\u{df}\x7fss\n".as_bytes()), Ok("strass".to_owned()));
        assert_eq!(typed(b"wrong\x15right\n"), Ok("right".to_owned()));
        assert_eq!(typed(b"\n"), Ok(String::new()));
        assert_eq!(typed(b"\x7f\x7fa\x1b\n"), Ok("a".to_owned()));
    }

    #[test]
    fn giving_up_and_nonsense_are_failures() {
        assert_eq!(typed(b"half\x03"), Err(Exit::Failed));
        assert_eq!(typed(b"\x04"), Err(Exit::Failed));
        assert_eq!(typed(b"hangs up"), Err(Exit::Failed));
        assert_eq!(typed(b"\xff\n"), Err(Exit::Usage));
        assert_eq!(typed(&[b'a'; LONGEST + 1]), Err(Exit::Usage));
    }
}
