//! How many took how long, in buckets of an eighth of an octave.

use std::time::Duration;

/// An octave has so many buckets.
const PER_OCTAVE: u32 = 8;
/// Nanoseconds are counted in units of 2^10 = 1.024 us.
const UNIT: u32 = 10;
/// The last octave ends at 2^36 ns = 68.7 s; whatever is more counts as that.
const END: u32 = 36;

/// One bucket. Each is at most an eighth as wide as it is far from nought, and its middle therefore at most a sixteenth
/// away from what is in it; below 8 us, each is a microsecond wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u8);

impl Bucket {
    /// How many there are.
    pub const COUNT: usize = ((END - UNIT - 2) * PER_OCTAVE) as usize;

    /// The bucket of a time. From 68.7 s on, that is the last one.
    #[inline]
    pub fn of(time: Duration) -> Self {
        let nanos =
            time.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(time.subsec_nanos()));
        let units = nanos.min((1 << END) - 1) >> UNIT;
        if units < u64::from(PER_OCTAVE) {
            return Self(units as u8);
        }
        // The bits behind the highest one's third follower do not count.
        let shift = units.ilog2() - 3;
        Self((shift * PER_OCTAVE + (units >> shift) as u32) as u8)
    }

    /// The bucket of that number, where there is one.
    pub fn at(number: usize) -> Option<Self> {
        (number < Self::COUNT).then_some(Self(number as u8))
    }

    /// Its place among all buckets, from 0.
    #[inline]
    pub const fn number(self) -> usize {
        self.0 as usize
    }

    /// From where on a time is in it.
    pub const fn start(self) -> Duration {
        Duration::from_nanos(start(self.0 as u32))
    }

    /// From where on a time is in the next one; the last one holds whatever is longer, too.
    pub const fn end(self) -> Duration {
        Duration::from_nanos(start(self.0 as u32 + 1))
    }

    /// What stands for the times in it.
    pub const fn middle(self) -> Duration {
        Duration::from_nanos(start(self.0 as u32).midpoint(start(self.0 as u32 + 1)))
    }
}

/// The nanoseconds at which a bucket begins.
const fn start(bucket: u32) -> u64 {
    if bucket < PER_OCTAVE {
        return (bucket as u64) << UNIT;
    }
    ((PER_OCTAVE + bucket % PER_OCTAVE) as u64) << (bucket / PER_OCTAVE - 1 + UNIT)
}

/// How many took how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    /// The bucket of the first count.
    first: usize,
    /// Neither the first nor the last is nought.
    counts: Vec<u64>,
}

impl Latencies {
    /// Counts of all buckets.
    pub(crate) fn of(counts: &[u64; Bucket::COUNT]) -> Self {
        let is_some = |count: &u64| *count > 0;
        let Some(first) = counts.iter().position(is_some) else { return Self::default() };
        let end = counts.iter().rposition(is_some).map_or(first, |last| last + 1);
        Self { first, counts: counts.get(first..end).unwrap_or_default().to_vec() }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// True where there is none.
    pub const fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The buckets that hold any, from the shortest time to the longest, and how many.
    pub fn iter(&self) -> impl Iterator<Item = (Bucket, u64)> + '_ {
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counts.map(|(place, count)| (Bucket((self.first + place) as u8), *count))
    }

    /// Adds some to a bucket.
    pub fn add(&mut self, bucket: Bucket, count: u64) {
        if count == 0 {
            return;
        }
        let number = bucket.number();
        if self.counts.is_empty() {
            self.first = number;
        } else if number < self.first {
            self.counts.splice(0..0, std::iter::repeat_n(0, self.first - number));
            self.first = number;
        }
        let place = number - self.first;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        if let Some(held) = self.counts.get_mut(place) {
            *held = held.saturating_add(count);
        }
    }

    /// The time that a share `q` of them, from 0 to 1, did not exceed: the middle of the bucket of the one with that rank,
    /// which is at most a sixteenth off (or half a microsecond) up to 68.7 s. None where there is none.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let total = self.total();
        let rank = ((total as f64 * q.clamp(0.0, 1.0)).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0_u64;
        let found = self.iter().find(|(_, count)| {
            seen = seen.saturating_add(*count);
            seen >= rank
        });
        found.map(|(bucket, _)| bucket.middle())
    }

    /// What came since `earlier`. A count that is less than it was began again since.
    pub fn minus(&self, earlier: &Self) -> Self {
        let mut rest = Self::default();
        for (bucket, count) in self.iter() {
            rest.add(bucket, count.saturating_sub(earlier.count(bucket)));
        }
        rest
    }

    /// How many there are in a bucket.
    pub fn count(&self, bucket: Bucket) -> u64 {
        let place = bucket.number().checked_sub(self.first);
        place.and_then(|place| self.counts.get(place)).copied().unwrap_or(0)
    }
}

impl std::ops::AddAssign<&Self> for Latencies {
    fn add_assign(&mut self, other: &Self) {
        other.iter().for_each(|(bucket, count)| self.add(bucket, count));
    }
}

#[cfg(test)]
mod tests;
