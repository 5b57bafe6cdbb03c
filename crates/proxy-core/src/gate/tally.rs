//! How many are in and how many wait, in one word.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crate::registry::Padded;

const ONE_WAITING: u64 = 1 << 32;

/// What a tally said at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) active: u32,
    pub(super) waiting: u32,
}

impl Counts {
    const fn of(word: u64) -> Self {
        Self { active: word as u32, waiting: (word >> 32) as u32 }
    }
}

/// The tally of one gate: how many are in, in the lower half, and how many wait, in the upper half.
///
/// Nobody enters or leaves without the queue's lock while somebody waits: a compare-and-swap of the whole word sees
/// to it. So a holder of the lock that has seen somebody wait is the only one to change the word.
///
/// Entering acquires and leaving releases, as with a lock: what was done at a place is seen by whoever is at that
/// place next.
#[derive(Debug, Default)]
pub(super) struct Tally(Padded<AtomicU64>);

impl Tally {
    #[inline]
    pub(super) fn counts(&self) -> Counts {
        Counts::of(self.0.0.load(Relaxed))
    }

    /// Enters without the lock: where nobody waits, and there is a place.
    #[inline]
    pub(super) fn try_enter(&self, limit: u32) -> bool {
        let enter = |word| {
            let Counts { active, waiting } = Counts::of(word);
            (waiting == 0 && active < limit).then(|| word + 1)
        };
        self.0.0.fetch_update(Acquire, Relaxed, enter).is_ok()
    }

    /// Leaves without the lock: where nobody waits for the place.
    #[inline]
    pub(super) fn try_leave(&self) -> bool {
        let leave = |word| (Counts::of(word).waiting == 0).then(|| word - 1);
        self.0.0.fetch_update(Release, Relaxed, leave).is_ok()
    }

    /// Under the lock: one more waits. Says what was before.
    pub(super) fn announce(&self) -> Counts {
        // Acquire: the caller may take a place that was left.
        Counts::of(self.0.0.fetch_add(ONE_WAITING, Acquire))
    }

    /// Under the lock: so many left their places, so many got places, and so many, these included, wait no more.
    pub(super) fn settle(&self, left: u32, entered: u32, unqueued: u32) {
        let active = u64::from(entered).wrapping_sub(u64::from(left));
        let change = active.wrapping_sub(u64::from(unqueued) * ONE_WAITING);
        // Wraps for a negative change; both halves of the sum are in range, so none borrows from the other.
        // AcqRel: may stand for an entry as well as for a leave.
        self.0.0.fetch_add(change, AcqRel);
    }
}

#[cfg(test)]
mod tests;
