//! OpenSSH's interface to authenticators (sk-api.h, version 10; PROTOCOL.u2f), played by software: Ed25519 keys whose handle
//! is their seed, touched as soon as they are asked, and sure of their person whenever that is asked.
//!
//! It signs as an authenticator does: SHA-256 of the application, flags, counter, SHA-256 of the message. A key that was made
//! without `-O verify-required` is not asked to verify, and its signatures then say so.
#![expect(unsafe_code, reason = "a C interface that OpenSSH loads")]

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use std::ffi::{CStr, c_char, c_int};

/// `SSH_SK_VERSION_MAJOR`.
const VERSION: u32 = 0x000a_0000;
/// `SSH_SK_ED25519`.
const ED25519: u32 = 1;
/// `SSH_SK_USER_PRESENCE_REQD`, which is also the flag of a signature that was touched.
const PRESENT: u8 = 0x01;
/// `SSH_SK_USER_VERIFICATION_REQD`, likewise.
const VERIFIED: u8 = 0x04;
/// `SSH_SK_ERR_GENERAL` and `SSH_SK_ERR_UNSUPPORTED`.
const GENERAL: c_int = -1;
const UNSUPPORTED: c_int = -2;
/// Nobody checks that it grows.
const COUNTER: u32 = 1;

/// `struct sk_enroll_response`.
#[repr(C)]
#[derive(Debug)]
pub struct Enrolled {
    flags: u8,
    public_key: *mut u8,
    public_key_len: usize,
    key_handle: *mut u8,
    key_handle_len: usize,
    signature: *mut u8,
    signature_len: usize,
    attestation_cert: *mut u8,
    attestation_cert_len: usize,
    authdata: *mut u8,
    authdata_len: usize,
}

/// `struct sk_sign_response`.
#[repr(C)]
#[derive(Debug)]
pub struct Signed {
    flags: u8,
    counter: u32,
    sig_r: *mut u8,
    sig_r_len: usize,
    sig_s: *mut u8,
    sig_s_len: usize,
}

/// The version of the interface.
#[unsafe(no_mangle)]
pub extern "C" fn sk_api_version() -> u32 {
    VERSION
}

/// Makes a key.
///
/// # Safety
/// Called by OpenSSH alone: `response` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sk_enroll(
    alg: u32,
    _challenge: *const u8,
    _challenge_len: usize,
    _application: *const c_char,
    flags: u8,
    _pin: *const c_char,
    _options: *mut *mut u8,
    response: *mut *mut Enrolled,
) -> c_int {
    if alg != ED25519 {
        return UNSUPPORTED;
    }
    let mut seed = [0; 32];
    if SystemRandom::new().fill(&mut seed).is_err() {
        return GENERAL;
    }
    let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(&seed) else {
        return GENERAL;
    };
    let enrolled = Enrolled {
        flags,
        public_key: copied(pair.public_key().as_ref()),
        public_key_len: 32,
        key_handle: copied(&seed),
        key_handle_len: 32,
        // Of an attestation that nobody asked for.
        signature: copied(&[0; 64]),
        signature_len: 64,
        attestation_cert: std::ptr::null_mut(),
        attestation_cert_len: 0,
        authdata: std::ptr::null_mut(),
        authdata_len: 0,
    };
    // SAFETY: the caller's own pointer, which it gave to be written.
    unsafe { *response = given(enrolled) };
    0
}

/// Signs a message.
///
/// # Safety
/// Called by OpenSSH alone: the texts end with a zero, the lengths are those of what they stand beside, `response` may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sk_sign(
    alg: u32,
    data: *const u8,
    data_len: usize,
    application: *const c_char,
    key_handle: *const u8,
    key_handle_len: usize,
    flags: u8,
    _pin: *const c_char,
    _options: *mut *mut u8,
    response: *mut *mut Signed,
) -> c_int {
    if alg != ED25519 {
        return UNSUPPORTED;
    }
    // SAFETY: as the caller promises.
    let (message, application, seed) = unsafe {
        (
            std::slice::from_raw_parts(data, data_len),
            CStr::from_ptr(application).to_bytes(),
            std::slice::from_raw_parts(key_handle, key_handle_len),
        )
    };
    let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(seed) else {
        return GENERAL;
    };
    let said = PRESENT | (flags & VERIFIED);
    let mut signed = digest(&SHA256, application).as_ref().to_vec();
    signed.push(said);
    signed.extend(COUNTER.to_be_bytes());
    signed.extend(digest(&SHA256, message).as_ref());
    let answer = Signed {
        flags: said,
        counter: COUNTER,
        sig_r: copied(pair.sign(&signed).as_ref()),
        sig_r_len: 64,
        sig_s: std::ptr::null_mut(),
        sig_s_len: 0,
    };
    // SAFETY: the caller's own pointer, which it gave to be written.
    unsafe { *response = given(answer) };
    0
}

/// Keys that live in the authenticator: there are none.
#[unsafe(no_mangle)]
pub extern "C" fn sk_load_resident_keys(
    _pin: *const c_char,
    _options: *mut *mut u8,
    _keys: *mut *mut *mut u8,
    _count: *mut usize,
) -> c_int {
    UNSUPPORTED
}

/// Bytes that OpenSSH will free.
fn copied(bytes: &[u8]) -> *mut u8 {
    // SAFETY: so much room is asked for as is written, and nothing is written where none was given.
    unsafe {
        let room = libc::malloc(bytes.len()).cast::<u8>();
        if !room.is_null() {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), room, bytes.len());
        }
        room
    }
}

/// A whole answer that OpenSSH will free.
fn given<T>(answer: T) -> *mut T {
    // SAFETY: malloc's alignment suits every C type; the room is as large as what is written.
    unsafe {
        let room = libc::malloc(size_of::<T>()).cast::<T>();
        if !room.is_null() {
            room.write(answer);
        }
        room
    }
}
