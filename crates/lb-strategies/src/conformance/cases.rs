//! The sets and contexts that strategies are checked with.

use crate::{BackendView, Loads, PickContext, Tried, Weight, hash::word};
use std::fmt;

/// A set of backends.
pub(super) struct Case {
    ids: Vec<String>,
    weights: Vec<Weight>,
}

impl Case {
    fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let weights: Vec<Weight> =
            weights.into_iter().map(|weight| Weight::new(weight).unwrap_or_default()).collect();
        Self { ids: (0..weights.len()).map(|index| format!("backend-{index}")).collect(), weights }
    }

    pub(super) fn count(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn backends(&self) -> Vec<BackendView<'_>> {
        self.ids.iter().zip(&self.weights).map(|(id, weight)| BackendView::new(id, *weight)).collect()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: Vec<u32> = self.weights.iter().take(8).map(|weight| weight.get()).collect();
        let more = if self.count() > first.len() { " and more" } else { "" };
        write!(f, "{} backends of weights {first:?}{more}", self.count())
    }
}

/// Small and large, even and uneven, around the limits of [`Tried`], and larger than a byte counts.
pub(super) fn sets() -> Vec<Case> {
    let uneven = |count: u32| Case::new((0..count).map(|index| 1 + index * 7 % 10));
    vec![
        Case::new([1]),
        Case::new([65_535]),
        Case::new([1, 1]),
        Case::new([5, 1, 1]),
        Case::new([1, 65_535]),
        Case::new([100, 200, 300, 400]),
        Case::new([1; 7]),
        Case::new([65_535; 3]),
        uneven(10),
        uneven(127),
        Case::new([1; 128]),
        uneven(129),
        uneven(300),
        Case::new((1..=40).map(|index| index * 1_601)),
    ]
}

/// Loads that differ from backend to backend in no order; a pure function of the seed and the index.
pub(super) struct LoadsOf(pub(super) u64);

impl Loads for LoadsOf {
    fn in_flight(&self, index: usize) -> u32 {
        (word(self.0, index as u64) % 100) as u32
    }

    fn latency_nanos(&self, index: usize) -> Option<u64> {
        let random = word(!self.0, index as u64);
        (!random.is_multiple_of(4)).then_some(random % 100_000_000)
    }

    /// Not the sum: a caller that reads it from another place than the parts may be a little off.
    fn total_in_flight(&self) -> Option<u32> {
        (!self.0.is_multiple_of(4)).then_some((self.0 % 5_000) as u32)
    }
}

/// A reproducible stream of random bits (SplitMix64).
pub(super) struct Entropy(u64, u64);

impl Entropy {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed, 0)
    }

    pub(super) const fn next(&mut self) -> u64 {
        let Self(seed, number) = self;
        *number = number.wrapping_add(1);
        word(*seed, *number)
    }

    /// A context that may be anything, with up to `count` backends tried.
    pub(super) fn context<'a>(&mut self, loads: &'a dyn Loads, count: usize) -> PickContext<'a> {
        let affinity = self.next();
        let tried: Tried = match count {
            0 => Tried::new(),
            _ => (0..self.next() as usize % (count + 1)).map(|_| self.next() as usize % count).collect(),
        };
        PickContext::new(loads)
            .with_affinity((!affinity.is_multiple_of(4)).then_some(affinity))
            .with_entropy(self.next())
            .with_sequence(self.next())
            .with_now_nanos(self.next() >> 8)
            .with_tried(tried)
    }
}
