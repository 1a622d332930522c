//! Preloaded into the programs of a throw-away machine: `fstatfs` takes a tmpfs below `/sys` for sysfs.
//!
//! libudev lists a device only if its folder lies on a file system of sysfs's kind. The software key's folders lie on a
//! tmpfs that covers a part of `/sys` (`samekey_soft_key::place`); this library, named in the machine's own
//! `/etc/ld.so.preload`, says "sysfs" for what lies there and changes nothing else.
#![expect(unsafe_code, reason = "takes the place of two C functions")]

use std::ffi::c_int;

const TMPFS: i64 = 0x0102_1994;
const SYSFS: i64 = 0x6265_6572;

/// `fstatfs(2)`.
///
/// # Safety
/// As the C function: `told` points to a `struct statfs` that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fstatfs(descriptor: c_int, told: *mut libc::statfs) -> c_int {
    // SAFETY: the caller's promise is the system call's own condition.
    let result = unsafe { libc::syscall(libc::SYS_fstatfs, descriptor, told) };
    // SAFETY: the call has succeeded, so it has filled the structure.
    if result == 0 && unsafe { (*told).f_type } == TMPFS && is_below_sys(descriptor) {
        // SAFETY: as above.
        unsafe { (*told).f_type = SYSFS };
    }
    if result == 0 { 0 } else { -1 }
}

/// The same under the name that programs with large files use; on 64-bit machines the structures are one.
///
/// # Safety
/// As [`fstatfs`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fstatfs64(descriptor: c_int, told: *mut libc::statfs) -> c_int {
    // SAFETY: the caller's promise is handed on.
    unsafe { fstatfs(descriptor, told) }
}

fn is_below_sys(descriptor: c_int) -> bool {
    std::fs::read_link(format!("/proc/self/fd/{descriptor}")).is_ok_and(|path| path.starts_with("/sys/"))
}
