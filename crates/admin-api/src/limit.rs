//! How often somebody may do something.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// So many in so long; what was used comes back evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once at the most, and how many in each window. 0 counts as 1.
    pub max: u32,
    /// How long it takes until all are there again.
    pub window: Duration,
}

impl Rate {
    /// So many in so long.
    pub const fn new(max: u32, window: Duration) -> Self {
        Self { max, window }
    }
}

/// A token bucket for each key, for a bounded number of keys. Those for which there is no room share one bucket, so that nobody
/// gets more by coming under many names.
#[derive(Debug)]
pub(crate) struct Limiter<K> {
    rate: Rate,
    max_keys: usize,
    /// When each bucket is full again. One moment stands for a bucket: the generic cell rate algorithm.
    buckets: HashMap<K, Instant>,
    shared: Option<Instant>,
}

impl<K: Hash + Eq> Limiter<K> {
    pub(crate) fn new(rate: Rate, max_keys: usize) -> Self {
        Self { rate, max_keys, buckets: HashMap::new(), shared: None }
    }

    /// Takes one, or says how long it is until there is one.
    pub(crate) fn take(&mut self, key: K, now: Instant) -> Result<(), Duration> {
        self.look(&key, now)?;
        let full_at = self.full_at(&key).map_or(now, |at| at.max(now)) + self.one();
        if self.has_room() || self.buckets.contains_key(&key) {
            self.buckets.insert(key, full_at);
        } else {
            self.shared = Some(full_at);
        }
        Ok(())
    }

    /// Whether there is one, else how long it is until there is one.
    fn look(&mut self, key: &K, now: Instant) -> Result<(), Duration> {
        if !self.has_room() && !self.buckets.contains_key(key) {
            // Full ones are as good as none.
            self.buckets.retain(|_, full_at| *full_at > now);
        }
        let missing = self.full_at(key).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let most = self.rate.window.saturating_sub(self.one());
        if missing > most { Err(missing - most) } else { Ok(()) }
    }

    fn full_at(&self, key: &K) -> Option<Instant> {
        self.buckets.get(key).copied().or(if self.has_room() { None } else { self.shared })
    }

    fn has_room(&self) -> bool {
        self.buckets.len() < self.max_keys
    }

    fn one(&self) -> Duration {
        self.rate.window / self.rate.max.max(1)
    }
}
