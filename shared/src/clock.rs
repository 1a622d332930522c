//! The clock as an argument: the system's in the programs, a hand-moved one in tests.

use std::fmt::Debug;

/// Seconds since 1970-01-01T00:00:00Z.
pub type UnixTime = i64;

/// Tells the time. Nothing else in `shared` may ask the system for it.
pub trait Clock: Send + Sync + Debug {
    /// The present moment in seconds. May go backwards: whoever compares two readings must survive that.
    fn now(&self) -> UnixTime;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> UnixTime {
        match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            // A clock before 1970 is broken; 0 makes every code wrong and every grant not yet valid.
            Err(_) => 0,
        }
    }
}

/// A clock that moves only when told to.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug, Default)]
pub struct HandClock(std::sync::atomic::AtomicI64);

#[cfg(any(test, feature = "testing"))]
impl HandClock {
    /// Starts at this moment.
    pub fn at(moment: UnixTime) -> Self {
        Self(std::sync::atomic::AtomicI64::new(moment))
    }

    /// Jumps to this moment, forwards or backwards.
    pub fn set(&self, moment: UnixTime) {
        self.0.store(moment, std::sync::atomic::Ordering::SeqCst);
    }

    /// Moves by so many seconds, backwards when negative.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(any(test, feature = "testing"))]
impl Clock for HandClock {
    fn now(&self) -> UnixTime {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}
