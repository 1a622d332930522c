//! Whether the person sits at this machine: only then may its own USB ports be asked for a key (pam-u2f#384).
//!
//! A key plugged into a server blinks for whoever stands in front of it. Somebody who came over ssh is somewhere else, in
//! `sudo` too. So what decides is what the person cannot forge: the audit session that the kernel wrote into the process
//! when the session began and that is never changed again, what systemd-logind says of that session, the chain of
//! processes up to the one that began it, and the console that the kernel controls. Names and environment can make a login
//! remote, never local. **Doubt is remote**: then the key is simply not offered, and the other methods are.
//!
//! ```text
//!   who asks            must show                                                    else
//!   login, greeter      no session yet; root all the way up, on a virtual console     doubt
//!   sudo, su, lockers   a session with a seat, active, not remote, whose leader is    doubt (tmux, screen, nohup:
//!                       an ancestor                                                   the chain is broken)
//!   the same, started   the user manager as their root, and every session of that     doubt (one ssh session is
//!   by the desktop      user is at a seat                                             enough)
//! ```

mod process;
mod sessions;

use crate::peer::{Peer, Trust};
use process::{Chain, Processes};
use samekey_wire::Start;
use sessions::{Session, Sessions};
use std::path::Path;

/// Programs through which people come from elsewhere, or through which a terminal outlives the place it began at. A name
/// on this list is enough for doubt; that a name is missing proves nothing.
const ELSEWHERE: [&str; 36] = [
    "sshd",
    "sshd-session",
    "sshd-auth",
    "dropbear",
    "tinysshd",
    "telnetd",
    "in.telnetd",
    "rlogind",
    "in.rlogind",
    "rshd",
    "in.rshd",
    "mosh-server",
    "etserver",
    "etterminal",
    "teleport",
    "tailscaled",
    "xrdp",
    "xrdp-sesman",
    "Xvnc",
    "Xtigervnc",
    "x11vnc",
    "vncserver",
    "wayvnc",
    "gnome-remote-de",
    "krfb",
    "cockpit-ws",
    "cockpit-session",
    "cockpit-bridge",
    "ttyd",
    "tmux: server",
    "tmux",
    "screen",
    "SCREEN",
    "zellij",
    "dtach",
    "abduco",
];

/// Where the person is, as far as can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// In front of this machine.
    Here,
    /// Not here, or nobody knows; with the reason, for the log.
    Doubtful(&'static str),
}

/// The system's own records.
#[derive(Debug)]
pub struct Records {
    processes: Processes,
    sessions: Sessions,
}

impl Default for Records {
    fn default() -> Self {
        Self::under(Path::new("/"))
    }
}

impl Records {
    /// Records under another root: tests write their own.
    pub fn under(root: &Path) -> Self {
        Self {
            processes: Processes::at(root.join("proc")),
            sessions: Sessions::at(root.join("run/systemd")),
        }
    }

    /// Where the person is who speaks through this process.
    pub fn presence(&self, peer: Peer, trust: Trust, start: &Start) -> Presence {
        match self.evidence(peer, trust, start) {
            Ok(()) => Presence::Here,
            Err(doubt) => Presence::Doubtful(doubt),
        }
    }

    fn evidence(&self, peer: Peer, trust: Trust, start: &Start) -> Result<(), &'static str> {
        if start.rhost.is_some() || start.ssh_connection.is_some() || start.tty.as_deref() == Some("ssh") {
            return Err("the login names a remote machine");
        }
        let pid = peer.pid.ok_or("the process that asks cannot be seen")?;
        let chain = self.processes.chain(pid).ok_or("the processes above cannot be read")?;
        if chain.any(|process| ELSEWHERE.contains(&process.name.as_str())) {
            return Err(
                "a server for people elsewhere, or a terminal that outlives its place, is among the processes above",
            );
        }
        match self.processes.session(pid)? {
            None if trust == Trust::Root => before_any_session(&chain, start)?,
            None => return Err("the process belongs to no session"),
            Some(mark) => match self.sessions.session(mark.number)? {
                Some(session) if !session.is_manager => in_session(&chain, &session)?,
                _ => self.under_the_manager(&chain, mark, peer, trust)?,
            },
        }
        // What was read of a number that meanwhile became another process's proves nothing.
        if self.processes.chain(pid).is_some_and(|again| again == chain) {
            Ok(())
        } else {
            Err("the processes changed while they were looked at")
        }
    }

    /// A desktop starts its programs below the user manager, which belongs to all of the user's sessions alike.
    fn under_the_manager(
        &self,
        chain: &Chain,
        mark: process::Mark,
        peer: Peer,
        trust: Trust,
    ) -> Result<(), &'static str> {
        if trust != Trust::Root && mark.login != peer.uid {
            return Err("the session is another user's");
        }
        let top = chain.top();
        if top.user != mark.login || !self.processes.is_user_manager(top.pid, mark.login) {
            return Err("neither a session's leader nor the user manager is among the processes above");
        }
        let sessions = self.sessions.of_user(mark.login)?;
        if sessions
            .iter()
            .any(|session| !session.is_manager && !session.is_at_a_seat())
        {
            return Err("the user has a session elsewhere as well");
        }
        if sessions.iter().any(Session::is_in_front) {
            Ok(())
        } else {
            Err("no session of the user is in front of the machine")
        }
    }
}

/// `login` and greeters run before there is a session: root's processes all, on a virtual console.
fn before_any_session(chain: &Chain, start: &Start) -> Result<(), &'static str> {
    if chain.any(|process| process.user != 0) {
        return Err("no session, and not all processes above are root's");
    }
    let console = chain.first().is_on_console();
    // A greeter has no terminal; root's display manager says which console it paints.
    let says_so = !chain.first().has_terminal() && start.tty.as_deref().is_some_and(is_console);
    if console || says_so {
        Ok(())
    } else {
        Err("no session, and no virtual console")
    }
}

/// `/dev/tty1` or `tty1`, and so on: what a keyboard and a screen of this machine belong to.
fn is_console(tty: &str) -> bool {
    let number = tty.strip_prefix("/dev/").unwrap_or(tty).strip_prefix("tty");
    number.is_some_and(|number| number.parse::<u8>().is_ok_and(|number| (1..=63).contains(&number)))
}

/// Programs in a session: unbroken descent from the process that began it.
fn in_session(chain: &Chain, session: &Session) -> Result<(), &'static str> {
    if !session.is_at_a_seat() {
        return Err("the session is remote, or has no seat");
    }
    if !session.is_in_front() {
        return Err("the session is not the one in front of the machine");
    }
    if !chain.any(|process| Some(process.pid) == session.leader && process.user == 0) {
        return Err("the session's leader is not among the processes above");
    }
    Ok(())
}

#[cfg(test)]
pub mod tests;
