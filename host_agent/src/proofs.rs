//! Who proved a second factor in the last hour, and on which connection or terminal: how `samekey setup confirm` knows
//! that its session came in through the new stack.
//!
//! In memory and bounded, as the passages are; it lets nobody in anywhere. Only root records and only root may ask.

use samekey_shared::accounts::LoginName;
use samekey_shared::clock::UnixTime;
use samekey_wire::Start;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Seconds that a proof is remembered: the longest trial of a set-up.
const SECONDS: i64 = 3600;

/// Most proofs remembered; the oldest goes first.
const MOST: usize = 4096;

/// Where somebody proved it: what both the login and the session that came of it can name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// sshd's `SSH_CONNECTION`.
    Connection(String),
    /// A terminal, and who called there (sudo, su).
    Terminal { tty: String, caller: Option<String> },
}

impl Place {
    fn of(start: &Start) -> Option<Self> {
        if let Some(connection) = start.ssh_connection.clone() {
            return Some(Self::Connection(connection));
        }
        Some(Self::Terminal {
            tty: start.tty.clone()?,
            caller: start.ruser.clone().filter(|caller| !caller.is_empty()),
        })
    }
}

#[derive(Debug)]
struct Proof {
    service: String,
    login: LoginName,
    place: Place,
    at: UnixTime,
}

/// The proofs of the last hour.
#[derive(Debug, Default)]
pub struct Proofs(Mutex<VecDeque<Proof>>);

impl Proofs {
    /// Remembers that this user proved a second factor here.
    pub fn record(&self, start: &Start, login: &LoginName, now: UnixTime) {
        let Some(place) = Place::of(start) else { return };
        let mut proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.retain(|proof| proof.is_fresh(now));
        if proofs.len() >= MOST {
            proofs.pop_front();
        }
        proofs.push_back(Proof {
            service: start.service.clone(),
            login: login.clone(),
            place,
            at: now,
        });
    }

    /// When this user last proved one for that service at that place.
    pub fn find(&self, start: &Start, login: &LoginName, now: UnixTime) -> Option<UnixTime> {
        let place = Place::of(start)?;
        let proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |proof: &&Proof| {
            proof.is_fresh(now) && proof.service == start.service && proof.login == *login && proof.place == place
        };
        proofs.iter().rev().find(is_it).map(|proof| proof.at)
    }
}

impl Proof {
    /// One from the future was recorded by a clock that has since been set back: worth nothing (S9).
    fn is_fresh(&self, now: UnixTime) -> bool {
        (0..=SECONDS).contains(&(now - self.at))
    }
}
