//! Who runs the command, for the audit trail, and which system user a name means.
#![expect(unsafe_code, reason = "the user database has no safe interface in std")]

use crate::environment;
use std::ffi::{CStr, CString};

/// A system user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemUser {
    /// Login name.
    pub name: String,
    /// User number.
    pub uid: u32,
    /// Number of the primary group.
    pub gid: u32,
}

/// Who typed the command: the user who called sudo rather than root, else the one this process belongs to.
pub fn operator() -> SystemUser {
    let uid = real_uid();
    let called_sudo = (uid == 0).then(environment::sudo_user).flatten();
    let nameless = SystemUser {
        name: uid.to_string(),
        uid,
        gid: uid,
    };
    called_sudo
        .and_then(|name| user(&name))
        .or_else(|| user_of(uid))
        .unwrap_or(nameless)
}

/// The real user number of this process.
fn real_uid() -> u32 {
    // SAFETY: getuid takes nothing and cannot fail.
    unsafe { libc::getuid() }
}

/// The user whom this process acts as.
pub fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// The system user of this name, if there is one.
pub fn user(name: &str) -> Option<SystemUser> {
    let name = CString::new(name).ok()?;
    look_up(|entry, buffer, found| {
        // SAFETY: all pointers are to live room of the stated size; `name` ends in NUL.
        unsafe { libc::getpwnam_r(name.as_ptr(), entry, buffer.as_mut_ptr(), buffer.len(), found) }
    })
}

/// The name of this user number, if it has one.
pub fn name_of(uid: u32) -> Option<String> {
    user_of(uid).map(|user| user.name)
}

fn user_of(uid: u32) -> Option<SystemUser> {
    look_up(|entry, buffer, found| {
        // SAFETY: all pointers are to live room of the stated size.
        unsafe { libc::getpwuid_r(uid, entry, buffer.as_mut_ptr(), buffer.len(), found) }
    })
}

type Ask<'a> = dyn Fn(*mut libc::passwd, &mut [libc::c_char], *mut *mut libc::passwd) -> libc::c_int + 'a;

fn look_up(
    ask: impl Fn(*mut libc::passwd, &mut [libc::c_char], *mut *mut libc::passwd) -> libc::c_int,
) -> Option<SystemUser> {
    let ask: &Ask<'_> = &ask;
    let mut room = 1024;
    while room <= 1 << 20 {
        let mut buffer = vec![0; room];
        let mut entry = std::mem::MaybeUninit::<libc::passwd>::uninit();
        let mut found = std::ptr::null_mut();
        match ask(entry.as_mut_ptr(), &mut buffer, &raw mut found) {
            0 if found.is_null() => return None,
            0 => {
                // SAFETY: an answer of 0 with a result means that the entry is filled and points into `buffer`.
                let entry = unsafe { entry.assume_init() };
                // SAFETY: pw_name is a string that ends in NUL inside `buffer`, which is still alive.
                let name = unsafe { CStr::from_ptr(entry.pw_name) };
                let name = name.to_str().ok()?.to_owned();
                return Some(SystemUser {
                    name,
                    uid: entry.pw_uid,
                    gid: entry.pw_gid,
                });
            }
            libc::ERANGE => room *= 4,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_root_and_no_stranger() {
        assert_eq!(
            user("root"),
            Some(SystemUser {
                name: "root".to_owned(),
                uid: 0,
                gid: 0
            })
        );
        assert_eq!(user("no-such-user-here"), None);
        assert_eq!(user("nul\0inside"), None);
        assert_eq!(user_of(0).map(|user| user.name).as_deref(), Some("root"));
    }
}
