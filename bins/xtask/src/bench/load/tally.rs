//! Counting while requests are under way.

use std::time::{Duration, Instant};

use super::orders::Tally;

/// With so many errors a burst makes no sense any more.
const TOO_MANY: u64 = 100;

/// A tally in the making.
#[derive(Debug)]
pub(super) struct Count {
    started: Instant,
    ended: Instant,
    /// Microseconds would be too coarse for the fastest answers: nanoseconds, which fit for 4 s.
    latencies: Vec<u32>,
    errors: u64,
    first_error: Option<String>,
}

impl Count {
    pub(super) fn new(started: Instant) -> Self {
        Self { started, ended: started, latencies: Vec::with_capacity(1 << 18), errors: 0, first_error: None }
    }

    /// One more request was answered at `now`, after `latency`.
    pub(super) fn answered(&mut self, now: Instant, latency: Duration) {
        self.ended = now;
        self.latencies.push(nanos(latency));
    }

    /// Something went wrong.
    pub(super) fn failed(&mut self, what: impl FnOnce() -> String) {
        self.errors += 1;
        self.first_error.get_or_insert_with(what);
    }

    /// Whether so much went wrong that going on tells nothing.
    pub(super) fn is_hopeless(&self) -> bool {
        self.errors >= TOO_MANY
    }

    /// The sum of it all.
    pub(super) fn close(mut self) -> Tally {
        self.latencies.sort_unstable();
        Tally {
            requests: self.latencies.len() as u64,
            errors: self.errors,
            first_error: self.first_error,
            seconds: (self.ended - self.started).as_secs_f64(),
            p50_us: percentile(&self.latencies, 50),
            p99_us: percentile(&self.latencies, 99),
            max_us: percentile(&self.latencies, 100),
            surge: None,
            swap: None,
            mixed: None,
        }
    }
}

/// Nanoseconds, or the most that fit.
pub(super) fn nanos(latency: Duration) -> u32 {
    u32::try_from(latency.as_nanos()).unwrap_or(u32::MAX)
}

/// The smallest of the `sorted` nanoseconds that `percent` of them do not exceed, in microseconds.
pub(super) fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).map_or(0.0, |nanos| f64::from(*nanos) / 1000.0)
}

#[cfg(test)]
mod tests;
