//! A PAM module that answers by a script: copies of it take the place of every module of a stack in tests.
//!
//! The application puts the answers into PAM's own environment, `SCRIPT=0,7,25`; whichever copy is asked takes the first
//! and adds its file name to `CALLED`. Without an answer left it says `PAM_ABORT`.
#![expect(unsafe_code, reason = "a PAM module is a C library")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};

const ABORT: c_int = 26;

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_getenv(handle: *mut c_void, name: *const c_char) -> *const c_char;
    fn pam_putenv(handle: *mut c_void, assignment: *const c_char) -> c_int;
}

macro_rules! entry_points {
    ($($name:ident)*) => {$(
        /// An entry point of PAM's.
        ///
        /// # Safety
        /// Called by libpam alone, with its handle.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(handle: *mut c_void, _: c_int, _: c_int, _: *const *const c_char) -> c_int {
            answer(handle).unwrap_or(ABORT)
        }
    )*};
}

entry_points! {
    pam_sm_authenticate pam_sm_setcred pam_sm_acct_mgmt pam_sm_open_session pam_sm_close_session pam_sm_chauthtok
}

fn answer(handle: *mut c_void) -> Option<c_int> {
    let script = variable(handle, c"SCRIPT")?;
    let (first, rest) = script.split_once(',').unwrap_or((&script, ""));
    let called = variable(handle, c"CALLED").unwrap_or_default();
    set(handle, &format!("CALLED={called}{} ", own_name()))?;
    set(handle, &format!("SCRIPT={rest}"))?;
    first.parse().ok()
}

fn variable(handle: *mut c_void, name: &CStr) -> Option<String> {
    // SAFETY: the handle is libpam's; what it returns is null or a string that lives until the variable changes.
    unsafe {
        let value = pam_getenv(handle, name.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value).to_string_lossy().into_owned())
    }
}

fn set(handle: *mut c_void, assignment: &str) -> Option<()> {
    let assignment = CString::new(assignment).ok()?;
    // SAFETY: the handle is libpam's, which copies the text.
    (unsafe { pam_putenv(handle, assignment.as_ptr()) } == 0).then_some(())
}

/// The file that this copy was loaded from.
fn own_name() -> String {
    let mut told = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    let here: fn() -> String = own_name;
    // SAFETY: the address is of a function of this library; a zeroed Dl_info is a valid one, filled by the loader.
    unsafe {
        let told = if libc::dladdr(here as *const c_void, told.as_mut_ptr()) == 0 {
            return String::new();
        } else {
            told.assume_init()
        };
        let path = CStr::from_ptr(told.dli_fname).to_string_lossy();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }
}
