//! What `pam-bindings` lacks of libpam, wrapped so that the rest of the crate needs no `unsafe`.
#![expect(unsafe_code, reason = "calls into libpam's C interface")]

use pam::module::PamHandle;
use std::ffi::{CStr, CString, c_char, c_int, c_uint};

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_fail_delay(handle: *mut PamHandle, microseconds: c_uint) -> c_int;
    fn pam_getenv(handle: *mut PamHandle, name: *const c_char) -> *const c_char;
    fn pam_syslog(handle: *const PamHandle, priority: c_int, format: *const c_char, ...);
}

/// How severe a line in the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something must be repaired.
    Error,
    /// A login was refused.
    Notice,
    /// A login went on.
    Info,
}

/// Asks libpam to wait, if this authentication fails, before it returns to the application. Whoever guesses codes is
/// slowed down, and all failures take alike.
pub fn delay_failure(handle: &mut PamHandle, microseconds: u32) {
    // SAFETY: the handle is the live one libpam gave to this call.
    let _ = unsafe { pam_fail_delay(handle, microseconds) };
}

/// A variable of the PAM environment (not the process's), if it is set.
pub fn variable(handle: &mut PamHandle, name: &CStr) -> Option<Vec<u8>> {
    // SAFETY: the handle is live and the name ends with a zero; libpam keeps the value at least until the next
    // change of its environment, and it is copied before anything else runs.
    unsafe {
        let value = pam_getenv(handle, name.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value).to_bytes().to_vec())
    }
}

/// Writes one line to syslog, facility authpriv, headed by module, service and phase.
pub fn log(handle: &PamHandle, severity: Severity, line: &str) {
    let priority = match severity {
        Severity::Error => libc::LOG_ERR,
        Severity::Notice => libc::LOG_NOTICE,
        Severity::Info => libc::LOG_INFO,
    };
    // The caller has escaped control characters, so a zero cannot be in there; if it is, say at least that much.
    let line = CString::new(line).unwrap_or_else(|_| c"(a line with a zero byte)".to_owned());
    // SAFETY: the handle is live, the format is "%s" and its one argument ends with a zero.
    unsafe { pam_syslog(handle, priority, c"%s".as_ptr(), line.as_ptr()) };
}

/// Writes one line to syslog where there is no handle: from the panic hook.
pub fn log_without_handle(line: &str) {
    let line = CString::new(line).unwrap_or_else(|_| c"(a line with a zero byte)".to_owned());
    // SAFETY: the format is "%s" and its one argument ends with a zero.
    unsafe { libc::syslog(libc::LOG_AUTHPRIV | libc::LOG_CRIT, c"%s".as_ptr(), line.as_ptr()) };
}

/// Reads plain data that this module stored in the handle under this key.
///
/// `T` must be the type stored under the key, in every version of this module: two builds of it may share a handle.
/// That is why [`crate::marker`] keeps a `repr(C)` type without pointers, and the version in the key.
pub(crate) fn stored<'a>(handle: &'a PamHandle, key: &str) -> Option<&'a crate::marker::Marker> {
    // SAFETY: only `marker` writes under its key, and always a `Marker`.
    unsafe { handle.get_data::<crate::marker::Marker>(key) }.ok()
}
