//! Counting what becomes of the requests of one kind of client.

use std::time::Duration;

use crate::bench::load::orders::Lane;
use crate::bench::load::tally::{nanos, percentile};

/// A lane's figures in the making.
#[derive(Debug, Default)]
pub(in crate::bench::load) struct Count {
    /// Nanoseconds.
    latencies: Vec<u32>,
    lane: Lane,
}

impl Count {
    /// A request was answered as it should be, so long after it was due.
    pub(in crate::bench::load) fn answered(&mut self, latency: Duration) {
        self.latencies.push(nanos(latency));
    }

    /// A request was not.
    pub(in crate::bench::load) fn failed(&mut self, what: String) {
        self.lane.failed += 1;
        self.lane.first_failure.get_or_insert(what);
    }

    /// A stream was reset, or ended with its connection; whether it is sure that nothing was done for it.
    pub(in crate::bench::load) fn cut(&mut self, is_repeatable: bool) {
        self.lane.cut += 1;
        self.lane.repeatable += u64::from(is_repeatable);
    }

    /// The proxy ended a connection; `told` if it said so by GOAWAY.
    pub(in crate::bench::load) fn ended(&mut self, told: bool) {
        self.lane.ended += 1;
        self.lane.told += u64::from(told);
    }

    /// The sum of it all.
    pub(in crate::bench::load) fn close(mut self) -> Lane {
        self.latencies.sort_unstable();
        Lane {
            answered: self.latencies.len() as u64,
            p50_us: percentile(&self.latencies, 50),
            p99_us: percentile(&self.latencies, 99),
            max_us: percentile(&self.latencies, 100),
            ..self.lane
        }
    }
}

#[cfg(test)]
mod tests;
