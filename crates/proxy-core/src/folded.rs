//! A quick hasher for keys that strangers do not choose: ids, names and hosts of the configuration.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::matcher::folded;

/// A map with keys of the configuration.
pub(crate) type FoldedMap<K, V> = HashMap<K, V, BuildHasherDefault<FoldedHasher>>;

/// Eight bytes at a time into a folded product of 128 bits. Whoever can choose keys can choose such as meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoldedHasher(u64);

impl Default for FoldedHasher {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Hasher for FoldedHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let rest = rest.iter().fold(1, |word, byte| word << 8 | u64::from(*byte));
            self.write_u64(rest);
        }
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.0 = folded(self.0.rotate_left(5) ^ word);
    }

    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    use super::*;

    #[test]
    fn keys_that_are_much_alike_are_told_apart() {
        let hash = BuildHasherDefault::<FoldedHasher>::default();
        let keys =
            (0..100_000).flat_map(|n| [format!("route-{n}"), format!("{n}"), format!("{n}.example.test")]);
        let hashes: HashSet<u64> = keys.map(|key| hash.hash_one(key)).collect();
        assert_eq!(hashes.len(), 300_000);
        // A table goes by the lowest bits and by the highest ones.
        for shift in [0, 57] {
            let parts: HashSet<u64> = hashes.iter().map(|hash| hash >> shift & 0x7f).collect();
            assert_eq!(parts.len(), 128);
        }
    }
}
