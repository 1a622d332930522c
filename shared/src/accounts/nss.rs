//! Asks the system (NSS: files, sssd, LDAP) for a user's groups. The only unsafe code of the accounts.

use libc::{c_char, c_int, gid_t};
use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ptr;

/// Why the system's groups are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NssError {
    /// The system does not know such a user: also the answer of a directory that is not reachable.
    #[error("the system knows no such user")]
    NoSuchUser,
    /// A lookup failed.
    #[error("the system's user database did not answer: error {0}")]
    Failed(c_int),
}

/// Entries of huge groups are long; beyond this something is wrong.
const MOST_BYTES: usize = 1 << 24;
/// Linux's own limit (NGROUPS_MAX).
const MOST_GROUPS: usize = 65_536;

/// The names of all groups of this user; a group without a name as its number, as `id` shows it.
pub(super) fn groups_of(user: &CStr) -> Result<BTreeSet<String>, NssError> {
    let primary = primary_group(user)?.ok_or(NssError::NoSuchUser)?;
    group_numbers(user, primary)?
        .into_iter()
        .map(|number| Ok(group_name(number)?.unwrap_or_else(|| number.to_string())))
        .collect()
}

#[expect(unsafe_code, reason = "libc is the only way to NSS")]
fn primary_group(user: &CStr) -> Result<Option<gid_t>, NssError> {
    with_buffer(|buffer| {
        let mut entry = MaybeUninit::<libc::passwd>::uninit();
        let mut found = ptr::null_mut();
        // SAFETY: `user` ends with NUL; `entry`, `buffer` and `found` are ours for the call, and the buffer's true
        // length is passed. `found` is NULL, or points to `entry`, which is then filled in.
        let code = unsafe {
            libc::getpwnam_r(
                user.as_ptr(),
                entry.as_mut_ptr(),
                buffer.as_mut_ptr(),
                buffer.len(),
                &raw mut found,
            )
        };
        // SAFETY: not NULL means that `entry` was filled in; `pw_gid` is a plain number.
        let group = (!found.is_null()).then(|| unsafe { (*found).pw_gid });
        (code, group)
    })
}

#[expect(unsafe_code, reason = "libc is the only way to NSS")]
fn group_name(number: gid_t) -> Result<Option<String>, NssError> {
    with_buffer(|buffer| {
        let mut entry = MaybeUninit::<libc::group>::uninit();
        let mut found = ptr::null_mut();
        // SAFETY: as in `primary_group`.
        let code = unsafe {
            libc::getgrgid_r(
                number,
                entry.as_mut_ptr(),
                buffer.as_mut_ptr(),
                buffer.len(),
                &raw mut found,
            )
        };
        let name = (!found.is_null()).then(|| {
            // SAFETY: not NULL means that `entry` was filled in; its name is a NUL-ended text in `buffer`, which
            // lives until the copy is made.
            unsafe { CStr::from_ptr((*found).gr_name) }
                .to_string_lossy()
                .into_owned()
        });
        (code, name)
    })
}

#[expect(unsafe_code, reason = "libc is the only way to NSS")]
fn group_numbers(user: &CStr, primary: gid_t) -> Result<Vec<gid_t>, NssError> {
    let mut numbers: Vec<gid_t> = vec![0; 64];
    loop {
        let mut count = c_int::try_from(numbers.len()).map_err(|_| NssError::Failed(libc::ERANGE))?;
        // SAFETY: `user` ends with NUL; `numbers` has room for `count` entries; at most that many are written.
        let answer = unsafe { libc::getgrouplist(user.as_ptr(), primary, numbers.as_mut_ptr(), &raw mut count) };
        let needed = usize::try_from(count).map_err(|_| NssError::Failed(libc::EINVAL))?;
        if answer >= 0 {
            numbers.truncate(needed);
            return Ok(numbers);
        }
        if needed <= numbers.len() || needed > MOST_GROUPS {
            return Err(NssError::Failed(libc::ERANGE));
        }
        numbers.resize(needed, 0);
    }
}

/// Calls with a growing buffer until the answer fits.
fn with_buffer<T>(mut call: impl FnMut(&mut [c_char]) -> (c_int, Option<T>)) -> Result<Option<T>, NssError> {
    let mut buffer: Vec<c_char> = vec![0; 1024];
    loop {
        match call(&mut buffer) {
            (0, found) => return Ok(found),
            (libc::EINTR, _) => {}
            (libc::ERANGE, _) if buffer.len() < MOST_BYTES => buffer.resize(buffer.len() * 4, 0),
            (code, _) => return Err(NssError::Failed(code)),
        }
    }
}

/// As [`groups_of`], for a Rust text.
pub(super) fn groups_of_name(user: &str) -> Result<BTreeSet<String>, NssError> {
    let user = CString::new(user).map_err(|_| NssError::NoSuchUser)?;
    groups_of(&user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_in_the_group_root() {
        assert!(groups_of_name("root").unwrap().contains("root"));
    }

    #[test]
    fn nobody_of_that_name_is_an_error_not_an_empty_set() {
        assert_eq!(groups_of_name("no-such-user-here"), Err(NssError::NoSuchUser));
        assert_eq!(groups_of_name("root\0x"), Err(NssError::NoSuchUser));
    }
}
