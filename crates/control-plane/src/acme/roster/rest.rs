//! How long all orders rest: an authority that cannot be reached, or that finds us too eager, is asked by one at a time.

use std::time::{Duration, SystemTime};

use super::super::schedule::{after, back_off};

/// So many orders are under way at once where all is well.
const ORDERS_AT_ONCE: usize = 5;
/// Without a word of the authority nothing rests for longer.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// At its word nothing rests for longer than that.
const LONGEST_BY_WORD: Duration = Duration::from_secs(24 * 60 * 60);

/// What orders wait for.
#[derive(Debug, Default)]
pub(super) struct Rest {
    failures: u32,
    until: Option<SystemTime>,
    /// The authority has answered since the start.
    is_proven: bool,
}

impl Rest {
    /// All is well with the authority.
    pub(super) fn succeed(&mut self) {
        *self = Self { failures: 0, until: None, is_proven: true };
    }

    /// All is not. The authority may say for how long.
    pub(super) fn fail(&mut self, now: SystemTime, not_before: Option<SystemTime>, random: u64) {
        self.failures = self.failures.saturating_add(1);
        let ours = after(now, back_off(self.failures, random).min(LONGEST));
        let theirs = not_before.map(|not_before| not_before.min(after(now, LONGEST_BY_WORD)));
        self.until = Some(theirs.map_or(ours, |theirs| theirs.max(ours)));
    }

    pub(super) fn is_over(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    /// When something happens that is due at that time.
    pub(super) fn at(&self, due: SystemTime) -> SystemTime {
        self.until.map_or(due, |until| until.max(due))
    }

    /// How many orders may be under way.
    pub(super) const fn orders_at_once(&self) -> usize {
        if self.is_proven && self.failures == 0 { ORDERS_AT_ONCE } else { 1 }
    }
}
