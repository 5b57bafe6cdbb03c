//! Counters, one shard per worker: written without contention, added up when they are read.

mod latencies;
mod shards;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::reason::Reason;

pub use latencies::{Bucket, Latencies};
pub(crate) use shards::{Counted, Counts, Shards};

/// What was counted of the requests of a route or of the whole proxy, or of the attempts that a backend or an upstream
/// got, since it came to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// By the first digit of the status; at index 0 those that got no answer: the client had gone, or an attempt failed.
    pub by_class: [u64; 6],
    /// Those that failed by no fault of the client, though their status does not say so: an attempt that got no answer,
    /// an answer that broke off.
    pub failed: u64,
    /// Those that have begun and not ended.
    pub in_flight: u64,
    /// Bytes of request bodies; not counted of attempts.
    pub bytes_in: u64,
    /// Bytes of response bodies; not counted of attempts.
    pub bytes_out: u64,
    /// The time that all took together: requests until their end, attempts until the head of the answer.
    pub time: Duration,
    /// How many took how long.
    pub latencies: Latencies,
}

impl Statistics {
    /// Those that have ended, in all.
    pub fn requests(&self) -> u64 {
        self.by_class.iter().sum()
    }

    /// Those that failed: a status of 5xx, whoever gave it, and whatever broke off by no fault of the client.
    pub fn errors(&self) -> u64 {
        self.by_class.last().copied().unwrap_or(0).saturating_add(self.failed)
    }

    /// The time that one took on average; none where none has ended.
    pub fn mean(&self) -> Option<Duration> {
        let requests = self.requests();
        (requests > 0).then(|| self.time.div_f64(requests as f64))
    }

    /// The time that a share `q` of them, from 0 to 1, did not exceed: see [`Latencies::quantile`].
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        self.latencies.quantile(q)
    }

    /// What came since `earlier`; what is in flight is what is so now. A count that is less than it was began again since,
    /// and nothing came of it.
    #[must_use]
    pub fn minus(&self, earlier: &Self) -> Self {
        let mut rest = self.clone();
        for (class, earlier) in rest.by_class.iter_mut().zip(&earlier.by_class) {
            *class = class.saturating_sub(*earlier);
        }
        rest.failed = self.failed.saturating_sub(earlier.failed);
        rest.bytes_in = self.bytes_in.saturating_sub(earlier.bytes_in);
        rest.bytes_out = self.bytes_out.saturating_sub(earlier.bytes_out);
        rest.time = self.time.saturating_sub(earlier.time);
        rest.latencies = self.latencies.minus(&earlier.latencies);
        rest
    }
}

impl std::ops::AddAssign<&Self> for Statistics {
    fn add_assign(&mut self, other: &Self) {
        for (class, other) in self.by_class.iter_mut().zip(&other.by_class) {
            *class += other;
        }
        self.failed += other.failed;
        self.in_flight += other.in_flight;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.time += other.time;
        self.latencies += &other.latencies;
    }
}

/// How often each reason was given. Rare enough for a lock per worker.
#[derive(Debug, Default)]
pub(crate) struct Reasons(Mutex<BTreeMap<&'static str, BTreeMap<String, u64>>>);

impl Reasons {
    /// Counts `reason` under `kind`: what ended with it.
    pub(crate) fn count(&self, kind: &'static str, reason: Reason) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(kind).or_default().entry(reason.to_string()).or_default() += 1;
    }

    pub(crate) fn add_to(&self, sum: &mut BTreeMap<String, u64>, kind: &'static str) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (reason, count) in counts.get(kind).into_iter().flatten() {
            *sum.entry(reason.clone()).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests;
