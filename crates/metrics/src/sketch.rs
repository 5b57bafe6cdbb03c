//! Latencies in four bytes for each bucket that holds any.

use proxy_core::Bucket;

/// So many bits of a word are a count; those above are the bucket.
const BITS: u32 = 24;
const MOST: u32 = (1 << BITS) - 1;

/// Words in the order of their buckets. A bucket that holds more than fits has several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch(Vec<u32>);

impl Sketch {
    pub(crate) fn add(&mut self, bucket: Bucket, mut count: u64) {
        let number = bucket.number() as u32;
        // Only the last word of a bucket has room.
        let end = self.0.partition_point(|word| word >> BITS <= number);
        if let Some(word) = end.checked_sub(1).and_then(|last| self.0.get_mut(last))
            && *word >> BITS == number
        {
            let room = u64::from(MOST - (*word & MOST)).min(count);
            *word += room as u32;
            count -= room;
        }
        while count > 0 {
            let part = count.min(u64::from(MOST));
            self.0.insert(end.min(self.0.len()), number << BITS | part as u32);
            count -= part;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Bucket, u64)> + '_ {
        self.0.iter().filter_map(|word| Some((Bucket::at((word >> BITS) as usize)?, u64::from(word & MOST))))
    }

    /// Nothing more is going to come.
    pub(crate) fn close(&mut self) {
        self.0.shrink_to_fit();
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn counts_of_any_size_come_out_as_they_went_in() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..300 {
            let (mut sketch, mut exact) = (Sketch::default(), BTreeMap::<usize, u64>::new());
            for _ in 0..random.usize(..60) {
                let number = random.usize(..8) * random.usize(..28);
                let count = random.u64(..4) * (1 << random.u32(..26));
                sketch.add(Bucket::at(number).unwrap(), count);
                *exact.entry(number).or_default() += count;
            }
            let mut got = BTreeMap::<usize, u64>::new();
            let mut last = 0;
            for (bucket, count) in sketch.iter() {
                assert!(bucket.number() >= last && count > 0);
                last = bucket.number();
                *got.entry(last).or_default() += count;
            }
            exact.retain(|_, count| *count > 0);
            assert_eq!(got, exact);
        }
    }
}
