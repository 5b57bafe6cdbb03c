//! The counters themselves: each worker adds to its own.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::{Bucket, Latencies, Statistics};
use crate::registry::Padded;

/// What ended: requests, or attempts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// By the status' first digit; the first is for what got no answer.
    by_class: [AtomicU64; 6],
    failed: AtomicU64,
    micros: AtomicU64,
    /// There once something has ended: most routes of many are idle.
    latencies: OnceLock<Box<[AtomicU64; Bucket::COUNT]>>,
}

#[derive(Debug, Default)]
struct Shard {
    ended: Counts,
    begun: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// The sharded counters of something that has requests.
#[derive(Debug)]
pub(crate) struct Shards(Box<[Padded<Shard>]>);

/// What is counted of one request or attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    class: usize,
    /// It broke off, and not by the client.
    has_failed: bool,
    bytes_in: u64,
    bytes_out: u64,
    micros: u64,
    bucket: Bucket,
}

impl Counted {
    /// What ended with that status after so long: 0, or that of a client that has gone, where there was no answer.
    #[inline]
    pub(crate) fn new(status: u16, took: Duration) -> Self {
        Self {
            class: if status == 499 { 0 } else { usize::from(status / 100) },
            has_failed: false,
            bytes_in: 0,
            bytes_out: 0,
            micros: took.as_micros() as u64,
            bucket: Bucket::of(took),
        }
    }

    /// With bytes of bodies.
    #[inline]
    pub(crate) const fn bytes(mut self, bytes_in: u64, bytes_out: u64) -> Self {
        (self.bytes_in, self.bytes_out) = (bytes_in, bytes_out);
        self
    }

    /// Which failed, by no fault of the client, without its status saying so.
    #[inline]
    pub(crate) const fn failed(mut self, has_failed: bool) -> Self {
        self.has_failed = has_failed;
        self
    }
}

impl Counts {
    #[inline]
    pub(crate) fn count(&self, counted: &Counted) {
        if let Some(class) = self.by_class.get(counted.class) {
            class.fetch_add(1, Relaxed);
        }
        if counted.has_failed {
            self.broke();
        }
        self.micros.fetch_add(counted.micros, Relaxed);
        let latencies = self.latencies.get_or_init(|| Box::new([const { AtomicU64::new(0) }; Bucket::COUNT]));
        if let Some(bucket) = latencies.get(counted.bucket.number()) {
            bucket.fetch_add(1, Relaxed);
        }
    }

    /// What was counted already has broken off since.
    #[cold]
    pub(crate) fn broke(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    /// How many have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.by_class.iter().map(|class| class.load(Relaxed)).sum()
    }

    fn add_to(&self, sum: &mut Sum) {
        for (sum, class) in sum.counted.by_class.iter_mut().zip(&self.by_class) {
            *sum += class.load(Relaxed);
        }
        sum.counted.failed += self.failed.load(Relaxed);
        sum.counted.time += Duration::from_micros(self.micros.load(Relaxed));
        let counts = self.latencies.get().into_iter().flat_map(|all| all.iter());
        for (sum, count) in sum.latencies.iter_mut().zip(counts) {
            *sum += count.load(Relaxed);
        }
    }

    /// What several workers have counted.
    pub(crate) fn sum<'c>(all: impl Iterator<Item = &'c Self>) -> Statistics {
        let mut sum = Sum { counted: Statistics::default(), latencies: [0; Bucket::COUNT] };
        all.for_each(|counts| counts.add_to(&mut sum));
        Statistics { latencies: Latencies::of(&sum.latencies), ..sum.counted }
    }
}

/// A sum on its way.
struct Sum {
    counted: Statistics,
    latencies: [u64; Bucket::COUNT],
}

impl Shards {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count.max(1)).map(|_| Padded::default()).collect())
    }

    /// A request has begun.
    #[inline]
    pub(crate) fn begin(&self, shard: usize) {
        if let Some(shard) = self.shard(shard) {
            shard.begun.fetch_add(1, Relaxed);
        }
    }

    /// A request has ended.
    #[inline]
    pub(crate) fn count(&self, shard: usize, counted: &Counted) {
        let Some(shard) = self.shard(shard) else { return };
        shard.ended.count(counted);
        if counted.bytes_in > 0 {
            shard.bytes_in.fetch_add(counted.bytes_in, Relaxed);
        }
        shard.bytes_out.fetch_add(counted.bytes_out, Relaxed);
    }

    #[inline]
    fn shard(&self, shard: usize) -> Option<&Shard> {
        self.0.get(shard % self.0.len().max(1)).map(|shard| &shard.0)
    }

    /// How many requests have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.0.iter().map(|shard| shard.0.ended.ended()).sum()
    }

    /// How many are in flight.
    pub(crate) fn in_flight(&self) -> u64 {
        // Ends are read first: what has ended by then has begun by then.
        let ended = self.ended();
        let begun: u64 = self.0.iter().map(|shard| shard.0.begun.load(Relaxed)).sum();
        begun.saturating_sub(ended)
    }

    pub(crate) fn sum(&self) -> Statistics {
        let mut sum = Counts::sum(self.0.iter().map(|shard| &shard.0.ended));
        for Padded(shard) in &self.0 {
            sum.bytes_in += shard.bytes_in.load(Relaxed);
            sum.bytes_out += shard.bytes_out.load(Relaxed);
        }
        sum.in_flight = self.in_flight();
        sum
    }
}
