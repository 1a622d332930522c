//! A throw-away machine: this process is root in a box made by `demo/box.sh` and may change anything.
//!
//! [`Machine::install`] puts our programs where a package would, makes the daemons' user and the accounts' home, and
//! catches the system log. Everything started through it ends with it.

mod daemon;
mod enrol;
mod pam;
mod ssh;
mod syslog;
mod web;

pub use daemon::Daemon;
pub use enrol::Enrolled;
pub use pam::{ACCOUNT_LINE, AUTH_LINE, STACK};
pub use ssh::{Sshd, SshdOptions};
pub use web::WebDoor;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The file that `demo/box.sh` leaves inside.
const MARK: &str = "/run/samekey-box";
/// Our programs, and where they go.
const PROGRAMS: [(&str, &str); 5] = [
    ("samekey", "/usr/local/bin"),
    ("samekey-agent", "/usr/local/sbin"),
    ("samekey-provider", "/usr/local/sbin"),
    ("samekey-key", "/usr/libexec/samekey"),
    ("sample-app", "/usr/local/sbin"),
];
/// The user that the daemons run as.
const DAEMON_USER: &str = "samekey";

/// Why the machine could not be set up; a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MachineError(String);

/// A step that did not work, with the reason.
fn broken(doing: impl std::fmt::Display, why: impl std::fmt::Display) -> MachineError {
    MachineError(format!("{doing}: {why}"))
}

/// The machine.
#[derive(Debug)]
pub struct Machine {
    log: syslog::Log,
    daemons: Vec<Daemon>,
}

/// Whether this process is inside a box.
pub fn is_inside() -> bool {
    Path::new(MARK).exists()
}

impl Machine {
    /// Installs what `make build` left in cargo's folder `target`. Only inside a box.
    pub fn install(target: &Path) -> Result<Self, MachineError> {
        if !is_inside() {
            return Err(MachineError(
                "this would change the machine it runs on: start it through demo/box.sh".to_owned(),
            ));
        }
        let built = target.join("debug");
        for (program, place) in PROGRAMS {
            fs::create_dir_all(place).map_err(|why| broken(place, why))?;
            copy(&built.join(program), &Path::new(place).join(program), 0o755)?;
        }
        copy(
            &target.join("module/release/libpam_samekey.so"),
            &pam::folder()?.join("pam_samekey.so"),
            0o644,
        )?;
        if !is_user(DAEMON_USER) {
            let home = "--home-dir=/var/lib/samekey";
            run(
                "useradd",
                &[
                    "--system",
                    "--no-create-home",
                    home,
                    "--shell=/usr/sbin/nologin",
                    DAEMON_USER,
                ],
                "",
            )?;
        }
        run(
            "install",
            &["-d", "-o", DAEMON_USER, "-g", DAEMON_USER, "-m", "755", "/run/samekey"],
            "",
        )?;
        Ok(Self {
            log: syslog::Log::catch()?,
            daemons: Vec::new(),
        })
    }

    /// Makes a Unix account with this password, who may become root through sudo.
    pub fn add_person(&self, name: &str, password: &str) -> Result<(), MachineError> {
        // The machine that the box copies may know somebody of that name.
        if is_user(name) {
            run("userdel", &["--force", name], "")?;
        }
        run("useradd", &["--create-home", "--shell=/bin/bash", name], "")?;
        run("chown", &[name, &format!("/home/{name}")], "")?;
        run("chpasswd", &[], &format!("{name}:{password}\n"))?;
        write(
            &format!("/etc/sudoers.d/{name}"),
            &format!("{name} ALL=(ALL) ALL\n"),
            0o440,
        )
    }

    /// Writes a PAM service file.
    pub fn pam(&self, service: &str, stack: &str) -> Result<(), MachineError> {
        write(&format!("/etc/pam.d/{service}"), stack, 0o644)
    }

    /// Runs the administrator's command; its standard output. Fails unless it exits with 0.
    pub fn samekey(&self, arguments: &[&str], stdin: &str) -> Result<String, MachineError> {
        let output = run("samekey", arguments, stdin)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Binds an authenticator app to the account of this name, at a terminal.
    pub fn enrol(&self, person: &str) -> Result<Enrolled, MachineError> {
        enrol::enrol(person)
    }

    /// Appends lines to the configuration file.
    pub fn configure(&self, lines: &str) -> Result<(), MachineError> {
        let path = "/etc/samekey/samekey.toml";
        let before = fs::read_to_string(path).map_err(|why| broken(path, why))?;
        fs::write(path, format!("{before}\n{lines}")).map_err(|why| broken(path, why))
    }

    /// Starts the agent and waits until its socket is there.
    pub fn start_agent(&mut self) -> Result<(), MachineError> {
        let agent = Daemon::start("samekey-agent", &[], Some(DAEMON_USER))?;
        self.daemons
            .push(agent.until(|| std::os::unix::net::UnixStream::connect("/run/samekey/agent.sock").is_ok())?);
        Ok(())
    }

    /// Starts a real sshd.
    pub fn start_sshd(&mut self, options: &SshdOptions) -> Result<Sshd, MachineError> {
        let (daemon, sshd) = ssh::start(options)?;
        self.daemons.push(daemon);
        Ok(sshd)
    }

    /// Keeps a daemon running as long as the machine.
    fn keep(&mut self, daemon: Daemon) {
        self.daemons.push(daemon);
    }

    /// Ends a daemon with SIGTERM, by its program's name.
    pub fn stop(&mut self, program: &str) {
        self.daemons.retain(|daemon| daemon.program() != program);
    }

    /// Whether a process shows this text as its command line.
    pub fn runs(&self, text: &str) -> bool {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
            .any(|line| String::from_utf8_lossy(&line).replace('\0', " ").contains(text))
    }

    /// Waits until `held` holds, at most 30 s.
    pub fn until(&self, what: &str, held: impl Fn(&Self) -> bool) -> Result<(), MachineError> {
        for _ in 0..daemon::LOOKS {
            if held(self) {
                return Ok(());
            }
            std::thread::sleep(daemon::LOOK);
        }
        Err(broken("waited 30 s in vain for", what))
    }

    /// Everything the machine's programs have told the system log, a line each.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// What the daemons wrote to their standard error.
    pub fn daemons_said(&self) -> String {
        self.daemons.iter().map(Daemon::said).collect()
    }
}

/// Whether the machine knows a user of this name.
fn is_user(name: &str) -> bool {
    run("id", &["-u", name], "").is_ok()
}

/// A loopback port that is free: `wanted`, or any.
pub fn free_port(wanted: u16) -> Result<u16, MachineError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, wanted))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|why| broken("looking for a free port", why))
}

/// Runs a program to its end with this standard input; fails, with what it said, unless it exits with 0.
pub fn run(program: &str, arguments: &[&str], stdin: &str) -> Result<Output, MachineError> {
    let output = attempt(Command::new(program).args(arguments), stdin)?;
    if output.status.success() {
        return Ok(output);
    }
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let what = format!("{program} {} ({})", arguments.join(" "), output.status);
    Err(broken(what, String::from_utf8_lossy(&said).trim()))
}

/// Runs a command to its end with this standard input, however it ends.
pub fn attempt(command: &mut Command, stdin: &str) -> Result<Output, MachineError> {
    use std::io::Write;
    use std::process::Stdio;
    let name = command.get_program().to_string_lossy().into_owned();
    let trouble = |why| broken(&name, why);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(trouble)?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that reads nothing closes the pipe; its own exit tells the rest.
        let _ = pipe.write_all(stdin.as_bytes());
    }
    child.wait_with_output().map_err(trouble)
}

/// Writes a file of root's with this mode.
fn write(path: &str, text: &str, mode: u32) -> Result<(), MachineError> {
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
        .map_err(|why| broken(path, why))
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<PathBuf, MachineError> {
    fs::copy(from, to)
        .and_then(|_| fs::set_permissions(to, fs::Permissions::from_mode(mode)))
        .map_err(|why| {
            broken(
                format!("installing {} (was it built? `make build`)", from.display()),
                why,
            )
        })?;
    Ok(to.to_owned())
}
