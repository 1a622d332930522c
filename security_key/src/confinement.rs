//! What this program does without: other descriptors, new privileges, core files, its own standard output.
#![expect(unsafe_code, reason = "no safe call closes every descriptor at once")]

use rustix::io::fcntl_dupfd_cloexec;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{DumpableBehavior, Resource, Rlimit, setrlimit};
use std::fs::File;
use std::io;

/// Descriptors that the driver needs, with room: a few keys, udev's files.
const DESCRIPTORS: u64 = 64;

/// Memory that the program may map, in bytes. Each thread reserves far more of it than it uses.
const MEMORY: u64 = 2 * 1024 * 1024 * 1024;

/// Gives up what is not needed. Returns where to say events, and what the driver prints to standard error.
///
/// The driver prints what it likes to standard output, so the real one is kept aside; its word that a key waits for a
/// touch comes over standard error, which becomes a pipe to ourselves.
pub fn enter() -> io::Result<(File, File)> {
    close_inherited();
    std::env::set_current_dir("/")?;
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let exactly = |limit| Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    setrlimit(Resource::Core, exactly(0))?;
    setrlimit(Resource::Fsize, exactly(0))?;
    setrlimit(Resource::Nofile, exactly(DESCRIPTORS))?;
    setrlimit(Resource::As, exactly(MEMORY))?;
    let said = fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    let (noises, noisy) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    rustix::stdio::dup2_stderr(noisy)?;
    // What a panic says would reach nobody.
    std::panic::set_hook(Box::new(|_| {}));
    Ok((File::from(said), File::from(noises)))
}

/// Closes what whoever started us left open by mistake.
fn close_inherited() {
    let first: libc::c_uint = 3;
    // SAFETY: the call takes three numbers. It is the first thing the program does: nothing here has opened a descriptor
    // yet that would be closed under somebody's hands.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) };
}
