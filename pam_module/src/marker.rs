//! The mark that a passed authentication leaves in PAM data, for the account phase of the same handle.
//!
//! It holds a name and how it ended: no secret, no proof that could be carried elsewhere. It dies with the handle.

use crate::libpam;
use crate::outcome::Outcome;
use pam::module::PamHandle;

/// Where the mark lives. The number changes with the layout of [`Marker`].
const KEY: &str = "samekey-authentication-1";

/// Longest user name that is marked; for a longer one the account phase asks the agent.
const LONGEST_NAME: usize = 256;

/// Plain bytes, because two builds of this module may meet in one process.
#[repr(C)]
#[derive(Debug)]
pub struct Marker {
    ended: u32,
    length: u32,
    name: [u8; LONGEST_NAME],
}

/// `Marker::ended`: nothing is known, or it failed.
const FAILED: u32 = 0;
/// `Marker::ended`: a factor was proven.
const PROVEN: u32 = 1;
/// `Marker::ended`: the policy asked nothing.
const EXEMPT: u32 = 2;

/// What an earlier authentication on this handle left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// This user proved a factor.
    Proven,
    /// The policy asked nothing of this user.
    Exempt,
}

/// Leaves the mark of how the authentication of this user ended. False if libpam would not keep it.
#[must_use]
pub fn leave(handle: &mut PamHandle, user: &str, outcome: &Outcome) -> bool {
    handle.set_data(KEY, Box::new(Marker::new(user, outcome))).is_ok()
}

/// Wipes the mark before a new authentication begins. False if libpam would not.
#[must_use]
pub fn wipe(handle: &mut PamHandle) -> bool {
    handle.set_data(KEY, Box::new(Marker::failed())).is_ok()
}

/// What is marked for this user.
pub fn find(handle: &PamHandle, user: &str) -> Option<Mark> {
    libpam::stored(handle, KEY)?.of(user)
}

impl Marker {
    fn failed() -> Self {
        Self {
            ended: FAILED,
            length: 0,
            name: [0; LONGEST_NAME],
        }
    }

    fn new(user: &str, outcome: &Outcome) -> Self {
        let mut marker = Self::failed();
        if let (Some(room), Ok(length)) = (marker.name.get_mut(..user.len()), u32::try_from(user.len())) {
            room.copy_from_slice(user.as_bytes());
            marker.length = length;
            marker.ended = match outcome {
                Outcome::Proven => PROVEN,
                Outcome::Exempt => EXEMPT,
                _ => FAILED,
            };
        }
        marker
    }

    /// A mark speaks for the user it was made for and nobody else: an application may change `PAM_USER` in between.
    fn of(&self, user: &str) -> Option<Mark> {
        let length = usize::try_from(self.length).ok()?;
        if user.is_empty() || self.name.get(..length)? != user.as_bytes() {
            return None;
        }
        match self.ended {
            PROVEN => Some(Mark::Proven),
            EXEMPT => Some(Mark::Exempt),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_wire::Reason;

    #[test]
    fn a_mark_speaks_for_its_own_user_only() {
        let proven = Marker::new("demo", &Outcome::Proven);
        assert_eq!(proven.of("demo"), Some(Mark::Proven));
        for other in ["dem", "demo2", "", "root"] {
            assert_eq!(proven.of(other), None, "{other}");
        }
        assert_eq!(Marker::new("demo", &Outcome::Exempt).of("demo"), Some(Mark::Exempt));
    }

    #[test]
    fn a_failure_and_a_name_too_long_leave_none() {
        let refused = Outcome::Refused(Reason::CodeWrong);
        assert_eq!(Marker::new("demo", &refused).of("demo"), None);
        let long = "a".repeat(LONGEST_NAME + 1);
        assert_eq!(Marker::new(&long, &Outcome::Proven).of(&long), None);
        let longest = "a".repeat(LONGEST_NAME);
        assert_eq!(Marker::new(&longest, &Outcome::Proven).of(&longest), Some(Mark::Proven));
        assert_eq!(Marker::failed().of("demo"), None);
    }

    #[test]
    fn damaged_data_is_no_mark() {
        let mut marker = Marker::new("demo", &Outcome::Proven);
        marker.length = u32::MAX;
        assert_eq!(marker.of("demo"), None);
        let mut marker = Marker::new("demo", &Outcome::Proven);
        marker.ended = 7;
        assert_eq!(marker.of("demo"), None);
    }
}
