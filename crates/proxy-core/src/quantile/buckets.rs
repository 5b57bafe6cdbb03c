//! Buckets of latencies that are about 9 % wide.

/// An octave has so many buckets.
const PER_OCTAVE: u32 = 8;
/// The first octave begins at 2^15 ns = 32.8 us; whatever is less counts as that.
const FIRST: u32 = 15;
/// The last octave ends at 2^36 ns = 68.7 s; whatever is more counts as that.
const END: u32 = 36;

/// How many buckets there are.
pub(crate) const COUNT: usize = ((END - FIRST) * PER_OCTAVE) as usize;

/// The bucket of so many nanoseconds.
#[inline]
pub(crate) const fn of(nanos: u64) -> usize {
    if nanos < 1 << FIRST {
        return 0;
    }
    if nanos >= 1 << END {
        return COUNT - 1;
    }
    let octave = nanos.ilog2();
    // The three bits below the highest one.
    let part = (nanos >> (octave - 3)) as u32 - PER_OCTAVE;
    ((octave - FIRST) * PER_OCTAVE + part) as usize
}

/// The nanoseconds at which a bucket begins.
const fn start(bucket: usize) -> u64 {
    let bucket = bucket as u32;
    let octave = FIRST + bucket / PER_OCTAVE;
    ((PER_OCTAVE + bucket % PER_OCTAVE) as u64) << (octave - 3)
}

/// The quantile in nanoseconds, `q` from 0 to 1: as if the counts of a bucket were spread over it evenly. None where
/// nothing was counted.
pub(crate) fn quantile(counts: &[u32; COUNT], q: f64) -> Option<f64> {
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let mut left = total as f64 * q.clamp(0.0, 1.0);
    let mut last = None;
    for (bucket, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let count = f64::from(*count);
        let (start, end) = (start(bucket) as f64, start(bucket + 1) as f64);
        if left <= count {
            return Some(start + (end - start) * left / count);
        }
        left -= count;
        last = Some(end);
    }
    // Only where rounding has left a rest.
    last
}

#[cfg(test)]
mod tests;
