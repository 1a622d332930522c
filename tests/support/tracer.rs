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
    let process = libc::pid_t::try_from(child.id()).unwrap();
    let mut run = Run { ended: Ended::Killed(0), calls: 0, injected: false };
    let mut counting = false;
    let mut entering = true;
    let mut failing = false;
    loop {
        let mut status = 0;
        // SAFETY: the child is ours, and `status` may be written.
        let waited = unsafe { libc::waitpid(process, &raw mut status, 0) };
        assert_eq!(waited, process, "waitpid");
        if libc::WIFEXITED(status) {
            run.ended = Ended::Exited(libc::WEXITSTATUS(status));
            return run;
        }
        if libc::WIFSIGNALED(status) {
            run.ended = Ended::Killed(libc::WTERMSIG(status));
            return run;
        }
        let signal = libc::WSTOPSIG(status);
        let mut pass_on = 0;
        if signal == libc::SIGTRAP | 0x80 {
            if entering {
                let mut registers = registers(process);
                if is_close_of(&registers, marks.begins) {
                    counting = true;
                } else if is_close_of(&registers, marks.ends) {
                    counting = false;
                } else if counting {
                    if fault.is_some_and(|(at, _)| at == run.calls) {
                        // There is no such call: the kernel does nothing.
                        registers.orig_rax = u64::MAX;
                        set_registers(process, &registers);
                        failing = true;
                        run.injected = true;
                    }
                    run.calls += 1;
                }
            } else if failing {
                let mut registers = registers(process);
                let error = fault.map_or(0, |(_, error)| error);
                registers.rax = u64::from_ne_bytes((-i64::from(error)).to_ne_bytes());
                set_registers(process, &registers);
                failing = false;
            }
            entering = !entering;
        } else if signal == libc::SIGTRAP {
            // Right after exec: tell system calls from real traps, and take the child along should we die.
            let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
            // SAFETY: the child is stopped and ours.
            unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, process, 0, options) };
        } else {
            pass_on = signal;
        }
        // SAFETY: the child is stopped and ours.
        unsafe { libc::ptrace(libc::PTRACE_SYSCALL, process, 0, pass_on) };
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
