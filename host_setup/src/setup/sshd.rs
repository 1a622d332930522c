//! The machine's sshd: whether its configuration can be read, what it makes of it for one person, and a reload.

use super::SetupError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where sshd is.
const PROGRAM: &str = "/usr/sbin/sshd";
/// Where systemd's units live while it runs the machine.
pub(super) const SYSTEMD: &str = "/run/systemd/system";

/// sshd and its configuration.
#[derive(Debug, Clone)]
pub struct Sshd {
    program: PathBuf,
    /// Arguments that name the configuration, if it is not sshd's own.
    named: Vec<String>,
}

impl Default for Sshd {
    fn default() -> Self {
        Self {
            program: PathBuf::from(PROGRAM),
            named: Vec::new(),
        }
    }
}

impl Sshd {
    /// Whether it is installed.
    pub fn is_there(&self) -> bool {
        self.program.exists()
    }

    /// What it says against its configuration; it names file and line.
    pub fn complaint(&self) -> Result<(), String> {
        self.run(&["-t"]).map(drop)
    }

    /// The values that hold for this connection (`user=ann,host=h,addr=192.0.2.1`), by option in small letters; the last
    /// word of an option that stands several times is all of them.
    pub fn effective(&self, connection: &str) -> Result<BTreeMap<String, String>, String> {
        let told = self.run(&["-T", "-C", connection])?;
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        for line in told.lines() {
            let (option, value) = line.split_once(' ').unwrap_or((line, ""));
            let known = values.entry(option.to_owned()).or_default();
            if !known.is_empty() {
                known.push('\n');
            }
            known.push_str(value);
        }
        Ok(values)
    }

    /// Has the running one read its configuration anew, where one runs.
    pub fn reload(&self) -> Result<(), SetupError> {
        if Path::new(SYSTEMD).exists() {
            // Debian's name and everybody else's; with socket activation there may be none to reload.
            for unit in ["ssh.service", "sshd.service"] {
                let asked = Command::new("systemctl").args(["--quiet", "is-active", unit]).status();
                if asked.is_ok_and(|status| status.success()) {
                    return ran("systemctl", &["reload", unit]).map(drop);
                }
            }
            return Ok(());
        }
        let values = self.effective("user=root,host=localhost,addr=127.0.0.1");
        let file = values.ok().and_then(|values| values.get("pidfile").cloned());
        let text = file.and_then(|file| std::fs::read_to_string(file).ok());
        let Some(pid) = text.and_then(|text| text.trim().parse::<i32>().ok()) else {
            return Ok(());
        };
        // A file that was left behind may name anybody's process by now.
        let runs = std::fs::read_link(format!("/proc/{pid}/exe")).ok();
        if runs.is_none_or(|runs| runs.file_name() != self.program.file_name()) {
            return Ok(());
        }
        let pid = rustix::process::Pid::from_raw(pid);
        pid.map_or(Ok(()), |pid| {
            rustix::process::kill_process(pid, rustix::process::Signal::HUP)
        })
        .map_err(|why| SetupError::file(&self.program, why.into()))
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(&self.program).args(&self.named).args(arguments).output();
        let output = output.map_err(|why| format!("{}: {why}", self.program.display()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// Runs a program to its end; what it said where it fails.
pub(super) fn ran(program: &str, arguments: &[&str]) -> Result<String, SetupError> {
    let trouble = |said: String| SetupError::Program {
        program: format!("{program} {}", arguments.join(" ")),
        said,
    };
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|why| trouble(why.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(trouble(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
