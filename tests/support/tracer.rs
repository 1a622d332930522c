//! Makes the n-th system call of another program fail: every step that can go wrong below the code, one by one.
#![expect(unsafe_code, reason = "ptrace is a C interface")]

use std::os::unix::process::CommandExt;
use std::process::Command;

/// What became of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this code.
    Exited(i32),
    /// It was killed by this signal.
    Killed(i32),
}

/// A traced run.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// How it ended.
    pub ended: Ended,
    /// System calls between the two marks.
    pub calls: usize,
    /// Whether the call to fail was reached.
    pub injected: bool,
}

/// Descriptors whose closing marks the part that counts.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    /// Its begin.
    pub begins: i32,
    /// Its end.
    pub ends: i32,
}

/// Runs the program. If told so, the n-th (from 0) system call between the marks is not made and fails with this error.
#[expect(
    clippy::zombie_processes,
    reason = "waited for by waitpid, which also tells of stops"
)]
pub fn run(command: &mut Command, marks: Marks, fault: Option<(usize, i32)>) -> Run {
    // SAFETY: between fork and exec only a system call is made.
    unsafe {
        command.pre_exec(|| {
            if libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let child = command.spawn().unwrap();
    let mut tracee = Tracee {
        process: libc::pid_t::try_from(child.id()).unwrap(),
        marks,
        fault,
        counting: false,
        inside: false,
        failing: None,
        calls: 0,
        injected: false,
    };
    let ended = loop {
        if let Some(ended) = tracee.step() {
            break ended;
        }
    };
    Run {
        ended,
        calls: tracee.calls,
        injected: tracee.injected,
    }
}

/// The program, stopped at every system call's begin and end.
struct Tracee {
    process: libc::pid_t,
    marks: Marks,
    fault: Option<(usize, i32)>,
    counting: bool,
    inside: bool,
    failing: Option<i32>,
    calls: usize,
    injected: bool,
}

impl Tracee {
    /// Waits for the next stop and goes on from it; tells how the program ended, when it has.
    fn step(&mut self) -> Option<Ended> {
        let mut status = 0;
        // SAFETY: the child is ours, and `status` may be written.
        let waited = unsafe { libc::waitpid(self.process, &raw mut status, 0) };
        assert_eq!(waited, self.process, "waitpid");
        if libc::WIFEXITED(status) {
            return Some(Ended::Exited(libc::WEXITSTATUS(status)));
        }
        if libc::WIFSIGNALED(status) {
            return Some(Ended::Killed(libc::WTERMSIG(status)));
        }
        let mut pass_on = 0;
        match libc::WSTOPSIG(status) {
            signal if signal == libc::SIGTRAP | 0x80 => {
                if self.inside {
                    self.leave();
                } else {
                    self.enter();
                }
                self.inside = !self.inside;
            }
            libc::SIGTRAP => {
                // Right after exec: tell system calls from real traps, and take the child along should we die.
                let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
                // SAFETY: the child is stopped and ours.
                unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, self.process, 0, options) };
            }
            signal => pass_on = signal,
        }
        // SAFETY: the child is stopped and ours.
        unsafe { libc::ptrace(libc::PTRACE_SYSCALL, self.process, 0, pass_on) };
        None
    }

    /// At the begin of a system call.
    fn enter(&mut self) {
        let mut registers = registers(self.process);
        if is_close_of(&registers, self.marks.begins) {
            self.counting = true;
        } else if is_close_of(&registers, self.marks.ends) {
            self.counting = false;
        } else if self.counting {
            if let Some((at, error)) = self.fault
                && at == self.calls
            {
                // There is no such call: the kernel does nothing.
                registers.orig_rax = u64::MAX;
                set_registers(self.process, &registers);
                self.failing = Some(error);
                self.injected = true;
            }
            self.calls += 1;
        }
    }

    /// At its end.
    fn leave(&mut self) {
        if let Some(error) = self.failing.take() {
            let mut registers = registers(self.process);
            registers.rax = u64::from_ne_bytes((-i64::from(error)).to_ne_bytes());
            set_registers(self.process, &registers);
        }
    }
}

fn registers(process: libc::pid_t) -> libc::user_regs_struct {
    // SAFETY: all zeroes is a valid value, which ptrace then overwrites; the child is stopped and ours.
    unsafe {
        let mut registers: libc::user_regs_struct = std::mem::zeroed();
        assert_eq!(libc::ptrace(libc::PTRACE_GETREGS, process, 0, &raw mut registers), 0);
        registers
    }
}

fn set_registers(process: libc::pid_t, registers: &libc::user_regs_struct) {
    // SAFETY: the child is stopped and ours.
    let result = unsafe { libc::ptrace(libc::PTRACE_SETREGS, process, 0, std::ptr::from_ref(registers)) };
    assert_eq!(result, 0);
}

fn is_close_of(registers: &libc::user_regs_struct, descriptor: i32) -> bool {
    i64::try_from(registers.orig_rax) == Ok(libc::SYS_close)
        && registers.rdi.to_ne_bytes()[..4] == descriptor.to_ne_bytes()
}
