//! When a queue is overloaded, and when it sheds: CoDel, RFC 8289. Pure: the time is an argument.

use std::time::Duration;

/// After so many intervals without shedding, the next overload begins gently again. RFC 8289 section 4.4.
const MEMORY: u32 = 16;

/// The state of one queue.
///
/// Unlike a packet, a waiter that is shed was served by nobody; so the oldest one is judged, not the one that is
/// served, and an overloaded queue serves its newest.
#[derive(Debug, Default)]
pub(super) struct Codel {
    target: Duration,
    interval: Duration,
    /// Since when the oldest waiter of each pop has waited for longer than the target.
    above_since: Option<Duration>,
    is_overloaded: bool,
    /// Tickets that were shed, by which the next one comes sooner.
    count: u32,
    /// The count of the first in this overload.
    first: u32,
    /// When the next one is shed.
    next: Duration,
}

impl Codel {
    /// Waits below `target` are good; above it for a whole `interval` is overload.
    pub(super) fn new(target: Duration, interval: Duration) -> Self {
        Self { target, interval, ..Self::default() }
    }

    /// Judges by other bounds from now on.
    pub(super) const fn set(&mut self, target: Duration, interval: Duration) {
        self.target = target;
        self.interval = interval;
    }

    /// True while the queue is overloaded.
    pub(super) const fn is_overloaded(&self) -> bool {
        self.is_overloaded
    }

    /// Learns at a pop since when the oldest has waited. True where the queue is overloaded.
    pub(super) fn observe(&mut self, oldest: Duration, now: Duration) -> bool {
        let exceeded = oldest.saturating_add(self.target);
        if now < exceeded {
            self.calm();
            return false;
        }
        // It has been the oldest, or behind one that was older, ever since it waited for that long: that counts
        // even where nothing was popped in that time.
        let since = *self.above_since.get_or_insert(exceeded);
        if !self.is_overloaded && now.saturating_sub(since) >= self.interval {
            self.begin(now);
        }
        self.is_overloaded
    }

    /// The queue is empty, or its oldest waits for less than the target.
    pub(super) const fn calm(&mut self) {
        self.above_since = None;
        self.is_overloaded = false;
    }

    /// True where one is to be shed, which is counted: the next is due an interval / sqrt(count) later.
    pub(super) fn is_due(&mut self, now: Duration) -> bool {
        if !self.is_overloaded || now < self.next {
            return false;
        }
        self.count = self.count.saturating_add(1);
        let gap = self.interval.as_secs_f64() / f64::from(self.count).sqrt();
        self.next = self.next.saturating_add(Duration::try_from_secs_f64(gap).unwrap_or(self.interval));
        true
    }

    /// RFC 8289 section 4.4: an overload soon after another goes on about where that one had ended.
    fn begin(&mut self, now: Duration) {
        let counted = self.count.saturating_sub(self.first);
        let is_soon = now.saturating_sub(self.next) < self.interval.saturating_mul(MEMORY);
        self.first = if counted > 1 && is_soon { counted } else { 1 };
        self.count = self.first - 1;
        self.next = now;
        self.is_overloaded = true;
    }
}

#[cfg(test)]
mod tests;
