//! Module arguments: strict, an unknown one refuses the login and says so.

use std::ffi::CStr;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where the agent listens unless `socket=` says otherwise.
pub const SOCKET: &str = "/run/samekey/agent.sock";

/// How long the module waits for the agent in one PAM call, all waits added up. Well under sshd's LoginGraceTime of
/// 120 s; the time a person takes at a prompt is not counted.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// Longest `timeout=`: LoginGraceTime less 30 s for the person.
const LONGEST_TIMEOUT: u64 = 90;

/// Longest path the kernel takes for a Unix socket, its terminating zero included (`sun_path`).
const LONGEST_SOCKET: usize = 108;

/// What the line in `pam.d` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Args {
    /// `socket=PATH`: where the agent listens.
    pub socket: PathBuf,
    /// `timeout=SECONDS`: how long to wait for the agent.
    pub timeout: Duration,
    /// `panic`: panic instead of asking. Only in builds that test the containment of panics.
    #[cfg(feature = "fault-injection")]
    pub panic: bool,
}

/// An argument that cannot be obeyed. The login is refused: a typing error must not weaken it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadArgs(String);

impl fmt::Display for BadArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "module argument {}; known are socket=PATH and timeout=SECONDS: correct the line in pam.d",
            self.0
        )
    }
}

impl std::error::Error for BadArgs {}

/// Reads the arguments.
pub fn parse(given: &[&CStr]) -> Result<Args, BadArgs> {
    let (mut socket, mut timeout) = (None, None);
    #[cfg(feature = "fault-injection")]
    let mut panic = false;
    for arg in given {
        let text = arg.to_str().map_err(|_| BadArgs(format!("{arg:?} is not UTF-8")))?;
        match text.split_once('=') {
            Some(("socket", path)) => once(&mut socket, text, socket_path(path)?)?,
            Some(("timeout", seconds)) => once(&mut timeout, text, timeout_of(seconds)?)?,
            #[cfg(feature = "fault-injection")]
            None if text == "panic" => panic = true,
            _ => return Err(BadArgs(format!("{text:?} is unknown"))),
        }
    }
    Ok(Args {
        socket: socket.unwrap_or_else(|| PathBuf::from(SOCKET)),
        timeout: timeout.unwrap_or(TIMEOUT),
        #[cfg(feature = "fault-injection")]
        panic,
    })
}

/// Keeps a value, unless there is one already: of two, nobody knows which was meant.
fn once<T>(slot: &mut Option<T>, text: &str, value: T) -> Result<(), BadArgs> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(BadArgs(format!("{text:?} is given twice"))),
    }
}

fn socket_path(path: &str) -> Result<PathBuf, BadArgs> {
    if !path.starts_with('/') || path.ends_with('/') || path.len() >= LONGEST_SOCKET {
        return Err(BadArgs(format!(
            "\"socket={path}\" is no absolute path of less than {LONGEST_SOCKET} bytes"
        )));
    }
    Ok(PathBuf::from(path))
}

fn timeout_of(seconds: &str) -> Result<Duration, BadArgs> {
    match seconds.parse() {
        Ok(number @ 1..=LONGEST_TIMEOUT) if seconds.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(Duration::from_secs(number))
        }
        _ => Err(BadArgs(format!(
            "\"timeout={seconds}\" is no number of seconds from 1 to {LONGEST_TIMEOUT}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_arguments_the_defaults_hold() {
        let args = parse(&[]).unwrap();
        assert_eq!(args.socket, PathBuf::from(SOCKET));
        assert_eq!(args.timeout, TIMEOUT);
    }

    #[test]
    fn both_arguments_are_obeyed() {
        let args = parse(&[c"socket=/tmp/a.sock", c"timeout=5"]).unwrap();
        assert_eq!(args.socket, PathBuf::from("/tmp/a.sock"));
        assert_eq!(args.timeout, Duration::from_secs(5));
    }

    #[test]
    fn whatever_else_is_refused() {
        let long = std::ffi::CString::new(format!("socket=/{}", "a".repeat(108))).unwrap();
        for arg in [
            c"nullok",
            c"Socket=/a",
            c"socket",
            c"socket=",
            c"socket=a.sock",
            c"socket=/a/",
            long.as_c_str(),
            c"timeout=0",
            c"timeout=91",
            c"timeout=+5",
            c"timeout=5s",
            c"timeout=-1",
            c"timeout=99999999999999999999",
            c"",
            c"socket=/\xff",
        ] {
            assert!(parse(&[arg]).is_err(), "{arg:?}");
        }
        assert!(parse(&[c"timeout=5", c"timeout=6"]).is_err());
    }

    #[test]
    fn the_refusal_names_the_argument_and_the_known_ones() {
        let text = parse(&[c"nullok"]).unwrap_err().to_string();
        assert!(text.contains("nullok") && text.contains("socket=PATH"), "{text}");
    }
}
