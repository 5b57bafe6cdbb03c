//! Who waits for a place, and who gets the next one. Pure: no lock, no waker, and the time is an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use super::codel::Codel;
use super::throughput::Throughput;
use super::{Order, Priority, QueueSettings};

/// The least and the most that a client is told to wait for before it comes again.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Where a ticket stands. Never used twice by a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    priority: Priority,
    number: u64,
}

/// What became of a ticket that wanted into the queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed<T> {
    /// It waits.
    Queued(Id),
    /// It waits, and the other ticket, of a lower priority, has left to make room.
    Shed(Id, T),
    /// It does not wait: the queue is full of tickets of its own priority and above.
    Full(T),
}

/// What left the queue at a pop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Popped<T> {
    /// Whose turn it is; none only where nobody waited.
    pub(crate) next: Option<T>,
    /// Whom the overloaded queue has given up.
    pub(crate) shed: Vec<T>,
}

#[derive(Debug)]
struct Waiting<T> {
    since: Duration,
    ticket: T,
}

/// Those of one priority, oldest first.
type Line<T> = BTreeMap<u64, Waiting<T>>;

/// A bounded queue of three priorities.
///
/// The highest priority is served first, and within it the oldest. While an [`Order::Adaptive`] queue is overloaded
/// (RFC 8289: the oldest waiter was too old for a whole interval), the newest is served first, since its client
/// has waited for the shortest time and is the likeliest to be there still, and the oldest are shed one by one,
/// the lowest priority first.
///
/// A time before an earlier call's counts as that time. All methods take O(log n), and a pop besides as much for
/// each ticket that it sheds.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    settings: QueueSettings,
    /// By falling priority.
    lines: [Line<T>; 3],
    last_number: u64,
    latest: Duration,
    codel: Codel,
    throughput: Throughput,
}

impl<T> Queue<T> {
    /// An empty queue.
    pub(crate) fn new(settings: QueueSettings) -> Self {
        Self {
            settings,
            lines: Default::default(),
            last_number: 0,
            latest: Duration::ZERO,
            codel: Codel::new(settings.target, settings.interval),
            throughput: Throughput::default(),
        }
    }

    /// Holds to other settings from now on. Whoever waits goes on waiting, even above the new capacity.
    pub(crate) fn set(&mut self, settings: QueueSettings) {
        self.settings = settings;
        self.codel.set(settings.target, settings.interval);
        if settings.order == Order::Fifo {
            self.codel.calm();
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.lines.iter().map(Line::len).sum()
    }

    /// True where nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.iter().all(Line::is_empty)
    }

    /// True while the newest are served first and the oldest are shed.
    pub(crate) const fn is_overloaded(&self) -> bool {
        self.codel.is_overloaded()
    }

    /// A ticket wants to wait.
    pub(crate) fn push(&mut self, priority: Priority, ticket: T, now: Duration) -> Pushed<T> {
        let now = self.advance(now);
        let is_full = self.len() >= self.settings.capacity as usize;
        let mut made_room = None;
        if is_full {
            made_room = self.shed_below(priority);
            if made_room.is_none() {
                return Pushed::Full(ticket);
            }
        } else if self.is_empty() {
            self.throughput.begin(now);
        }
        self.last_number += 1;
        let number = self.last_number;
        self.line(priority).insert(number, Waiting { since: now, ticket });
        let id = Id { priority, number };
        made_room.map_or(Pushed::Queued(id), |shed| Pushed::Shed(id, shed))
    }

    /// A place is free: whose it is, and who waits in vain.
    pub(crate) fn pop(&mut self, now: Duration) -> Popped<T> {
        let now = self.advance(now);
        let is_overloaded = self.judge(now);
        let take = if is_overloaded { Line::pop_last } else { Line::pop_first };
        let next = self.lines.iter_mut().find_map(take).map(|(_, waiting)| waiting.ticket);
        if next.is_some() {
            self.throughput.count(now);
        }
        let mut shed = Vec::new();
        while self.judge(now) && self.codel.is_due(now) {
            shed.extend(self.shed_lowest());
        }
        self.rest();
        Popped { next, shed }
    }

    /// A client has left: its ticket, unless that was popped or shed.
    pub(crate) fn remove(&mut self, id: Id) -> Option<T> {
        let waiting = self.line(id.priority).remove(&id.number)?;
        self.rest();
        Some(waiting.ticket)
    }

    /// After how long the present queue will have been served, at the pace of its pops: from one second to one
    /// minute.
    pub(crate) fn retry_after(&self, now: Duration) -> Duration {
        let (least, most) = RETRY_AFTER;
        self.throughput.time_for(self.len(), now.max(self.latest)).clamp(least, most)
    }

    /// Learns how old the oldest is. True where the queue is overloaded.
    fn judge(&mut self, now: Duration) -> bool {
        let oldest =
            self.lines.iter().filter_map(|line| line.first_key_value()).map(|(_, first)| first.since).min();
        let Some(oldest) = oldest else { return false };
        self.settings.order == Order::Adaptive && self.codel.observe(oldest, now)
    }

    /// An empty queue is never overloaded.
    fn rest(&mut self) {
        if self.is_empty() {
            self.codel.calm();
        }
    }

    fn shed_below(&mut self, priority: Priority) -> Option<T> {
        let [_, normal, low] = &mut self.lines;
        let first = match priority {
            Priority::High => low.pop_first().or_else(|| normal.pop_first()),
            Priority::Normal => low.pop_first(),
            Priority::Low => None,
        };
        first.map(|(_, waiting)| waiting.ticket)
    }

    fn shed_lowest(&mut self) -> Option<T> {
        self.lines.iter_mut().rev().find_map(Line::pop_first).map(|(_, waiting)| waiting.ticket)
    }

    const fn line(&mut self, priority: Priority) -> &mut Line<T> {
        let [high, normal, low] = &mut self.lines;
        match priority {
            Priority::High => high,
            Priority::Normal => normal,
            Priority::Low => low,
        }
    }

    /// Threads that read their clocks before they wait for a lock come in another order than their times.
    fn advance(&mut self, now: Duration) -> Duration {
        self.latest = self.latest.max(now);
        self.latest
    }
}

#[cfg(test)]
mod tests;
