//! Randomness as an argument: the system's in the programs, a seeded stream in tests.

use ring::rand::SecureRandom;
use std::fmt::Debug;

/// The system gave no random bytes. Whoever meets this refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random generator gave nothing")]
pub struct EntropyError;

/// Gives unpredictable bytes.
pub trait Entropy: Send + Sync + Debug {
    /// Fills the whole buffer, or fails.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}

/// The kernel's generator.
#[derive(Debug, Clone)]
pub struct SystemEntropy(ring::rand::SystemRandom);

impl Default for SystemEntropy {
    fn default() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill(buffer).map_err(|_| EntropyError)
    }
}

/// A stream that is the same in every run. Tests only.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    drawn: std::sync::atomic::AtomicU64,
}

#[cfg(any(test, feature = "testing"))]
impl SeededEntropy {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: std::sync::atomic::AtomicU64::new(0),
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in buffer.chunks_mut(32) {
            let n = self.drawn.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut input = self.seed.to_be_bytes().to_vec();
            input.extend_from_slice(&n.to_be_bytes());
            let block = ring::digest::digest(&ring::digest::SHA256, &input);
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
        Ok(())
    }
}
