//! A program on a pseudo-terminal, as a person would use it: wait until a text shows, type a line.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Nothing that is waited for may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running program and everything it has shown.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    master: OwnedFd,
    shown: String,
    read_to: usize,
    half_a_character: Vec<u8>,
}

/// What a person would complain about.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The program or its terminal could not be had.
    #[error("the program could not be started on a terminal: {0}")]
    Start(std::io::Error),
    /// The text never came.
    #[error("waited for \"{awaited}\", but {}; the terminal shows:\n{shown}", if *ended { "the program ended" } else { "time ran out" })]
    Unseen {
        /// The text, or the texts, waited for.
        awaited: String,
        /// What came instead.
        shown: String,
        /// Whether the program closed its terminal; else it was just slow.
        ended: bool,
    },
    /// Reading, writing or waiting failed.
    #[error("the terminal broke: {0}")]
    Broken(std::io::Error),
}

impl Terminal {
    /// Starts `program` with `arguments` on a terminal of its own, 80 by 24.
    pub fn start<A: AsRef<OsStr>>(
        program: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, TerminalError> {
        let (master, name) = pair().map_err(|error| TerminalError::Start(error.into()))?;
        let side = || {
            std::fs::OpenOptions::new()
                .read(true)
                .write(true)
                .open(&name)
                .map(Stdio::from)
        };
        // setsid makes the terminal the controlling one, so that ssh and sudo find it at /dev/tty.
        let child = Command::new("setsid")
            .env("TERM", "dumb") // no colours, no cursor movements: what is shown is text
            .args(["--ctty", "--wait", program])
            .args(arguments)
            .stdin(side().map_err(TerminalError::Start)?)
            .stdout(side().map_err(TerminalError::Start)?)
            .stderr(side().map_err(TerminalError::Start)?)
            .spawn()
            .map_err(TerminalError::Start)?;
        Ok(Self {
            child,
            master,
            shown: String::new(),
            read_to: 0,
            half_a_character: Vec::new(),
        })
    }

    /// Waits until one of `texts` shows after what was waited for before; says which, the earliest shown.
    pub fn see_any(&mut self, texts: &[&str]) -> Result<usize, TerminalError> {
        loop {
            let fresh = &self.shown[self.read_to..];
            let found = texts
                .iter()
                .enumerate()
                .filter_map(|(index, text)| fresh.find(text).map(|at| (at, index, text.len())))
                .min();
            if let Some((at, index, length)) = found {
                self.read_to += at + length;
                return Ok(index);
            }
            if let Some(ended) = self.read_more()? {
                return Err(TerminalError::Unseen {
                    awaited: texts.join("\" or \""),
                    shown: self.shown[self.read_to..].to_owned(),
                    ended,
                });
            }
        }
    }

    /// Waits until `text` shows.
    pub fn see(&mut self, text: &str) -> Result<(), TerminalError> {
        self.see_any(&[text]).map(|_| ())
    }

    /// Types a line. Only after [`see`](Self::see) of the prompt: what is typed before a prompt, programs throw away.
    pub fn line(&mut self, text: &str) -> Result<(), TerminalError> {
        self.keys(format!("{text}\n").as_bytes())
    }

    /// Types these very bytes: `b"\x03"` is Ctrl-C, `b"\x04"` the end of input.
    pub fn keys(&mut self, bytes: &[u8]) -> Result<(), TerminalError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = rustix::io::write(&self.master, rest).map_err(|error| TerminalError::Broken(error.into()))?;
            rest = &rest[written..];
        }
        Ok(())
    }

    /// Waits for the program's end; how it ended.
    pub fn end(&mut self) -> Result<ExitStatus, TerminalError> {
        while self.read_more()?.is_none() {}
        self.child.wait().map_err(TerminalError::Broken)
    }

    /// Everything shown so far, without carriage returns.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The program's process: setsid has become it.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills the program without a word, as when a laptop's lid closes.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Reads what has come: `None` for more to hope for, else whether the program closed its terminal (or was just slow).
    fn read_more(&mut self) -> Result<Option<bool>, TerminalError> {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let limit = Timespec {
            tv_sec: PATIENCE.as_secs().cast_signed(),
            tv_nsec: 0,
        };
        match poll(&mut fds, Some(&limit)) {
            Ok(0) => return Ok(Some(false)),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(TerminalError::Broken(error.into())),
        }
        let mut buffer = [0; 4096];
        match rustix::io::read(&self.master, &mut buffer) {
            // The kernel says EIO when the last holder of the other side is gone.
            Ok(0) | Err(rustix::io::Errno::IO) => Ok(Some(true)),
            Ok(length) => {
                self.show(&buffer[..length]);
                Ok(None)
            }
            Err(rustix::io::Errno::INTR) => Ok(None),
            Err(error) => Err(TerminalError::Broken(error.into())),
        }
    }

    /// Appends what came; a character of several bytes may arrive in two reads.
    fn show(&mut self, bytes: &[u8]) {
        self.half_a_character.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.half_a_character) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.half_a_character.len(),
        };
        let text: Vec<u8> = self.half_a_character.drain(..whole).collect();
        self.shown
            .extend(String::from_utf8_lossy(&text).chars().filter(|c| *c != '\r'));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Our side of a new terminal of 80 by 24, and where the other side is opened. No program that starts meanwhile inherits ours:
/// whoever holds it keeps the other side from ending.
pub fn pair() -> rustix::io::Result<(OwnedFd, std::path::PathBuf)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let size = rustix::termios::Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    rustix::termios::tcsetwinsize(&master, size)?;
    Ok((master, std::path::PathBuf::from(OsStr::from_bytes(name.to_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_answered_and_the_end_is_seen() {
        let mut terminal = Terminal::start(
            "sh",
            ["-c", "printf 'name? '; read n < /dev/tty; echo hello $n; exit 7"],
        )
        .unwrap();
        terminal.see("name? ").unwrap();
        terminal.line("ann").unwrap();
        terminal.see("hello ann").unwrap();
        assert_eq!(terminal.end().unwrap().code(), Some(7));
    }

    #[test]
    fn a_text_that_never_comes_is_told_with_what_came() {
        let mut terminal = Terminal::start("echo", ["something", "else"]).unwrap();
        let Err(TerminalError::Unseen {
            awaited,
            shown,
            ended: true,
        }) = terminal.see("prompt")
        else {
            panic!("seen")
        };
        assert_eq!((awaited.as_str(), shown.trim()), ("prompt", "something else"));
    }

    #[test]
    fn the_earliest_of_several_texts_wins() {
        let mut terminal = Terminal::start("echo", ["one two"]).unwrap();
        assert_eq!(terminal.see_any(&["two", "one"]).unwrap(), 1);
        assert_eq!(terminal.see_any(&["one", "two"]).unwrap(), 1);
    }
}
