//! Somebody who sits at the machine: what the kernel and systemd-logind would know of a session at its keyboard.

use samekey_demo::Terminal;
use std::ffi::OsStr;

/// Begins a session as `login` does: the kernel writes the session's mark into the process, logind's record names it as
/// leader, and what runs below it inherits the mark.
const SESSION: &str = r#"
uid=$(id -u "$1") && echo "$uid" >/proc/self/loginuid || { echo "NOT RUN: this root may not begin sessions (CAP_AUDIT_CONTROL)"; exit 99; }
number=$(cat /proc/self/sessionid)
mkdir -p /run/systemd/sessions
printf 'UID=%s\nACTIVE=1\nSTATE=active\nREMOTE=0\nSEAT=seat0\nCLASS=user\nLEADER=%s\n' "$uid" "$$" >"/run/systemd/sessions/$number"
shift
"$@"
exit $?
"#;

/// Runs a command at the machine's own keyboard, in a session of this user's. It starts with root's rights.
pub fn at_the_machine<A: AsRef<OsStr>>(user: &str, command: impl IntoIterator<Item = A>) -> Terminal {
    let mut arguments: Vec<_> = ["-c", SESSION, "session", user]
        .map(|text| OsStr::new(text).to_owned())
        .into();
    arguments.extend(command.into_iter().map(|argument| argument.as_ref().to_owned()));
    Terminal::start("sh", arguments).unwrap()
}
