//! Where somebody lately passed our authentication: what the account phase's tripwire asks for.
//!
//! sshd may run the account phase in another process than the authentication, where the module's own mark is gone; sudo
//! runs the account phase alone while its time stamp lasts. The record is short-lived, bounded and in memory: after a
//! restart a login in flight is refused, never let through.

use samekey_shared::accounts::LoginName;
use samekey_shared::clock::UnixTime;
use samekey_wire::Start;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Seconds that a passage through sshd is remembered: LoginGraceTime (120 s) and a little.
const SSH_SECONDS: i64 = 150;

/// Seconds that a passage through sudo is remembered: its `timestamp_timeout`, as compiled in.
const SUDO_SECONDS: i64 = 15 * 60;

/// Programs that run the account phase alone while an authentication of theirs lasts.
const WITH_TIME_STAMPS: [&str; 2] = ["sudo", "sudo-i"];

/// Most passages remembered; the oldest goes first.
const MOST: usize = 4096;

/// How somebody passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// A factor was proven.
    Proven,
    /// The policy asked nothing.
    Exempt,
}

/// What stays the same from the authentication to the account phase that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// sshd's `SSH_CONNECTION`: both addresses and ports.
    Ssh {
        /// As sshd gives it.
        connection: String,
    },
    /// A terminal on which somebody uses sudo. sudo itself binds its time stamp to the session on it.
    Sudo {
        /// The service.
        service: String,
        /// The terminal.
        tty: String,
        /// Who calls.
        caller: String,
    },
}

impl Trace {
    /// The trace of this login, where its program leaves one. Only what root says is one.
    pub fn of(start: &Start) -> Option<Self> {
        if let Some(connection) = start.ssh_connection.clone() {
            return Some(Self::Ssh { connection });
        }
        let (tty, caller) = (start.tty.clone()?, start.ruser.clone()?);
        let service = start.service.clone();
        WITH_TIME_STAMPS
            .contains(&service.as_str())
            .then_some(Self::Sudo { service, tty, caller })
    }

    fn lasts(&self) -> i64 {
        match self {
            Self::Ssh { .. } => SSH_SECONDS,
            Self::Sudo { .. } => SUDO_SECONDS,
        }
    }
}

/// The passages of the last minutes.
#[derive(Debug, Default)]
pub struct Passages(Mutex<VecDeque<Entry>>);

#[derive(Debug)]
struct Entry {
    trace: Trace,
    login: LoginName,
    passage: Passage,
    at: UnixTime,
}

impl Passages {
    /// Remembers that this user passed.
    pub fn record(&self, trace: Trace, login: &LoginName, passage: Passage, now: UnixTime) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.is_fresh(now));
        if entries.len() >= MOST {
            entries.pop_front();
        }
        entries.push_back(Entry {
            trace,
            login: login.clone(),
            passage,
            at: now,
        });
    }

    /// How this user passed with the same trace, if lately.
    pub fn find(&self, trace: &Trace, login: &LoginName, now: UnixTime) -> Option<Passage> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = entries
            .iter()
            .rev()
            .find(|entry| entry.is_fresh(now) && entry.trace == *trace && entry.login == *login)?;
        Some(newest.passage)
    }
}

impl Entry {
    /// A passage from the future was recorded by a clock that has since been set back: worth nothing (S9).
    fn is_fresh(&self, now: UnixTime) -> bool {
        (0..=self.trace.lasts()).contains(&(now - self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh(port: u32) -> Trace {
        Trace::Ssh {
            connection: format!("192.0.2.7 {port} 192.0.2.1 22"),
        }
    }

    fn sudo(tty: &str, caller: &str) -> Trace {
        Trace::Sudo {
            service: "sudo".into(),
            tty: tty.into(),
            caller: caller.into(),
        }
    }

    fn login(name: &str) -> LoginName {
        name.parse().unwrap()
    }

    #[test]
    fn a_passage_holds_for_its_user_and_connection() {
        let passages = Passages::default();
        passages.record(ssh(4711), &login("demo"), Passage::Proven, 1000);
        assert_eq!(passages.find(&ssh(4711), &login("demo"), 1010), Some(Passage::Proven));
        assert_eq!(passages.find(&ssh(4711), &login("root"), 1010), None);
        assert_eq!(passages.find(&ssh(4712), &login("demo"), 1010), None);
    }

    #[test]
    fn a_passage_through_sudo_holds_for_its_terminal_and_caller() {
        let passages = Passages::default();
        passages.record(sudo("/dev/pts/3", "ann"), &login("ann"), Passage::Proven, 1000);
        assert_eq!(
            passages.find(&sudo("/dev/pts/3", "ann"), &login("ann"), 1600),
            Some(Passage::Proven)
        );
        for other in [sudo("/dev/pts/4", "ann"), sudo("/dev/pts/3", "bob"), ssh(1)] {
            assert_eq!(passages.find(&other, &login("ann"), 1600), None, "{other:?}");
        }
        assert_eq!(
            passages.find(&sudo("/dev/pts/3", "ann"), &login("ann"), 1000 + SUDO_SECONDS + 1),
            None
        );
    }

    #[test]
    fn it_ends_soon_and_does_not_survive_a_clock_set_back() {
        let passages = Passages::default();
        passages.record(ssh(1), &login("demo"), Passage::Proven, 1000);
        assert_eq!(passages.find(&ssh(1), &login("demo"), 1000 + SSH_SECONDS + 1), None);
        assert_eq!(passages.find(&ssh(1), &login("demo"), 999), None);
    }

    #[test]
    fn there_is_a_limit_and_the_oldest_goes() {
        let passages = Passages::default();
        for port in (0..).take(MOST + 1) {
            passages.record(ssh(port), &login("demo"), Passage::Exempt, 1000);
        }
        assert_eq!(passages.0.lock().unwrap().len(), MOST);
        assert_eq!(passages.find(&ssh(0), &login("demo"), 1000), None);
        assert_eq!(passages.find(&ssh(1), &login("demo"), 1000), Some(Passage::Exempt));
    }
}
