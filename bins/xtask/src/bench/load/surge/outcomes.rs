//! Counting what became of the requests that were due in a window.

use std::time::Instant;

use crate::bench::load::orders::{Surge, Tally};
use crate::bench::load::tally::{nanos, percentile};

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::bench::load) enum Outcome {
    /// Answered with 200.
    Good,
    /// Answered with 503, `at_once` if it did not wait before.
    Refused { at_once: bool },
    /// The client's patience ended first.
    GivenUp,
    /// Anything else.
    Failed(String),
}

/// Outcomes of requests due from one moment to another; others are passed over.
#[derive(Debug)]
pub(super) struct Outcomes {
    from: Instant,
    until: Instant,
    /// Requests that count and have no outcome yet.
    under_way: u64,
    /// Nanoseconds.
    good: Vec<u32>,
    refused: Vec<u32>,
    refused_at_once: Vec<u32>,
    surge: Surge,
}

impl Outcomes {
    pub(super) fn new(from: Instant, until: Instant) -> Self {
        let (good, refused, refused_at_once) = (Vec::new(), Vec::new(), Vec::new());
        Self { from, until, under_way: 0, good, refused, refused_at_once, surge: Surge::default() }
    }

    /// A request that was `due` is sent. Each must be settled once.
    pub(super) fn begin(&mut self, due: Instant) {
        self.under_way += u64::from(self.counts(due));
    }

    /// A request that was `due` has its outcome at `now`.
    pub(super) fn settle(&mut self, due: Instant, now: Instant, outcome: Outcome) {
        if !self.counts(due) {
            return;
        }
        self.under_way = self.under_way.saturating_sub(1);
        let latency = nanos(now.saturating_duration_since(due));
        match outcome {
            Outcome::Good => self.good.push(latency),
            Outcome::Refused { at_once } => {
                self.refused.push(latency);
                if at_once {
                    self.refused_at_once.push(latency);
                }
            }
            Outcome::GivenUp => self.surge.given_up += 1,
            Outcome::Failed(failure) => {
                self.surge.failed += 1;
                self.surge.first_failure.get_or_insert(failure);
            }
        }
    }

    /// Whether everything that counts is settled, if all that was due until `begun` has begun.
    pub(super) fn are_complete(&self, begun: Instant) -> bool {
        begun >= self.until && self.under_way == 0
    }

    fn counts(&self, due: Instant) -> bool {
        self.from <= due && due < self.until
    }

    /// The sum of it all.
    pub(super) fn close(mut self) -> Tally {
        for latencies in [&mut self.good, &mut self.refused, &mut self.refused_at_once] {
            latencies.sort_unstable();
        }
        let surge = Surge {
            refused: self.refused.len() as u64,
            refused_p99_us: percentile(&self.refused, 99),
            refused_at_once: self.refused_at_once.len() as u64,
            refused_at_once_p99_us: percentile(&self.refused_at_once, 99),
            ..self.surge
        };
        Tally {
            requests: self.good.len() as u64,
            seconds: (self.until - self.from).as_secs_f64(),
            p50_us: percentile(&self.good, 50),
            p99_us: percentile(&self.good, 99),
            max_us: percentile(&self.good, 100),
            surge: Some(surge),
            ..Tally::default()
        }
    }
}

#[cfg(test)]
mod tests;
