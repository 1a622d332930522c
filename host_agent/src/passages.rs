//! The ssh connections on which somebody lately passed our authentication: what the account phase's tripwire asks for.
//!
//! sshd may run the account phase in another process than the authentication, where the module's own mark is gone. The
//! record is short-lived, bounded and in memory: after a restart a login in flight is refused, never let through.

use samekey_shared::accounts::LoginName;
use samekey_shared::clock::UnixTime;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Seconds that a passage is remembered: sshd's LoginGraceTime (120 s) and a little.
const REMEMBERED: i64 = 150;

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

/// The passages of the last minutes.
#[derive(Debug, Default)]
pub struct Passages(Mutex<VecDeque<Entry>>);

#[derive(Debug)]
struct Entry {
    connection: String,
    login: LoginName,
    passage: Passage,
    at: UnixTime,
}

impl Passages {
    /// Remembers that this user passed on this connection (sshd's `SSH_CONNECTION`).
    pub fn record(&self, connection: &str, login: &LoginName, passage: Passage, now: UnixTime) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.is_fresh(now));
        if entries.len() >= MOST {
            entries.pop_front();
        }
        entries.push_back(Entry {
            connection: connection.to_owned(),
            login: login.clone(),
            passage,
            at: now,
        });
    }

    /// How this user passed on this connection, if lately.
    pub fn find(&self, connection: &str, login: &LoginName, now: UnixTime) -> Option<Passage> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = entries
            .iter()
            .rev()
            .find(|entry| entry.is_fresh(now) && entry.connection == connection && entry.login == *login)?;
        Some(newest.passage)
    }
}

impl Entry {
    /// A passage from the future was recorded by a clock that has since been set back: worth nothing (S9).
    fn is_fresh(&self, now: UnixTime) -> bool {
        (0..=REMEMBERED).contains(&(now - self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.7 4711 192.0.2.1 22";

    fn login(name: &str) -> LoginName {
        name.parse().unwrap()
    }

    #[test]
    fn a_passage_holds_for_its_user_and_connection() {
        let passages = Passages::default();
        passages.record(HERE, &login("demo"), Passage::Proven, 1000);
        assert_eq!(passages.find(HERE, &login("demo"), 1010), Some(Passage::Proven));
        assert_eq!(passages.find(HERE, &login("root"), 1010), None);
        assert_eq!(passages.find("192.0.2.7 4712 192.0.2.1 22", &login("demo"), 1010), None);
    }

    #[test]
    fn it_ends_soon_and_does_not_survive_a_clock_set_back() {
        let passages = Passages::default();
        passages.record(HERE, &login("demo"), Passage::Proven, 1000);
        assert_eq!(passages.find(HERE, &login("demo"), 1000 + REMEMBERED + 1), None);
        assert_eq!(passages.find(HERE, &login("demo"), 999), None);
    }

    #[test]
    fn there_is_a_limit_and_the_oldest_goes() {
        let passages = Passages::default();
        for number in 0..=MOST {
            passages.record(&number.to_string(), &login("demo"), Passage::Exempt, 1000);
        }
        assert_eq!(passages.0.lock().unwrap().len(), MOST);
        assert_eq!(passages.find("0", &login("demo"), 1000), None);
        assert_eq!(
            passages.find(&MOST.to_string(), &login("demo"), 1000),
            Some(Passage::Exempt)
        );
    }
}
