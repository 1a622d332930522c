//! Settings of the C library's allocator that keep an idle agent small.
#![expect(unsafe_code, reason = "mallopt and malloc_trim are C interfaces")]

/// Blocks from this size on are given back to the system as soon as they are freed. Left alone, glibc raises its
/// threshold to the 19 MiB of the first Argon2 it sees, and keeps that much for ever.
const GIVEN_BACK: libc::c_int = 1024 * 1024;

/// Heaps that threads share: one per thread, glibc's default, would each keep what its thread once used.
const HEAPS: libc::c_int = 2;

/// The largest block of glibc's "fast" lists: none. Each thread's own cache serves small blocks as well, and whatever lies
/// in a fast list is sorted out again by every larger allocation, some hundreds in a login.
const FAST: libc::c_int = 0;

/// Call once, before there are threads.
#[cfg(target_env = "gnu")]
pub fn economise() {
    // SAFETY: each sets a number inside the allocator; no thread is running yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, GIVEN_BACK);
        libc::mallopt(libc::M_ARENA_MAX, HEAPS);
        libc::mallopt(libc::M_MXFAST, FAST);
    }
}

/// Gives back what is free, when a busy time is over.
#[cfg(target_env = "gnu")]
pub fn give_back() {
    // SAFETY: takes the allocator's own locks; nothing else is touched.
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries have nothing to set.
#[cfg(not(target_env = "gnu"))]
pub fn economise() {}

/// Other C libraries give back by themselves.
#[cfg(not(target_env = "gnu"))]
pub fn give_back() {}
