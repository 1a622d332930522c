//! Programs under measurement: started, waited for, looked at through /proc, counted by strace, always ended.

use crate::Trouble;
use std::io::Read;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running program; ended when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// The program's own id, which is not the child's where strace stands between.
    pid: u32,
    trace: Option<PathBuf>,
}

impl Process {
    /// Starts a program; what it prints goes into `log`.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self, Trouble> {
        let out = std::fs::File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .map_err(|error| Trouble::Program(format!("{command:?}: {error}")))?;
        Ok(Self {
            pid: child.id(),
            child,
            trace: None,
        })
    }

    /// Starts a program under strace, which writes down each sync with the file it was of.
    pub fn start_counted(command: &Command, log: &Path) -> Result<Self, Trouble> {
        let trace = log.with_extension("strace");
        let mut traced = Command::new("strace");
        traced
            .args(["-f", "-qq", "-y", "--seccomp-bpf"])
            .args(["-e", "trace=fsync,fdatasync,msync,sync_file_range", "-o"])
            .arg(&trace)
            .arg(command.get_program())
            .args(command.get_args());
        let mut started = Self::start(&mut traced, log)?;
        started.trace = Some(trace);
        Ok(started)
    }

    /// Leaves the program one processor, whatever the machine has; the load generator may use the same.
    pub fn on_one_core(&self) -> Result<(), Trouble> {
        let pid = self.pid.to_string();
        let set = Command::new("taskset")
            .args(["-a", "-c", "-p", "0", &pid])
            .stdout(Stdio::null())
            .status()?;
        if set.success() {
            Ok(())
        } else {
            Err(Trouble::Program(format!("taskset: {set}")))
        }
    }

    /// Waits until `ready` holds.
    pub fn until(&mut self, what: &str, ready: impl Fn() -> bool) -> Result<(), Trouble> {
        let start = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                return Err(Trouble::Program(format!("{what}: ended with {status}")));
            }
            if start.elapsed() > PATIENCE {
                return Err(Trouble::Program(format!("{what}: not ready after {PATIENCE:?}")));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        if self.trace.is_some() {
            self.pid = first_child(self.child.id()).unwrap_or(self.pid);
        }
        Ok(())
    }

    /// Waits until something listens on this port of 127.0.0.1.
    pub fn until_listening(&mut self, port: u16) -> Result<(), Trouble> {
        self.until(&format!("port {port}"), || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
    }

    /// Waits until it ends by itself.
    pub fn finish(&mut self) -> Result<(), Trouble> {
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(Trouble::Program(format!("ended with {status}")))
        }
    }

    /// Resident memory in MiB.
    pub fn resident_mib(&self) -> Result<f64, Trouble> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let kib = status.lines().find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .strip_suffix(" kB")?
                .parse::<f64>()
                .ok()
        });
        kib.map(|kib| kib / 1024.0)
            .ok_or_else(|| Trouble::Program("no VmRSS in /proc".into()))
    }

    /// Processor time of all its threads so far, in milliseconds.
    pub fn cpu_ms(&self) -> Result<f64, Trouble> {
        let mut nanoseconds = 0.0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let text = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            nanoseconds += text
                .split(' ')
                .next()
                .and_then(|word| word.parse::<f64>().ok())
                .unwrap_or(0.0);
        }
        Ok(nanoseconds / 1e6)
    }

    /// The syncs so far, one line each, of a program started counted.
    pub fn syncs(&self) -> Result<Vec<String>, Trouble> {
        let Some(trace) = &self.trace else {
            return Ok(Vec::new());
        };
        let mut text = String::new();
        std::fs::File::open(trace)?.read_to_string(&mut text)?;
        let finished = |line: &&str| line.contains("sync") && line.contains(") = 0") || line.contains("resumed>");
        Ok(text.lines().filter(finished).map(str::to_owned).collect())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // strace passes an ending on to what it traces only when it is asked kindly; so both are ended by id.
        for pid in [self.pid, self.child.id()] {
            let _ = Command::new("kill").arg(pid.to_string()).stderr(Stdio::null()).status();
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn first_child(pid: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// A port of 127.0.0.1 that was free a moment ago.
pub fn free_port() -> Result<u16, Trouble> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
