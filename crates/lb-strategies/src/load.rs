//! The latency of a backend, as it was lately at its worst.

#[cfg(test)]
mod tests;

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The expected latency of one backend: rises at once to a slower answer, falls slowly to faster ones.
///
/// A moving average weighted by time that is sensitive to peaks, as in Finagle, tower and Linkerd: a sample
/// above the estimate becomes the estimate; another one moves it by `1 - exp(-dt / decay)` of the difference,
/// dt being the time since the last sample. Reading is a sample of zero: an estimate that nothing is added to
/// falls towards zero, so that a backend which was slow is asked again. Times are nanoseconds since a moment
/// of the caller's choice; one that lies before the last sample counts as the time of that sample.
///
/// It belongs to the backend and outlives every picker. Two atomics without a lock: a thread that writes
/// while another one does may undo that one's sample, and a reader may see a new estimate with the time of
/// the last one for as long as a store takes. Both are what an average gets over; many writers should have
/// one each.
///
/// The exponential is a rational function, never more than 0.00001 off, so that neither recording nor reading
/// calls anything.
///
/// ```
/// use lb_strategies::PeakEwma;
///
/// let latency = PeakEwma::new();
/// assert_eq!(latency.estimate(0), None);
/// latency.record(20_000_000, 1_000);
/// assert_eq!(latency.estimate(1_000), Some(20_000_000));
/// // Ten seconds later 1/e of it is left.
/// assert!((7_357_000..7_359_000).contains(&latency.estimate(10_000_001_000).unwrap()));
/// ```
#[derive(Debug)]
pub struct PeakEwma {
    /// Nanoseconds as the bits of an `f64`, a NaN while nothing is known. Whole nanoseconds would not do: at
    /// a hundred thousand samples a second each moves the estimate by a millionth of the difference.
    estimate: AtomicU64,
    /// The time of the last sample.
    at_nanos: AtomicU64,
}

impl PeakEwma {
    /// The time in which 1/e of an estimate is left, if nothing is added: 10 seconds, as in Linkerd.
    pub const DECAY: Duration = Duration::from_secs(10);
    /// What a failure counts as, at the least: 5 seconds, as in Linkerd.
    pub const PENALTY: Duration = Duration::from_secs(5);
    /// What a failure counts as, at the most: 300 seconds, as in Linkerd.
    pub const LARGEST_PENALTY: Duration = Duration::from_secs(300);

    /// An estimate of a backend of which nothing is known.
    #[must_use]
    pub const fn new() -> Self {
        Self { estimate: AtomicU64::new(f64::NAN.to_bits()), at_nanos: AtomicU64::new(0) }
    }

    /// Takes in that an answer took `rtt_nanos`.
    #[inline]
    pub fn record(&self, rtt_nanos: u64, now_nanos: u64) {
        let sample = rtt_nanos as f64;
        let (estimate, at_nanos) = self.read();
        // Not `sample > estimate`: everything is above an estimate that is no number.
        let next = if sample <= estimate {
            sample + (estimate - sample) * remainder(now_nanos.saturating_sub(at_nanos))
        } else {
            sample
        };
        self.write(next, now_nanos.max(at_nanos));
    }

    /// Takes in that the backend failed, which counts as an answer that took
    /// [`penalty_nanos`](Self::penalty_nanos), or as the estimate of this moment if that is more: a backend
    /// that fails fast looks slow, and none looks better for failing (Linkerd's `PenaltyPeakEwma`).
    #[inline]
    pub fn penalise(&self, penalty_nanos: u64, now_nanos: u64) {
        let (estimate, at_nanos) = self.read();
        let decayed = estimate * remainder(now_nanos.saturating_sub(at_nanos));
        // `max` passes over what is no number.
        self.write(decayed.max(penalty_nanos as f64), now_nanos.max(at_nanos));
    }

    /// What an answer is expected to take now, in nanoseconds; `None` while nothing is known.
    #[inline]
    #[must_use]
    pub fn estimate(&self, now_nanos: u64) -> Option<u64> {
        let (estimate, at_nanos) = self.read();
        let decayed = estimate * remainder(now_nanos.saturating_sub(at_nanos));
        (!decayed.is_nan()).then_some(decayed as u64)
    }

    /// What a failure counts as, in nanoseconds: the time after which the backend wants to be asked again
    /// (`Retry-After`), from [`PENALTY`](Self::PENALTY) to [`LARGEST_PENALTY`](Self::LARGEST_PENALTY).
    #[must_use]
    pub fn penalty_nanos(retry_after: Option<Duration>) -> u64 {
        let wished = retry_after.unwrap_or_default();
        wished.clamp(Self::PENALTY, Self::LARGEST_PENALTY).as_nanos() as u64
    }

    /// The value first and, when writing, the time first: whoever sees the new value on a machine that keeps
    /// the order sees the new time as well, and does not decay a fresh peak by a long silence.
    #[inline]
    fn read(&self) -> (f64, u64) {
        let estimate = f64::from_bits(self.estimate.load(Relaxed));
        (estimate, self.at_nanos.load(Relaxed))
    }

    #[inline]
    fn write(&self, estimate: f64, at_nanos: u64) {
        self.at_nanos.store(at_nanos, Relaxed);
        self.estimate.store(estimate.to_bits(), Relaxed);
    }
}

impl Default for PeakEwma {
    fn default() -> Self {
        Self::new()
    }
}

/// Beyond this many decay times nothing is left: there is a billionth.
const FORGOTTEN: f64 = 27.0;

/// `exp(-elapsed / decay)`: Padé's approximant of order [2/2] for an eighth of the argument, to the eighth
/// power. It falls all the way to `FORGOTTEN`, and is never more than 0.00001 off.
#[inline]
fn remainder(elapsed_nanos: u64) -> f64 {
    const RATE: f64 = 1.0 / PeakEwma::DECAY.as_nanos() as f64;
    let decays = elapsed_nanos as f64 * RATE;
    if decays > FORGOTTEN {
        return 0.0;
    }
    let eighth = decays * 0.125;
    let even = 12.0 + eighth * eighth;
    let odd = 6.0 * eighth;
    let root = (even - odd) / (even + odd);
    let square = root * root;
    let fourth = square * square;
    fourth * fourth
}
