//! How long the requests of a route take, of late: any quantile, at little cost.

pub(crate) mod buckets;

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU16, AtomicU64};
use std::time::Duration;

/// So many samples are needed for an answer.
const LEAST: u64 = 64;
/// After so many samples all counts are halved.
const HALVING: u64 = 1024;
/// An answer holds for so many samples.
const KEPT: u64 = 64;

/// The latencies of one route on one worker, as a histogram that follows changes: each 1,024 samples count half as
/// much as the next 1,024.
///
/// Latencies from 33 us to 69 s are told apart, to about 5 %; others count as the nearest of these. Meant for one
/// thread that writes; where several do, a sample may be lost now and then.
#[derive(Debug)]
pub(crate) struct LiveQuantile {
    counts: [AtomicU16; buckets::COUNT],
    /// Samples in all.
    recorded: AtomicU64,
    /// The last answer, as [`Answer`] packs it; 0 is none.
    answer: AtomicU64,
}

impl Default for LiveQuantile {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU16::new(0)),
            recorded: AtomicU64::new(0),
            answer: AtomicU64::new(0),
        }
    }
}

impl LiveQuantile {
    /// Counts a request that took so many nanoseconds.
    #[inline]
    pub(crate) fn record(&self, nanos: u64) {
        if let Some(count) = self.counts.get(buckets::of(nanos)) {
            count.store(count.load(Relaxed).saturating_add(1), Relaxed);
        }
        let recorded = self.recorded.load(Relaxed) + 1;
        self.recorded.store(recorded, Relaxed);
        if recorded.is_multiple_of(HALVING) {
            self.halve();
        }
    }

    /// The latency that the share `q` (0 to 1) of the requests does not exceed, to 0.01 % of `q`, as it was at most 64
    /// samples ago. None before there were 64 samples.
    ///
    /// Asking for one and the same quantile is cheap; each other one is found anew.
    #[inline]
    pub(crate) fn quantile(&self, q: f64) -> Option<Duration> {
        let recorded = self.recorded.load(Relaxed);
        if recorded < LEAST {
            return None;
        }
        let wanted = Answer::key(q, recorded / KEPT);
        let answer = Answer(self.answer.load(Relaxed));
        if answer.is_of(wanted) { Some(answer.latency()) } else { self.find(q, wanted) }
    }

    fn find(&self, q: f64, key: u64) -> Option<Duration> {
        let counts = std::array::from_fn(|bucket| {
            self.counts.get(bucket).map_or(0, |count: &AtomicU16| u32::from(count.load(Relaxed)))
        });
        let answer = Answer::new(key, buckets::quantile(&counts, q)?);
        self.answer.store(answer.0, Relaxed);
        Some(answer.latency())
    }

    /// Halves all counts. What is left of an odd one goes to the next bucket, so that no rank moves by more than one,
    /// and the few slowest do not vanish.
    #[cold]
    fn halve(&self) {
        let mut left = 0;
        for count in self.counts.iter().rev() {
            left = count.load(Relaxed).saturating_add(left);
            count.store(left / 2, Relaxed);
            left %= 2;
        }
    }
}

/// An answer in one word, so that readers never mix two: 40 bits of nanoseconds (18 minutes), and a key of 14 bits
/// for the quantile and 10 for the time.
#[derive(Clone, Copy)]
struct Answer(u64);

const LATENCY_BITS: u32 = 40;
const TIME_BITS: u32 = 10;

impl Answer {
    /// What an answer is for: a quantile, and a time that comes again after 1,024 others.
    fn key(q: f64, time: u64) -> u64 {
        let q = (q.clamp(0.0, 1.0) * 10_000.0) as u64;
        (q << TIME_BITS) | (time % (1 << TIME_BITS))
    }

    fn new(key: u64, nanos: f64) -> Self {
        // Never 0 as a whole: no bucket begins at 0.
        Self((key << LATENCY_BITS) | (nanos as u64).min((1 << LATENCY_BITS) - 1))
    }

    const fn is_of(self, key: u64) -> bool {
        self.0 != 0 && self.0 >> LATENCY_BITS == key
    }

    const fn latency(self) -> Duration {
        Duration::from_nanos(self.0 % (1 << LATENCY_BITS))
    }
}

#[cfg(test)]
mod tests;
