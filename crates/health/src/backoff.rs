//! How long to wait before the n-th try.

use crate::random;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Waits that double from a first one to a longest one, each shortened at random by up to a share of itself.
///
/// # Defaults
///
/// First 1 s, longest 60 s, jitter 0.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
    /// The share of a wait, 0 to 1, by which it is shortened at most. Waits are never lengthened, so that
    /// "within 60 s" can be promised.
    pub jitter: f64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60), jitter: 0.1 }
    }
}

impl Backoff {
    /// The wait before try number `tries` (0 is the first), shortened as these 64 random bits say.
    #[must_use]
    pub fn wait(&self, tries: u32, entropy: u64) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(tries).unwrap_or(u32::MAX));
        let full = doubled.min(self.longest);
        random::shorten(full, self.jitter, entropy)
    }
}
