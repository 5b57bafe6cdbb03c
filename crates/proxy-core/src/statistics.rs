//! Counters, one shard per worker: written without contention, added up when they are read.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::reason::Reason;
use crate::registry::Padded;

/// Upper bounds of the latency histogram's buckets, in microseconds; one more holds what is slower.
const BOUNDS: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

#[derive(Debug, Default)]
struct Shard {
    /// By the status' first digit; the first is for what got no answer.
    by_class: [AtomicU64; 6],
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    micros: AtomicU64,
    buckets: [AtomicU64; BOUNDS.len() + 1],
}

/// The sharded counters of something.
#[derive(Debug)]
pub(crate) struct Shards(Box<[Padded<Shard>]>);

/// What is counted of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) status: u16,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) took: Duration,
}

impl Shards {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).map(|_| Padded::default()).collect())
    }

    #[inline]
    pub(crate) fn count(&self, shard: usize, counted: &Counted) {
        let Some(Padded(shard)) = self.0.get(shard % self.0.len().max(1)) else { return };
        let class = if counted.status == 499 { 0 } else { usize::from(counted.status / 100) };
        if let Some(class) = shard.by_class.get(class) {
            class.fetch_add(1, Relaxed);
        }
        if counted.bytes_in > 0 {
            shard.bytes_in.fetch_add(counted.bytes_in, Relaxed);
        }
        shard.bytes_out.fetch_add(counted.bytes_out, Relaxed);
        let micros = counted.took.as_micros() as u64;
        shard.micros.fetch_add(micros, Relaxed);
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = shard.buckets.get(bucket) {
            bucket.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn sum(&self) -> Statistics {
        let mut sum = Statistics::default();
        for Padded(shard) in &self.0 {
            for (sum, class) in sum.by_class.iter_mut().zip(&shard.by_class) {
                *sum += class.load(Relaxed);
            }
            for (sum, bucket) in sum.latency.iter_mut().zip(&shard.buckets) {
                *sum += bucket.load(Relaxed);
            }
            sum.bytes_in += shard.bytes_in.load(Relaxed);
            sum.bytes_out += shard.bytes_out.load(Relaxed);
            sum.time += Duration::from_micros(shard.micros.load(Relaxed));
        }
        sum
    }
}

/// What was counted of a route, or of the whole proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Requests by the first digit of the status; at index 0 those that got no answer, as the client had gone.
    pub by_class: [u64; 6],
    /// Bytes of request bodies.
    pub bytes_in: u64,
    /// Bytes of response bodies.
    pub bytes_out: u64,
    /// The time that all requests took together.
    pub time: Duration,
    /// Requests by the time that they took: see [`Statistics::latency_bounds`].
    pub latency: [u64; BOUNDS.len() + 1],
}

impl Statistics {
    /// Requests in all.
    pub fn requests(&self) -> u64 {
        self.by_class.iter().sum()
    }

    /// The upper bounds of the latency buckets; the last bucket has none.
    pub fn latency_bounds() -> impl Iterator<Item = Duration> {
        BOUNDS.iter().map(|micros| Duration::from_micros(*micros))
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
