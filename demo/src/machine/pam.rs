//! PAM on the machine: where modules lie, and the stack that the README tells people to write.

use super::MachineError;
use std::path::PathBuf;

/// Our line in the `auth` part, after the first factor.
pub const AUTH_LINE: &str = "auth     [success=ok ignore=ignore default=die]  pam_samekey.so";
/// Our line in the `account` part: the tripwire for logins that never passed the line above.
pub const ACCOUNT_LINE: &str = "account  required                                pam_samekey.so";
/// A whole service: the system's password, then a second factor.
pub const STACK: &str = "\
auth     requisite                               pam_unix.so
auth     [success=ok ignore=ignore default=die]  pam_samekey.so
account  required                                pam_samekey.so
account  required                                pam_unix.so
session  required                                pam_unix.so
";

/// The folder that libpam takes modules from: the one that holds `pam_unix.so`.
pub(super) fn folder() -> Result<PathBuf, MachineError> {
    let multiarch = format!("/lib/{}-linux-gnu/security", std::env::consts::ARCH);
    let places = [
        multiarch.as_str(),
        "/lib/security",
        "/lib64/security",
        "/usr/lib64/security",
        "/usr/lib/security",
    ];
    let found = places
        .into_iter()
        .map(PathBuf::from)
        .find(|place| place.join("pam_unix.so").exists());
    found.ok_or_else(|| MachineError(format!("no pam_unix.so in {}", places.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_holds_our_lines_after_the_first_factor() {
        let lines: Vec<&str> = STACK.lines().collect();
        assert_eq!((lines[1], lines[2]), (AUTH_LINE, ACCOUNT_LINE));
        assert!(lines[0].ends_with("pam_unix.so"));
    }
}
