//! The real agent as a process, over a realm of the test's own, and the real module pointed at it.

use super::built;
use super::pam_host::{PamHost, Reply};
use samekey_shared::audit;
use samekey_shared::clock::{Clock, SystemClock};
use samekey_shared::testing::{Phone, TestRealm};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A realm with an agent, and services that use our module alone.
pub struct LiveAgent {
    /// The realm; its clock is behind, so that codes of the present are not spent by enrolling.
    pub test: TestRealm,
    /// Services: `sshd`, `locker`.
    pub host: PamHost,
    child: Option<Child>,
}

/// A person whose app has not shown the codes of the present yet.
pub struct Person {
    phone: Phone,
    /// Recovery codes.
    pub papers: Vec<String>,
}

impl Person {
    /// The code of the step that lies so many steps from now: -1, 0 and 1 are accepted, each once and in this order.
    pub fn code(&self, steps: i64) -> String {
        self.phone.code_at(SystemClock.now() + 30 * steps).expose().clone()
    }

    /// Types it.
    pub fn types(&self, steps: i64) -> Vec<Reply> {
        vec![Reply::text(&self.code(steps))]
    }
}

impl LiveAgent {
    /// A realm, and an agent that is ready.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// The same with further lines in the agent's section of the configuration.
    pub fn start_with(lines: &str) -> Self {
        let test = TestRealm::new().unwrap();
        test.clock.set(SystemClock.now() - 90);
        let folder = test.folder();
        // Screen lockers run as their user, and must reach socket and services.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let config = folder.join("samekey.toml");
        let mut settings = std::fs::read_to_string(&config).unwrap();
        let _ = write!(
            settings,
            "[agent]\nsocket = \"{}/agent.sock\"\nhost = \"web1\"\n{lines}",
            folder.display()
        );
        std::fs::write(&config, settings).unwrap();
        let host = PamHost::new(&folder.join("pam.d"));
        let module = folder.join("pam_samekey.so");
        std::fs::copy(built::module(), &module).unwrap();
        let line = format!(
            "required {} socket={}/agent.sock timeout=10",
            module.display(),
            folder.display()
        );
        for service in ["sshd", "locker"] {
            host.service(service, &format!("auth {line}\naccount {line}\n"));
        }
        let mut agent = Self {
            test,
            host,
            child: None,
        };
        agent.revive();
        agent
    }

    /// Starts the agent, again if need be, and waits until it listens.
    pub fn revive(&mut self) {
        let mut command = Command::new(built::agent());
        command.arg("--config").arg(self.test.folder().join("samekey.toml"));
        self.run(&mut command);
    }

    /// Starts the agent the way systemd does, with a listening socket as descriptor 3.
    pub fn revive_on(&mut self, listener: &UnixListener) {
        rustix::io::fcntl_setfd(listener, rustix::io::FdFlags::empty()).unwrap();
        let start = format!("LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&{}", listener.as_raw_fd());
        let mut command = Command::new("bash");
        command.args(["-c", &start, "bash"]).arg(built::agent());
        command.arg("--config").arg(self.test.folder().join("samekey.toml"));
        self.run(&mut command);
    }

    fn run(&mut self, command: &mut Command) {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines
            .by_ref()
            .map_while(Result::ok)
            // It may note before that there is no samekey-key on this machine; if it ends, so do its lines.
            .find(|line| line.contains("agent ready"));
        assert_eq!(ready.as_deref(), Some("samekey: agent ready"));
        // Reads the rest away, so that the agent never waits for us.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        self.child = Some(child);
    }

    /// Process id of the agent.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM; whether it ended well.
    pub fn stop(&mut self) -> bool {
        let mut child = self.child.take().unwrap();
        signal(child.id(), rustix::process::Signal::TERM);
        child.wait().unwrap().success()
    }

    /// Where the socket is.
    pub fn socket(&self) -> PathBuf {
        self.test.folder().join("agent.sock")
    }

    /// A person with an account and an app.
    pub fn person(&self, name: &str) -> Person {
        let account = self.test.account(name, "").unwrap();
        let (phone, papers) = self.test.bind_phone(account).unwrap();
        let papers = papers
            .unwrap()
            .shown()
            .iter()
            .map(|code| code.expose().clone())
            .collect();
        Person { phone, papers }
    }

    /// The kinds of the last events in the audit trail.
    pub fn trail(&self) -> Vec<String> {
        let records = self.test.realm.store.read(|tx| audit::tail(tx, 50)).unwrap();
        records.into_iter().map(|record| record.kind).collect()
    }
}

impl Drop for LiveAgent {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// Sends a signal to a process that this test has started.
pub fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}
