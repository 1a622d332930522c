//! How many conversations may run at a time, and how many of them one unprivileged user may hold: nobody's screen
//! locker, or whoever plays one, can keep sshd from being answered.

use crate::peer::Peer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most conversations of one user who is not root.
const MOST_PER_USER: usize = 8;

/// The seats and who sits on them.
#[derive(Debug)]
pub struct Seats {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    unprivileged: usize,
    by_uid: HashMap<u32, usize>,
}

/// A seat; given back when dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    peer: Peer,
}

impl Seats {
    /// So many seats; a quarter of them is the most that all unprivileged users may hold together.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            taken: Mutex::default(),
        })
    }

    /// A seat for this peer, if one is left for it.
    pub fn take(self: &Arc<Self>, peer: Peer) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            return None;
        }
        if peer.uid != 0 {
            let own = taken.by_uid.get(&peer.uid).copied().unwrap_or(0);
            if own >= MOST_PER_USER || taken.unprivileged >= self.most.div_ceil(4) {
                return None;
            }
            taken.by_uid.insert(peer.uid, own + 1);
            taken.unprivileged += 1;
        }
        taken.all += 1;
        Some(Seat {
            seats: Arc::clone(self),
            peer,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if self.peer.uid == 0 {
            return;
        }
        taken.unprivileged = taken.unprivileged.saturating_sub(1);
        match taken.by_uid.get_mut(&self.peer.uid) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                taken.by_uid.remove(&self.peer.uid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_cannot_take_roots_seats() {
        let seats = Seats::new(256);
        let held: Vec<Seat> = (0..100)
            .filter_map(|_| seats.take(Peer { uid: 1000, pid: None }))
            .collect();
        assert_eq!(held.len(), MOST_PER_USER);
        assert!(seats.take(Peer { uid: 1001, pid: None }).is_some());
        assert!(seats.take(Peer { uid: 0, pid: None }).is_some());
    }

    #[test]
    fn all_users_together_leave_three_quarters_to_root() {
        let seats = Seats::new(256);
        let held: Vec<Seat> = (1000..2000)
            .filter_map(|uid| seats.take(Peer { uid, pid: None }))
            .collect();
        assert_eq!(held.len(), 64);
        let root: Vec<Seat> = (0..1000)
            .filter_map(|_| seats.take(Peer { uid: 0, pid: None }))
            .collect();
        assert_eq!(root.len(), 192);
    }

    #[test]
    fn a_seat_given_back_is_free() {
        let seats = Seats::new(1);
        let seat = seats.take(Peer { uid: 7, pid: None });
        assert!(seat.is_some() && seats.take(Peer { uid: 7, pid: None }).is_none());
        drop(seat);
        assert!(seats.take(Peer { uid: 7, pid: None }).is_some());
        assert!(seats.taken.lock().unwrap().by_uid.is_empty());
    }
}
