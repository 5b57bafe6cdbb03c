//! How many of the latest requests went well: counts that slide with time.

use std::{
    array,
    iter::Sum,
    ops::{Add, AddAssign},
    time::Duration,
};

#[cfg(test)]
mod tests;

const BUCKETS: u64 = 10;

/// How many went well and how many did not. Those of several windows are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many went well.
    pub ok: u64,
    /// How many did not.
    pub failed: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.ok.saturating_add(self.failed)
    }

    /// Whether at least this percentage of all failed; never of none.
    #[must_use]
    pub fn is_failed_share(&self, percent: u8) -> bool {
        let total = u128::from(self.total());
        total > 0 && u128::from(self.failed) * 100 >= total * u128::from(percent)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { ok: self.ok.saturating_add(other.ok), failed: self.failed.saturating_add(other.failed) }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

/// Counts over the last so many seconds, in ten buckets that are used in turn.
///
/// What happened is forgotten a tenth of the span at a time: the counts cover the tenth that is running and
/// the nine before it, so between nine tenths and the whole of the span. Both calls take constant time, and
/// neither allocates. Time is counted from any moment that stays the same; one that goes backwards counts
/// as having stood.
///
/// ```
/// use health::{Counts, Window};
/// use std::time::Duration;
///
/// let mut window = Window::new(Duration::from_secs(10));
/// window.record(true, Duration::from_secs(1));
/// window.record(false, Duration::from_secs(5));
/// assert_eq!(window.counts(Duration::from_secs(6)), Counts { ok: 1, failed: 1 });
/// assert_eq!(window.counts(Duration::from_secs(11)), Counts { ok: 0, failed: 1 });
/// ```
#[derive(Debug)]
pub struct Window {
    /// Nanoseconds of a bucket, at least 1.
    width: u64,
    /// The number of the latest bucket, counted from the beginning of time.
    latest: u64,
    epoch: u64,
    buckets: [Bucket; BUCKETS as usize],
}

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    number: u64,
    ok: u32,
    failed: u32,
}

impl Window {
    /// A window of this span that has seen nothing. A span of less than 10 ns counts as 10 ns.
    #[must_use]
    pub fn new(span: Duration) -> Self {
        let width = (nanos(span) / BUCKETS).max(1);
        Self { width, latest: 0, epoch: 0, buckets: array::from_fn(|_| Bucket::default()) }
    }

    /// Counts one that ended now.
    pub fn record(&mut self, ok: bool, now: Duration) {
        let number = self.number(now);
        self.latest = number;
        // The remainder is always an index of the ring.
        let Some(bucket) = self.buckets.get_mut((number % BUCKETS) as usize) else { return };
        if bucket.number != number {
            *bucket = Bucket { number, ok: 0, failed: 0 };
        }
        let count = if ok { &mut bucket.ok } else { &mut bucket.failed };
        *count = count.saturating_add(1);
    }

    /// The counts of the span that ends now.
    #[must_use]
    pub fn counts(&self, now: Duration) -> Counts {
        let number = self.number(now);
        let within = |bucket: &&Bucket| number - bucket.number.min(number) < BUCKETS;
        self.buckets.iter().filter(within).map(Bucket::counts).sum()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.buckets = array::from_fn(|_| Bucket::default());
    }

    /// Forgets everything if this is another epoch than the last one given (at first 0).
    ///
    /// With [`Breaker::epoch`](crate::Breaker::epoch) each shard of a window drops what it counted before the
    /// breaker opened or closed, without anybody reaching into the shards of others.
    pub fn keep_to(&mut self, epoch: u64) {
        if std::mem::replace(&mut self.epoch, epoch) != epoch {
            self.clear();
        }
    }

    fn number(&self, now: Duration) -> u64 {
        (nanos(now) / self.width).max(self.latest)
    }
}

impl Bucket {
    fn counts(&self) -> Counts {
        Counts { ok: self.ok.into(), failed: self.failed.into() }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
