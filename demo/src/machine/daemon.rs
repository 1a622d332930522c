//! A program that runs until we end it; what it writes goes to a file of its own.

use super::{MachineError, broken, run};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often, and how many times, to look whether a daemon is ready: 30 s in all.
pub(super) const LOOK: Duration = Duration::from_millis(20);
pub(super) const LOOKS: u32 = 1_500;

/// A running daemon. It is ended when this value goes.
#[derive(Debug)]
pub struct Daemon {
    program: String,
    child: Child,
    output: PathBuf,
}

impl Daemon {
    /// Starts `program`, as the system user `user` if one is given.
    pub fn start(program: &str, arguments: &[&str], user: Option<&str>) -> Result<Self, MachineError> {
        let trouble = |why| broken(format!("starting {program}"), why);
        let name = program.rsplit('/').next().unwrap_or(program);
        let output = PathBuf::from(format!("/run/{name}.said"));
        let file = File::options()
            .create(true)
            .append(true)
            .open(&output)
            .map_err(trouble)?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir("/").stdin(Stdio::null());
        command.stdout(file.try_clone().map_err(trouble)?).stderr(file);
        if let Some(user) = user {
            command.uid(number_of(user, "-u")?).gid(number_of(user, "-g")?);
        }
        let child = command.spawn().map_err(trouble)?;
        Ok(Self {
            program: name.to_owned(),
            child,
            output,
        })
    }

    /// The program's name.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What it has written so far, over all its runs.
    pub fn said(&self) -> String {
        let text = std::fs::read(&self.output).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Waits until it is ready; fails, with what it said, when it ends before or takes too long.
    pub(super) fn until(mut self, mut ready: impl FnMut() -> bool) -> Result<Self, MachineError> {
        for _ in 0..LOOKS {
            if ready() {
                return Ok(self);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(broken(format!("{} ended ({status})", self.program), self.said().trim()));
            }
            std::thread::sleep(LOOK);
        }
        Err(broken(
            format!("{} is not ready after 30 s", self.program),
            self.said().trim(),
        ))
    }

    /// Waits until it listens on this loopback port.
    pub(super) fn until_listening(self, port: u16) -> Result<Self, MachineError> {
        self.until(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // Asked first, so that it can close its files; the box's end kills what does not listen.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        for _ in 0..LOOKS / 10 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number_of(user: &str, which: &str) -> Result<u32, MachineError> {
    let output = run("id", &[which, user], "")?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .map_err(|why| broken(format!("the number of user {user}"), why))
}
