//! Requests that take their time: a fixed one each, so many at once, the others in the order in which they came.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A request of a connection. Numbers tell requests of one place among the connections apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ticket {
    pub(super) connection: usize,
    pub(super) request: u64,
}

/// A machine that works as long as nobody takes a request back: as most servers, it does not see that a client
/// has gone until it has the answer.
#[derive(Debug)]
pub(super) struct Delay {
    time: Duration,
    at_a_time: usize,
    /// What is worked on, and when it is done: first what is done first, as all take the same time.
    working: VecDeque<(Instant, Ticket)>,
    waiting: VecDeque<Ticket>,
}

impl Delay {
    /// One that works for `time` on each request and on `at_a_time` requests at once; on one if that is zero.
    pub(super) fn new(time: Duration, at_a_time: usize) -> Self {
        Self { time, at_a_time: at_a_time.max(1), working: VecDeque::new(), waiting: VecDeque::new() }
    }

    /// A request has come.
    pub(super) fn arrive(&mut self, ticket: Ticket, now: Instant) {
        if self.working.len() < self.at_a_time {
            self.working.push_back((now + self.time, ticket));
        } else {
            self.waiting.push_back(ticket);
        }
    }

    /// A request that is done at `now`; the one that has waited longest takes its place.
    pub(super) fn take_done(&mut self, now: Instant) -> Option<Ticket> {
        let (_, done) = self.working.pop_front_if(|(end, _)| *end <= now)?;
        if let Some(next) = self.waiting.pop_front() {
            self.working.push_back((now + self.time, next));
        }
        Some(done)
    }

    /// When the next request is done.
    pub(super) fn next(&self) -> Option<Instant> {
        self.working.front().map(|(end, _)| *end)
    }
}

#[cfg(test)]
mod tests;
