//! What PAM knows of the login: user, service, terminal, remote host, ssh methods completed so far.
//!
//! A value that is there but cannot be read is never taken as absent: without its remote host a login would look local.

use crate::libpam;
use crate::outcome::Failure;
use crate::socket;
use pam::items::{AuthTok, RHost, RUser, Service, Tty};
use pam::module::PamHandle;
use samekey_wire::{Call, Start};
use std::ffi::CStr;
use std::os::unix::ffi::OsStringExt;

/// Longest PAM item in bytes that is passed on. The longest real one is a host name (255).
const LONGEST_ITEM: usize = 1024;

/// Longest `SSH_AUTH_INFO_0`: several certificates with RSA keys of 16384 bits fit.
const LONGEST_AUTH_INFO: usize = 32 * 1024;

/// Longest locale that is passed on.
const LONGEST_LOCALE: usize = 64;

/// Whose factor is asked for. Asks the person if the application has not named one, as every module does.
pub fn user(handle: &mut PamHandle) -> Result<String, Failure> {
    let user = handle
        .get_user(None)
        .map_err(|_| Failure::Caller("PAM names no user, or one that is not UTF-8"))?;
    match user.len() {
        0 => Err(Failure::Caller("PAM names a user without a name")),
        1..=LONGEST_ITEM => Ok(user),
        _ => Err(Failure::Caller("the user's name is too long")),
    }
}

/// Everything the agent wants to know.
pub fn gather(handle: &mut PamHandle, call: Call, user: String, silent: bool) -> Result<Start, Failure> {
    let ssh_connection = variable(handle, c"SSH_CONNECTION", LONGEST_ITEM)?;
    let auth_info = variable(handle, c"SSH_AUTH_INFO_0", LONGEST_AUTH_INFO)?;
    let unreadable = |_| Failure::Caller("libpam would not give an item");
    let service = match handle.get_item::<Service>().map_err(unreadable)? {
        Some(item) => text(item.0, LONGEST_ITEM)?,
        None => None,
    };
    let tty = match handle.get_item::<Tty>().map_err(unreadable)? {
        Some(item) => text(item.0, LONGEST_ITEM)?,
        None => None,
    };
    let rhost = match handle.get_item::<RHost>().map_err(unreadable)? {
        Some(item) => text(item.0, LONGEST_ITEM)?,
        None => None,
    };
    let ruser = match handle.get_item::<RUser>().map_err(unreadable)? {
        Some(item) => text(item.0, LONGEST_ITEM)?,
        None => None,
    };
    let had_password = handle.get_item::<AuthTok>().map_err(unreadable)?.is_some();
    Ok(Start {
        call,
        service: service.ok_or(Failure::Caller("PAM names no service"))?,
        user,
        tty,
        rhost,
        ruser,
        uid: socket::own_uid(),
        silent,
        ssh_connection,
        auth_info,
        had_password,
        locale: locale(handle),
    })
}

/// The locale that the session, else the program, is in: what of it an agent could use. A strange one is none.
fn locale(handle: &mut PamHandle) -> Option<String> {
    const NAMES: [&CStr; 3] = [c"LC_ALL", c"LC_MESSAGES", c"LANG"];
    let of_session = NAMES.map(|name| libpam::variable(handle, name));
    let of_program = NAMES.map(|name| std::env::var_os(name.to_str().ok()?).map(std::ffi::OsString::into_vec));
    let mut all = of_session.into_iter().chain(of_program).flatten();
    worth_saying(all.find(|value| !value.is_empty())?)
}

/// Neither English nor the C locale, which an agent speaks without being told.
fn worth_saying(value: Vec<u8>) -> Option<String> {
    let ordinary = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.@-".contains(byte);
    let value = String::from_utf8(value).ok()?;
    let plain = ["C", "POSIX"].contains(&value.as_str()) || value.starts_with("C.") || value.starts_with("en");
    (value.len() <= LONGEST_LOCALE && value.as_bytes().iter().all(ordinary) && !plain).then_some(value)
}

fn variable(handle: &mut PamHandle, name: &CStr, longest: usize) -> Result<Option<String>, Failure> {
    match libpam::variable(handle, name) {
        Some(bytes) => bounded(bytes, longest),
        None => Ok(None),
    }
}

fn text(item: &CStr, longest: usize) -> Result<Option<String>, Failure> {
    bounded(item.to_bytes().to_vec(), longest)
}

/// Empty is absent (sudo and some lockers set items to ""); too long or unreadable is a refusal.
fn bounded(bytes: Vec<u8>, longest: usize) -> Result<Option<String>, Failure> {
    if bytes.len() > longest {
        return Err(Failure::Caller("a PAM item is too long"));
    }
    match String::from_utf8(bytes) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Failure::Caller("a PAM item is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_taken_as_absent() {
        assert_eq!(bounded(Vec::new(), 8), Ok(None));
        assert_eq!(bounded(b"::1".to_vec(), 8), Ok(Some("::1".into())));
        assert!(bounded(b"\xff".to_vec(), 8).is_err());
        assert!(bounded(b"123456789".to_vec(), 8).is_err());
    }

    #[test]
    fn a_locale_is_said_where_it_is_another_language_and_looks_like_one() {
        let said = |value: &str| worth_saying(value.as_bytes().to_vec());
        assert_eq!(said("zh_CN.UTF-8").as_deref(), Some("zh_CN.UTF-8"));
        let long = "z".repeat(65);
        for plain in [
            "C",
            "POSIX",
            "C.UTF-8",
            "en_US.UTF-8",
            "zh CN",
            "../../x",
            "zh\n",
            &long,
        ] {
            assert_eq!(said(plain), None, "{plain}");
        }
        assert_eq!(worth_saying(b"zh_\xff".to_vec()), None);
    }
}
