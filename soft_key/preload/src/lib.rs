//! Preloaded into the programs of a throw-away machine, where it tells three lies that a real key would not need.
//!
//! - libudev lists a device only if its folder lies on a file system of sysfs's kind. The software key's folders lie on a
//!   tmpfs that covers a part of `/sys` (`samekey_soft_key::place`): `fstatfs` calls that sysfs.
//! - libfido2 speaks to a character device and to nothing else (`fido_hid_unix_open`): `fstat` calls the software key's node one.
//! - A program that may write no files (`RLIMIT_FSIZE`) may write to a device. The software key's node is a FUSE file, to
//!   which the kernel applies that limit: `write` hands HID reports over in an `ioctl` instead.
//!
//! Named in the machine's own `/etc/ld.so.preload`; everything else goes to the kernel as it is.
#![expect(unsafe_code, reason = "takes the place of C functions")]

use std::ffi::{c_int, c_void};

const TMPFS: i64 = 0x0102_1994;
const SYSFS: i64 = 0x6265_6572;

/// A HID report with its number in front.
const REPORT: usize = 65;
/// `_IOW('H', 0x7f, [u8; 65])`: no request of hidraw's, and one of the software key's (`samekey_soft_key::hidraw`).
const HAND_OVER: libc::c_ulong = (1 << 30) | ((REPORT as libc::c_ulong) << 16) | (0x48 << 8) | 0x7f;

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

/// `fstat(2)`.
///
/// # Safety
/// As the C function: `told` points to a `struct stat` that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fstat(descriptor: c_int, told: *mut libc::stat) -> c_int {
    // SAFETY: the caller's promise is the system call's own condition; on 64-bit machines the C library's structure is the kernel's.
    let result = unsafe { libc::syscall(libc::SYS_fstat, descriptor, told) };
    if result != 0 {
        return -1;
    }
    // SAFETY: the call has succeeded, so it has filled the structure.
    let found = unsafe { &mut *told };
    // An empty file of 1970: hardly another one is asked further. Sandboxed programs may not even read a link.
    if found.st_mode & libc::S_IFMT == libc::S_IFREG && (found.st_size, found.st_mtime) == (0, 0) && is_key(descriptor)
    {
        found.st_mode = found.st_mode & !libc::S_IFMT | libc::S_IFCHR;
    }
    0
}

/// The same under the name that programs with large files use.
///
/// # Safety
/// As [`fstat`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fstat64(descriptor: c_int, told: *mut libc::stat) -> c_int {
    // SAFETY: the caller's promise is handed on.
    unsafe { fstat(descriptor, told) }
}

fn is_key(descriptor: c_int) -> bool {
    let path = std::fs::read_link(format!("/proc/self/fd/{descriptor}"));
    path.is_ok_and(|path| path.to_string_lossy().starts_with("/dev/hidraw"))
}

fn is_below_sys(descriptor: c_int) -> bool {
    std::fs::read_link(format!("/proc/self/fd/{descriptor}")).is_ok_and(|path| path.starts_with("/sys/"))
}

/// `write(2)`.
///
/// # Safety
/// As the C function: `count` bytes may be read from `bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(descriptor: c_int, bytes: *const c_void, count: usize) -> isize {
    if count == REPORT {
        // SAFETY: the request reads as many bytes as there are; whatever is no software key refuses it and does nothing.
        let result = unsafe { libc::syscall(libc::SYS_ioctl, descriptor, HAND_OVER, bytes) };
        let error = std::io::Error::last_os_error().raw_os_error();
        if result == 0 || error == Some(libc::ENODEV) {
            return if result == 0 { count.cast_signed() } else { -1 };
        }
    }
    // SAFETY: the caller's promise is the system call's own condition.
    let result = unsafe { libc::syscall(libc::SYS_write, descriptor, bytes, count) };
    isize::try_from(result).unwrap_or(-1)
}
