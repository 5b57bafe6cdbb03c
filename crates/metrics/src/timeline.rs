//! When slots began and ended: the same ones for everything that is tracked.

use std::collections::VecDeque;
use std::time::Duration;

use crate::settings::Settings;

/// The number of a slot; each has one more than the one before.
pub(crate) type Number = u32;

/// A slot that has ended. Times are since the tracker's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) number: Number,
    pub(crate) start: Duration,
    pub(crate) end: Duration,
}

/// What figures are about: everything from a slot on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Number,
    pub(crate) length: Duration,
}

/// The slots. What comes between two looks belongs to the one that is open at the later of them.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    settings: Settings,
    /// The latest ones, as many as a window or the history needs.
    ended: VecDeque<Ended>,
    open: Number,
    /// When the open one began.
    start: Duration,
    /// When somebody looked last.
    looked: Duration,
}

impl Timeline {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, ended: VecDeque::new(), open: 0, start: Duration::ZERO, looked: Duration::ZERO }
    }

    /// The slot that is open.
    pub(crate) const fn open(&self) -> Number {
        self.open
    }

    /// When somebody looked last.
    pub(crate) const fn looked(&self) -> Duration {
        self.looked
    }

    /// Somebody has looked. The slot that has ended by that, if one has. A clock never goes back here.
    pub(crate) fn look(&mut self, now: Duration) -> Option<Ended> {
        self.looked = now.max(self.looked);
        if self.looked - self.start < self.settings.width() {
            return None;
        }
        let ended = Ended { number: self.open, start: self.start, end: self.looked };
        self.ended.push_back(ended);
        self.open = self.open.wrapping_add(1);
        self.start = self.looked;
        let needed = self.window().from.min(self.oldest_in_history());
        while self.ended.front().is_some_and(|slot| slot.number < needed) {
            self.ended.pop_front();
        }
        Some(ended)
    }

    /// The slots that began within the time that figures are about, and the one that ended last in any case.
    pub(crate) fn window(&self) -> Window {
        let earliest = self.looked.saturating_sub(self.settings.window);
        let is_in = |slot: &&Ended| slot.start >= earliest;
        let first = self.ended.iter().find(is_in).or(self.ended.back());
        let (from, start) = first.map_or((self.open, self.start), |slot| (slot.number, slot.start));
        Window { from, length: self.looked - start }
    }

    /// The slots that are points of history.
    pub(crate) fn history(&self) -> impl Iterator<Item = &Ended> {
        let skipped = self.ended.len().saturating_sub(self.settings.history);
        self.ended.iter().skip(skipped)
    }

    /// The number of the slot that is the oldest point of history, or would be.
    pub(crate) fn oldest_in_history(&self) -> Number {
        self.open.saturating_sub(Number::try_from(self.settings.history).unwrap_or(Number::MAX))
    }
}

#[cfg(test)]
mod tests;
