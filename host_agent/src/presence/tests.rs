//! Machines made up of files: who sits at them, and who only seems to.

use super::*;
use samekey_wire::Call;
use std::fs;
use tempfile::TempDir;

const UNSET: u32 = u32::MAX;
const ANN: u32 = 1000;
const ROOT: u32 = 0;

/// A machine whose records are files of ours.
pub struct Host(TempDir);

impl Host {
    fn new() -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        host.write("run/systemd/sessions/.keep", "");
        host
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A process: number, name, parent, real user, controlling terminal, session.
    fn runs(&self, pid: u32, name: &str, parent: u32, user: u32, terminal: u32, session: u32) -> &Self {
        let login = if session == UNSET { UNSET } else { ANN };
        let rest = "0 ".repeat(12);
        self.write(
            &format!("proc/{pid}/stat"),
            &format!("{pid} ({name}) S {parent} {pid} {pid} {terminal} -1 4194304 {rest}777 0 0\n"),
        );
        self.write(
            &format!("proc/{pid}/status"),
            &format!("Name:\tx\nUid:\t{user}\t0\t0\t0\n"),
        );
        self.write(&format!("proc/{pid}/sessionid"), &session.to_string());
        self.write(&format!("proc/{pid}/loginuid"), &login.to_string());
        self
    }

    fn group(&self, pid: u32, group: &str) -> &Self {
        self.write(&format!("proc/{pid}/cgroup"), &format!("0::{group}\n"));
        self
    }

    fn session(&self, number: &str, lines: &str) -> &Self {
        self.write(&format!("run/systemd/sessions/{number}"), lines);
        self
    }

    fn user(&self, sessions: &str) -> &Self {
        self.write(
            &format!("run/systemd/users/{ANN}"),
            &format!("NAME=ann\nSESSIONS={sessions}\n"),
        );
        self
    }

    fn asks(&self, pid: u32, trust: Trust, change: impl FnOnce(&mut Start)) -> Presence {
        let mut start = start();
        change(&mut start);
        let uid = if trust == Trust::Root { 0 } else { ANN };
        let peer = Peer { uid, pid: Some(pid) };
        Records::under(self.0.path()).presence(peer, trust, &start)
    }

    /// What the agent reads.
    pub fn records(&self) -> Records {
        Records::under(self.0.path())
    }

    fn is_here(&self, pid: u32) -> bool {
        self.asks(pid, Trust::Root, |_| {}) == Presence::Here
    }
}

fn start() -> Start {
    Start {
        call: Call::Authenticate,
        service: "sudo".into(),
        user: "ann".into(),
        tty: Some("/dev/pts/0".into()),
        rhost: None,
        ruser: Some("ann".into()),
        uid: 0,
        silent: false,
        ssh_connection: None,
        auth_info: None,
        had_password: true,
        locale: None,
    }
}

const SEATED: &str = "UID=1000\nACTIVE=1\nREMOTE=0\nSEAT=seat0\nLEADER=10\nCLASS=user\n";
const TTY1: u32 = 4 << 8 | 1;
const PTS0: u32 = 136 << 8;

/// login (10) on a console, a shell (20), sudo (30).
pub fn console() -> Host {
    let host = Host::new();
    host.runs(10, "login", 1, ROOT, TTY1, 3)
        .runs(20, "bash", 10, ANN, TTY1, 3)
        .runs(30, "sudo", 20, ANN, TTY1, 3)
        .session("3", SEATED);
    host
}

#[test]
fn sudo_in_a_console_session_is_here() {
    assert!(console().is_here(30));
}

#[test]
fn sudo_over_ssh_is_not_whatever_it_looks_like() {
    let host = Host::new();
    host.runs(10, "sshd", 1, ROOT, 0, UNSET)
        .runs(11, "sshd-session", 10, ROOT, 0, 4)
        .runs(20, "bash", 11, ANN, PTS0, 4)
        .runs(30, "sudo", 20, ANN, PTS0, 4)
        .session(
            "4",
            "ACTIVE=1\nREMOTE=1\nREMOTE_HOST=192.0.2.7\nLEADER=11\nCLASS=user\n",
        );
    assert!(!host.is_here(30));
    // Even if logind said otherwise, and even if the server had another name.
    host.session("4", "ACTIVE=1\nREMOTE=0\nSEAT=seat0\nLEADER=11\nCLASS=user\n");
    assert!(!host.is_here(30), "sshd is above");
    host.runs(10, "init-d", 1, ROOT, 0, UNSET)
        .runs(11, "worker", 10, ROOT, 0, 4);
    host.session("4", "ACTIVE=1\nREMOTE=1\nSEAT=seat0\nLEADER=11\nCLASS=user\n");
    assert!(!host.is_here(30), "logind says remote");
}

#[test]
fn what_the_login_says_can_only_make_it_remote() {
    let host = console();
    let asks = |change: fn(&mut Start)| host.asks(30, Trust::Root, change);
    assert_eq!(asks(|_| {}), Presence::Here);
    for remote in [
        asks(|start| start.rhost = Some("127.0.0.1".into())),
        asks(|start| start.ssh_connection = Some("x".into())),
        asks(|start| start.tty = Some("ssh".into())),
    ] {
        assert!(matches!(remote, Presence::Doubtful(_)));
    }
    // The terminal it names proves nothing.
    let elsewhere = Host::new();
    elsewhere.runs(30, "sudo", 1, ANN, PTS0, 5);
    let claims = elsewhere.asks(30, Trust::Root, |start| start.tty = Some("/dev/tty1".into()));
    assert!(matches!(claims, Presence::Doubtful(_)));
}

#[test]
fn a_terminal_that_outlives_its_place_is_doubt() {
    let host = console();
    // Detached: process 1 became its parent, though the kernel's mark still says session 3.
    host.runs(20, "bash", 1, ANN, PTS0, 3);
    assert!(!host.is_here(30));
    let host = console();
    host.runs(20, "tmux: server", 10, ANN, PTS0, 3);
    assert!(!host.is_here(30));
}

#[test]
fn a_session_that_is_not_in_front_is_doubt() {
    let host = console();
    for line in ["ACTIVE=1", "REMOTE=0", "SEAT=seat0", "LEADER=10"] {
        host.session("3", &SEATED.replace(line, ""));
        assert!(!host.is_here(30), "without {line}");
    }
    host.session("3", &SEATED.replace("LEADER=10", "LEADER=20"));
    assert!(!host.is_here(30), "a leader of the user's own");
}

#[test]
fn login_at_a_console_is_here_before_any_session() {
    let host = Host::new();
    host.runs(10, "login", 1, ROOT, TTY1, UNSET);
    assert!(host.is_here(10));
    host.runs(10, "login", 1, ROOT, PTS0, UNSET);
    assert!(!host.is_here(10), "a pseudo-terminal may be anywhere");
    host.runs(10, "login", 1, ROOT, 4 << 8 | 64, UNSET);
    assert!(!host.is_here(10), "a serial line may be anywhere");
    // A greeter has no terminal; root says which console it paints.
    host.runs(10, "gdm-session-wor", 1, ROOT, 0, UNSET);
    assert!(!host.is_here(10));
    let greets = host.asks(10, Trust::Root, |start| start.tty = Some("/dev/tty1".into()));
    assert_eq!(greets, Presence::Here);
    let nobody = host.asks(10, Trust::Own, |start| start.tty = Some("/dev/tty1".into()));
    assert!(matches!(nobody, Presence::Doubtful(_)));
    host.runs(10, "sudo", 1, ANN, 0, UNSET);
    let claims = host.asks(10, Trust::Root, |start| start.tty = Some("/dev/tty1".into()));
    assert!(matches!(claims, Presence::Doubtful(_)));
}

/// A desktop: the user manager (10), a terminal's window (20), sudo (30).
fn desktop() -> Host {
    let host = Host::new();
    host.runs(10, "systemd", 1, ANN, 0, 7)
        .runs(20, "terminal", 10, ANN, 0, 7)
        .runs(30, "sudo", 20, ANN, PTS0, 7)
        .group(10, "/user.slice/user-1000.slice/user@1000.service/init.scope")
        .session("3", SEATED)
        .user("3");
    host
}

#[test]
fn sudo_in_a_desktops_window_is_here_unless_the_user_is_elsewhere_too() {
    let host = desktop();
    assert!(host.is_here(30));
    assert_eq!(host.asks(30, Trust::Own, |_| {}), Presence::Here);
    host.session("8", "ACTIVE=1\nREMOTE=1\nLEADER=99\nCLASS=user\n")
        .user("3 8");
    assert!(!host.is_here(30), "an ssh session could have started it");
    host.user("3 9");
    assert!(!host.is_here(30), "a session nobody knows of");
    host.user("3 ../../x");
    assert!(!host.is_here(30));
    host.user("");
    assert!(!host.is_here(30));
}

#[test]
fn a_manager_with_a_session_of_its_own_changes_nothing() {
    let host = desktop();
    host.session("7", "ACTIVE=1\nREMOTE=0\nLEADER=10\nCLASS=manager\n")
        .user("3 7");
    assert!(host.is_here(30));
}

#[test]
fn whoever_only_has_the_managers_name_is_doubt() {
    let host = desktop();
    host.group(10, "/user.slice/user-1000.slice/session-4.scope");
    assert!(!host.is_here(30));
    host.group(10, "/user.slice/user-1001.slice/user@1001.service/init.scope");
    assert!(!host.is_here(30));
}

#[test]
fn another_users_session_is_doubt_for_an_unprivileged_caller() {
    let host = desktop();
    host.write("proc/30/loginuid", "1001");
    assert!(matches!(host.asks(30, Trust::Own, |_| {}), Presence::Doubtful(_)));
}

#[test]
fn whatever_cannot_be_read_is_doubt() {
    for missing in [
        "proc/30/stat",
        "proc/30/status",
        "proc/20/stat",
        "proc/30/sessionid",
        "proc/30/loginuid",
        "run/systemd/sessions/3",
    ] {
        let host = console();
        fs::remove_file(host.0.path().join(missing)).unwrap();
        assert!(!host.is_here(30), "without {missing}");
    }
    let host = console();
    assert!(!host.is_here(31), "no such process");
    for garbage in ["", "30", "30 (sudo", "30 (sudo) S", "30 (sudo) S x y z"] {
        host.write("proc/30/stat", garbage);
        assert!(!host.is_here(30), "{garbage:?}");
    }
    let start = start();
    let unseen = Peer { uid: 0, pid: None };
    let presence = Records::under(console().0.path()).presence(unseen, Trust::Root, &start);
    assert!(matches!(presence, Presence::Doubtful(_)));
}

#[test]
fn a_name_with_parentheses_forges_no_parent() {
    let host = console();
    host.write(
        "proc/20/stat",
        &format!(
            "20 (x) S 10 20) S 1 20 20 {PTS0} -1 4194304 {}777 0 0\n",
            "0 ".repeat(12)
        ),
    );
    assert!(!host.is_here(30));
}

#[test]
fn chains_end() {
    let host = Host::new();
    for pid in 10..200 {
        host.runs(pid, "x", pid + 1, ROOT, TTY1, UNSET);
    }
    assert!(!host.is_here(10));
    host.runs(10, "x", 10, ROOT, TTY1, UNSET);
    assert!(!host.is_here(10), "its own parent");
    host.runs(10, "x", 0, ROOT, TTY1, UNSET);
    assert!(!host.is_here(10), "another namespace");
}
