//! Failures in a row: how many there were lately without a success between them.

use std::{collections::VecDeque, time::Duration};

#[cfg(test)]
mod tests;

/// Failures older than this do not count.
const SPAN: Duration = Duration::from_secs(60);

/// More failures than this are never asked for, which bounds the memory.
const MOST: usize = 1_000;

/// The times of the failures since the last success, as far as they count.
///
/// Time is counted from any moment that stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Streak {
    failures: VecDeque<Duration>,
}

impl Streak {
    pub(crate) const fn new() -> Self {
        Self { failures: VecDeque::new() }
    }

    /// A failure. Whether there are as many now as it takes; if so, a new streak begins.
    pub(crate) fn failed(&mut self, needed: u32, now: Duration) -> bool {
        let needed = usize::try_from(needed).unwrap_or(MOST).clamp(1, MOST);
        while self.failures.front().is_some_and(|first| is_over(*first, now)) {
            self.failures.pop_front();
        }
        if self.failures.len() + 1 >= needed {
            self.clear();
            return true;
        }
        self.failures.push_back(now);
        false
    }

    /// A success, or anything else after which failures count from nought.
    pub(crate) fn clear(&mut self) {
        // The memory goes too: most backends never fail again for a long time.
        self.failures = VecDeque::new();
    }

    /// Whether a failure counts still.
    pub(crate) fn is_running(&self, now: Duration) -> bool {
        self.failures.back().is_some_and(|last| !is_over(*last, now))
    }

    /// When the last failure ceases to count; `None` if there is none.
    pub(crate) fn over_at(&self) -> Option<Duration> {
        self.failures.back().map(|last| last.saturating_add(SPAN))
    }
}

fn is_over(failure: Duration, now: Duration) -> bool {
    failure.saturating_add(SPAN) <= now
}
