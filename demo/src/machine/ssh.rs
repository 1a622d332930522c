//! A real sshd on a loopback port, and the command line of the real client that trusts exactly its host key.

use super::daemon::Daemon;
use super::{MachineError, broken, free_port, run, write};
use std::fs;
use std::path::Path;

const HOST_KEY: &str = "/etc/ssh/box_host_key";
const KNOWN_HOSTS: &str = "/etc/ssh/box_known_hosts";

/// How the daemon differs from one that asks everything through PAM.
#[derive(Debug, Clone)]
pub struct SshdOptions {
    /// The PAM service, which is also the name it goes by.
    pub service: String,
    /// The port, if it is free; else any.
    pub port: u16,
    /// Further lines of its configuration; the first value of an option wins, so these do.
    pub lines: String,
}

impl Default for SshdOptions {
    fn default() -> Self {
        Self {
            service: "sshd".to_owned(),
            port: 0,
            lines: String::new(),
        }
    }
}

/// A running sshd.
#[derive(Debug, Clone)]
pub struct Sshd {
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl Sshd {
    /// The arguments of `ssh` for this person: no files of the caller's, this host key and no other.
    pub fn arguments(&self, person: &str, further: &[&str]) -> Vec<String> {
        let mut all: Vec<String> = ["-F", "none", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=INFO"]
            .into_iter()
            .map(str::to_owned)
            .collect();
        all.extend([
            "-o".to_owned(),
            format!("UserKnownHostsFile={KNOWN_HOSTS}"),
            "-p".to_owned(),
            self.port.to_string(),
        ]);
        all.extend(further.iter().map(|&argument| argument.to_owned()));
        all.push(format!("{person}@127.0.0.1"));
        all
    }
}

/// Starts it and waits until it listens.
pub(super) fn start(options: &SshdOptions) -> Result<(Daemon, Sshd), MachineError> {
    if !Path::new(HOST_KEY).exists() {
        run(
            "ssh-keygen",
            &["-q", "-t", "ed25519", "-N", "", "-C", "box", "-f", HOST_KEY],
            "",
        )?;
    }
    let port = free_port(options.port)?;
    let key = fs::read_to_string(format!("{HOST_KEY}.pub")).map_err(|why| broken(HOST_KEY, why))?;
    let known = fs::read_to_string(KNOWN_HOSTS).unwrap_or_default();
    write(
        KNOWN_HOSTS,
        &format!("{known}[127.0.0.1]:{port} {}\n", key.trim()),
        0o644,
    )?;
    let configuration = format!("/etc/ssh/box_{}_{port}", options.service);
    write(&configuration, &text(port, &options.lines), 0o644)?;

    // Before OpenSSH 9.8 the PAM service is the name that sshd is called by, and it starts itself again by its full path.
    let program = format!("/run/sshd-programs/{}", options.service);
    fs::create_dir_all("/run/sshd-programs").map_err(|why| broken(&program, why))?;
    if !Path::new(&program).exists() {
        std::os::unix::fs::symlink("/usr/sbin/sshd", &program).map_err(|why| broken(&program, why))?;
    }
    let daemon = Daemon::start(&program, &["-D", "-e", "-f", &configuration], None)?;
    Ok((daemon.until_listening(port)?, Sshd { port }))
}

fn text(port: u16, lines: &str) -> String {
    format!(
        "{lines}\n\
         Port {port}\nListenAddress 127.0.0.1\nHostKey {HOST_KEY}\nPidFile none\n\
         UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\nPermitRootLogin no\n\
         PrintMotd no\nPrintLastLog no\nLogLevel VERBOSE\nMaxStartups 200\n"
    )
}
