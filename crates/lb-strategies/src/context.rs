//! What a pick depends on.

use std::fmt;

#[cfg(test)]
mod tests;

/// The present load of each backend, owned and measured by the caller.
///
/// An index is the backend's position in the slice that was given to
/// [`Strategy::picker`](crate::Strategy::picker). Load belongs to the backend and not to the strategy, so
/// that a picker that is built anew forgets nothing. Implementations answer from memory, without a lock and
/// without waiting; for an index outside the slice any answer will do.
pub trait Loads {
    /// Requests that the backend is working on for us now.
    fn in_flight(&self, index: usize) -> u32;

    /// What a request to the backend is expected to take, in nanoseconds; `None` while nothing is known.
    fn latency_nanos(&self, _index: usize) -> Option<u64> {
        None
    }

    /// Requests that all backends of the set together are working on for us now; `None` if nobody counts.
    fn total_in_flight(&self) -> Option<u32> {
        None
    }
}

/// Loads of backends that have none: every backend is idle and nothing is known of its latency.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLoads;

impl Loads for NoLoads {
    fn in_flight(&self, _index: usize) -> u32 {
        0
    }
}

/// The backends that this request has been to already, as a set of indexes.
///
/// Indexes from [`Tried::CAPACITY`] on are never remembered: in a set of more than 128 backends a retry may
/// therefore come back to one of the backends beyond. No request is tried that often, so what is lost is the
/// exclusion of a single backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tried(u128);

impl Tried {
    /// Indexes below this number are remembered.
    pub const CAPACITY: usize = u128::BITS as usize;

    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Adds a backend, unless its index is too high to be remembered.
    #[inline]
    pub const fn insert(&mut self, index: usize) {
        if index < Self::CAPACITY {
            self.0 |= 1 << index;
        }
    }

    /// Whether the backend was added.
    #[inline]
    #[must_use]
    pub const fn contains(self, index: usize) -> bool {
        index < Self::CAPACITY && self.0 & (1 << index) != 0
    }

    /// Whether no backend was added.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many backends were added.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }
}

impl FromIterator<usize> for Tried {
    fn from_iter<I: IntoIterator<Item = usize>>(indexes: I) -> Self {
        let mut tried = Self::new();
        indexes.into_iter().for_each(|index| tried.insert(index));
        tried
    }
}

/// Everything that one pick may depend on.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct PickContext<'a> {
    /// What requests that belong together have in common, as a well mixed hash: of the client's address, a
    /// cookie, a field.
    pub affinity: Option<u64>,
    /// 64 fresh random bits.
    pub entropy: u64,
    /// The number of picks made before this one by the caller; wraps.
    pub sequence: u64,
    /// Monotonic time in nanoseconds since a moment of the caller's choice.
    pub now_nanos: u64,
    /// The backends that must not be picked.
    pub tried: Tried,
    /// The present load of each backend.
    pub loads: &'a dyn Loads,
}

impl<'a> PickContext<'a> {
    /// A context with these loads: no affinity, nothing tried, and zero for entropy, sequence and time.
    #[inline]
    #[must_use]
    pub const fn new(loads: &'a dyn Loads) -> Self {
        Self { affinity: None, entropy: 0, sequence: 0, now_nanos: 0, tried: Tried::new(), loads }
    }

    /// The same with this affinity.
    #[inline]
    #[must_use]
    pub const fn with_affinity(mut self, affinity: Option<u64>) -> Self {
        self.affinity = affinity;
        self
    }

    /// The same with these random bits.
    #[inline]
    #[must_use]
    pub const fn with_entropy(mut self, entropy: u64) -> Self {
        self.entropy = entropy;
        self
    }

    /// The same with this sequence number.
    #[inline]
    #[must_use]
    pub const fn with_sequence(mut self, sequence: u64) -> Self {
        self.sequence = sequence;
        self
    }

    /// The same at this time.
    #[inline]
    #[must_use]
    pub const fn with_now_nanos(mut self, now_nanos: u64) -> Self {
        self.now_nanos = now_nanos;
        self
    }

    /// The same with these backends excluded.
    #[inline]
    #[must_use]
    pub const fn with_tried(mut self, tried: Tried) -> Self {
        self.tried = tried;
        self
    }
}

impl fmt::Debug for PickContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PickContext")
            .field("affinity", &self.affinity)
            .field("entropy", &self.entropy)
            .field("sequence", &self.sequence)
            .field("now_nanos", &self.now_nanos)
            .field("tried", &self.tried)
            .finish_non_exhaustive()
    }
}
