//! Moments by which something must have happened, on the clock that only goes forward.

use samekey_wire::FrameError;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A moment in the future.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// What is left, or nothing.
    pub fn left(self) -> Option<Duration> {
        self.0
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
    }
}

/// Lets the next read block no longer than the deadline allows.
pub fn limit_reads(stream: &UnixStream, deadline: Deadline) -> Result<(), FrameError> {
    // A time-out of zero would mean none, and one below a millisecond may be rounded to it.
    let left = deadline
        .left()
        .ok_or(FrameError::TimedOut)?
        .max(Duration::from_millis(1));
    stream.set_read_timeout(Some(left)).map_err(FrameError::from)
}
