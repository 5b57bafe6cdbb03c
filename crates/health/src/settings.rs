//! How a monitor probes.

use crate::Backoff;
use std::time::Duration;

/// How a [`Monitor`](crate::Monitor) probes.
///
/// # Defaults
///
/// Backoff 1 s doubling to 60 s with jitter 0.1, 2 s for a probe, 16 probes at once.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The waits before the probes of a dead backend.
    pub backoff: Backoff,
    /// The time that a probe may take.
    pub probe_timeout: Duration,
    /// Probes that run at the same time, at most; 0 counts as 1.
    pub concurrent_probes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { backoff: Backoff::default(), probe_timeout: Duration::from_secs(2), concurrent_probes: 16 }
    }
}

impl Settings {
    /// The same with these waits.
    #[must_use]
    pub const fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// The same with this time for a probe.
    #[must_use]
    pub const fn with_probe_timeout(mut self, timeout: Duration) -> Self {
        self.probe_timeout = timeout;
        self
    }

    /// The same with this many probes at once.
    #[must_use]
    pub const fn with_concurrent_probes(mut self, probes: usize) -> Self {
        self.concurrent_probes = probes;
        self
    }
}
