//! How fast a queue moves. Pure: the time is an argument.

use std::time::Duration;

/// How much of the mean the latest gap is.
const SHARE: f64 = 0.1;

/// The mean time between two pops while somebody waits.
///
/// Times when nobody waits do not count: then nothing is popped, whatever the pace would be.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    /// In seconds; none before the first pop.
    mean: Option<f64>,
    /// The last pop, or when the first in the queue came.
    since: Duration,
}

impl Throughput {
    /// Somebody waits again.
    pub(super) const fn begin(&mut self, now: Duration) {
        self.since = now;
    }

    /// One was popped.
    pub(super) fn count(&mut self, now: Duration) {
        let gap = now.saturating_sub(self.since).as_secs_f64();
        self.mean = Some(self.mean.map_or(gap, |mean| mean + (gap - mean) * SHARE));
        self.since = now;
    }

    /// How long so many pops take, as it looks.
    pub(super) fn time_for(&self, pops: usize, now: Duration) -> Duration {
        // A gap that is not over yet can but lengthen the mean.
        let gap = now.saturating_sub(self.since).as_secs_f64();
        let mean = self.mean.map_or(gap, |mean| mean + (gap - mean).max(0.0) * SHARE);
        Duration::try_from_secs_f64(mean * pops as f64).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests;
