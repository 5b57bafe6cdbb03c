//! Immutable hash tables with open addressing.
//!
//! Whoever sends requests cannot put anything into them, and whoever writes routes meets a bound: a table is built
//! again with other seeds while its longest run of slots is long.

use super::NONE;

/// What a table is made of.
pub(super) trait Slot: Copy {
    /// What lies where nothing is.
    const VACANT: Self;

    fn is_vacant(&self) -> bool;
}

/// Slots found by hash, in linear probing. Runs never wrap around: they go on behind the last home.
#[derive(Debug)]
pub(super) struct Slots<S> {
    slots: Box<[S]>,
    shift: u32,
    seed: u64,
}

/// The longest run that is not worth another seed. At most half of all slots are taken, so that even a hundred
/// thousand entries with a good hash seldom make half of it.
const LONG_RUN: usize = 64;
const SEEDS: u64 = 8;

impl<S: Slot> Slots<S> {
    /// A table of `entries`, each at the home that `hash` with the table's seed gives it.
    pub(super) fn new(entries: &[S], hash: impl Fn(u64, &S) -> u64) -> Self {
        let (mut best, mut run) = Self::seeded(0, entries, &hash);
        for seed in 1..SEEDS {
            if run <= LONG_RUN {
                break;
            }
            let (other, other_run) = Self::seeded(seed, entries, &hash);
            if other_run < run {
                (best, run) = (other, other_run);
            }
        }
        best
    }

    fn seeded(seed: u64, entries: &[S], hash: impl Fn(u64, &S) -> u64) -> (Self, usize) {
        let homes = (entries.len() * 2).next_power_of_two().max(2);
        let shift = 64 - homes.trailing_zeros();
        // Fractions of the golden ratio are far apart from each other.
        let seed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut slots = vec![S::VACANT; if entries.is_empty() { 0 } else { homes }];
        let mut longest = 0;
        for entry in entries {
            let home = (hash(seed, entry) >> shift) as usize;
            let run = slots.iter().skip(home).take_while(|slot| !slot.is_vacant()).count();
            longest = longest.max(run);
            match slots.get_mut(home + run) {
                Some(slot) => *slot = *entry,
                None => slots.push(*entry),
            }
        }
        (Self { slots: slots.into(), shift, seed }, longest)
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The entry with this hash for which `is_wanted` holds.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_wanted: impl Fn(&S) -> bool) -> Option<&S> {
        let run = self.slots.get((hash >> self.shift) as usize..)?;
        run.iter().take_while(|slot| !slot.is_vacant()).find(|slot| is_wanted(slot))
    }
}

/// A map from a number and a byte string to a number.
#[derive(Debug)]
pub(super) struct ByteMap {
    slots: Slots<KeySlot>,
    /// All keys' bytes.
    bytes: Box<[u8]>,
    /// The length of the longest key: a longer one is not worth hashing.
    longest: usize,
}

#[derive(Debug, Clone, Copy)]
struct KeySlot {
    scope: u32,
    start: u32,
    length: u32,
    value: u32,
}

impl Slot for KeySlot {
    const VACANT: Self = Self { scope: 0, start: 0, length: 0, value: NONE };

    #[inline]
    fn is_vacant(&self) -> bool {
        self.value == NONE
    }
}

impl ByteMap {
    /// A map of `entries` (scope, key, value). Keys are distinct within a scope, values are not [`NONE`], and all
    /// keys together are shorter than 32 bits can count.
    pub(super) fn new(entries: &[(u32, &[u8], u32)]) -> Self {
        let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.1.len()).sum());
        let mut slots = Vec::with_capacity(entries.len());
        for &(scope, key, value) in entries {
            slots.push(KeySlot { scope, start: bytes.len() as u32, length: key.len() as u32, value });
            bytes.extend_from_slice(key);
        }
        let longest = entries.iter().map(|entry| entry.1.len()).max().unwrap_or(0);
        let slots = Slots::new(&slots, |seed, slot| hash(seed, slot.scope, key_of(&bytes, slot)));
        Self { slots, bytes: bytes.into(), longest }
    }

    /// The value of `key` in `scope`, or [`NONE`].
    #[inline]
    pub(super) fn get(&self, scope: u32, key: &[u8]) -> u32 {
        if key.len() > self.longest {
            return NONE;
        }
        let is_wanted = |slot: &KeySlot| slot.scope == scope && is_same(key_of(&self.bytes, slot), key);
        self.slots.find(hash(self.slots.seed(), scope, key), is_wanted).map_or(NONE, |slot| slot.value)
    }
}

#[inline]
fn key_of<'a>(bytes: &'a [u8], slot: &KeySlot) -> &'a [u8] {
    bytes.get(slot.start as usize..).and_then(|rest| rest.get(..slot.length as usize)).unwrap_or_default()
}

/// Eight bytes at a time into a folded product of 128 bits.
#[inline]
fn hash(seed: u64, scope: u32, key: &[u8]) -> u64 {
    let mut hash = seed ^ u64::from(scope) ^ (key.len() as u64).rotate_right(32);
    let Some(last) = key.last_chunk::<8>() else { return folded(hash ^ short_word(key)) };
    for word in key.as_chunks::<8>().0 {
        hash = folded(hash ^ u64::from_le_bytes(*word));
    }
    // This overlaps the words before, which is quicker than to take what is left byte by byte.
    folded(hash ^ u64::from_le_bytes(*last))
}

/// Fewer than eight bytes as one number that no other bytes of the same length have.
#[inline]
fn short_word(key: &[u8]) -> u64 {
    match (key.first_chunk::<4>(), key.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => key.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// Whether two keys are equal, without the call that `==` makes: most keys are a few words long.
#[inline]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(last_a), Some(last_b)) => {
            let mut words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
            words.all(|(a, b)| a == b) && last_a == last_b
        }
        _ => a == b,
    }
}

#[inline]
pub(crate) fn folded(word: u64) -> u64 {
    let product = u128::from(word) * 0xa076_1d64_78bd_642f;
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests;
