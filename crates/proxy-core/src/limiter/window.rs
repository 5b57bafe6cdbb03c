//! The samples between two decisions. Pure: the time is an argument.

use std::time::Duration;

use crate::quantile::buckets;

/// A window lasts for so long at least.
const LEAST_TIME: Duration = Duration::from_millis(100);
/// It has so many samples at least, unless it takes too long for them.
const LEAST_SAMPLES: u32 = 32;
/// It goes on until its median is known to this share of itself (the standard error),
const PRECISION: f64 = 0.1;
/// but no longer than this,
const MOST_TIME: Duration = Duration::from_secs(1);
/// or so many latencies: then as many samples suffice.
const MOST_LATENCIES: u32 = 8;

/// The samples of one window.
#[derive(Debug)]
pub(super) struct Window {
    opens: Duration,
    counts: [u32; buckets::COUNT],
    succeeded: u32,
    failed: u32,
    peak: u32,
}

/// What a window has come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// The median latency of the successful, in nanoseconds.
    pub(super) latency: Option<f64>,
    /// The share of the failed, from 0 to 1.
    pub(super) failed: f64,
    /// The most requests in flight.
    pub(super) peak: u32,
}

impl Window {
    /// A window whose first sample ends at `opens` or later.
    pub(super) const fn new(opens: Duration) -> Self {
        Self { opens, counts: [0; buckets::COUNT], succeeded: 0, failed: 0, peak: 0 }
    }

    /// Counts a request. What the window has come to, where this was its last.
    pub(super) fn record(
        &mut self,
        rtt: Duration,
        in_flight: u32,
        failed: bool,
        now: Duration,
    ) -> Option<Sample> {
        let age = now.checked_sub(self.opens)?;
        self.peak = self.peak.max(in_flight);
        if failed {
            self.failed = self.failed.saturating_add(1);
        } else {
            self.succeeded = self.succeeded.saturating_add(1);
            let bucket = buckets::of(u64::try_from(rtt.as_nanos()).unwrap_or(u64::MAX));
            if let Some(count) = self.counts.get_mut(bucket) {
                *count = count.saturating_add(1);
            }
        }
        let rtt = if failed { Duration::ZERO } else { rtt };
        self.is_over(age, rtt).then(|| Sample {
            latency: buckets::quantile(&self.counts, 0.5),
            failed: f64::from(self.failed) / f64::from(self.samples()),
            peak: self.peak,
        })
    }

    const fn samples(&self) -> u32 {
        self.succeeded.saturating_add(self.failed)
    }

    fn is_over(&self, age: Duration, rtt: Duration) -> bool {
        let samples = self.samples();
        if age < LEAST_TIME || samples < MOST_LATENCIES {
            return false;
        }
        // Costs a look at all buckets, so it is asked now and then only.
        if samples >= LEAST_SAMPLES && samples.is_multiple_of(LEAST_SAMPLES) && self.is_precise() {
            return true;
        }
        age >= MOST_TIME && age >= rtt.saturating_mul(MOST_LATENCIES)
    }

    /// The standard error of a median of n normal samples is 0.93 of the distance of their quartiles, by sqrt(n).
    fn is_precise(&self) -> bool {
        let quartile = |q| buckets::quantile(&self.counts, q);
        let (Some(low), Some(median), Some(high)) = (quartile(0.25), quartile(0.5), quartile(0.75)) else {
            return true;
        };
        0.93 * (high - low) <= PRECISION * median * f64::from(self.succeeded).sqrt()
    }
}

#[cfg(test)]
mod tests;
