//! When the next request is due at a fixed rate.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::event::epoll::{self, EventData, EventFlags};

use crate::bench::timer::Timer;

/// Due times at even distances, and those that wait for a free connection.
#[derive(Debug)]
pub(super) struct Pace {
    timer: Timer,
    interval: Duration,
    next: Instant,
    late: VecDeque<Instant>,
}

impl Pace {
    /// `rate` requests per second from `start` on, waking `epoll` with `data`.
    pub(super) fn new(rate: u32, start: Instant, epoll: &OwnedFd, data: EventData) -> Result<Self> {
        let timer = Timer::new()?;
        // Edge-triggered: a timer that is set again need not be read.
        epoll::add(epoll, &timer, data, EventFlags::IN | EventFlags::ET)
            .context("cannot wait for a timer")?;
        let interval = Duration::from_secs(1) / rate.max(1);
        Ok(Self { timer, interval, next: start, late: VecDeque::new() })
    }

    /// Notes everything that has become due at `now` and until `end`.
    pub(super) fn advance(&mut self, now: Instant, end: Instant) {
        while self.next <= now && self.next < end {
            self.late.push_back(self.next);
            self.next += self.interval;
        }
    }

    /// The due time that waits longest.
    pub(super) fn take(&mut self) -> Option<Instant> {
        self.late.pop_front()
    }

    /// Whether nothing is due or will be before `end`.
    pub(super) fn is_done(&self, end: Instant) -> bool {
        self.late.is_empty() && self.next >= end
    }

    /// Sets the timer for the next due time before `end`.
    pub(super) fn arm(&self, now: Instant, end: Instant) -> Result<()> {
        if self.next >= end {
            return Ok(());
        }
        self.timer.set(self.next.saturating_duration_since(now))
    }
}
