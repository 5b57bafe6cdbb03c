//! What is told of the requests in a window.

use std::time::{Duration, Instant};

use proxy_core::Bucket;

/// What the figures are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// All requests.
    All,
    /// The requests of the route with that id.
    Route(&'a str),
    /// The attempts of all backends of the upstream with that name.
    Upstream(&'a str),
    /// The attempts of one backend. One whose name stands for several addresses is meant with all of them, unless the id
    /// tells which.
    Backend {
        /// The name of its upstream.
        upstream: &'a str,
        /// Its id.
        id: &'a str,
    },
}

/// Requests that ended in a window, or attempts.
///
/// Times are those until the end of a request, or until the head of the answer to an attempt. Percentiles are a sixteenth
/// off at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Figures {
    /// How many ended per second.
    pub requests_per_second: f64,
    /// How many ended.
    pub requests: u64,
    /// How many of them failed: a status of 5xx, whoever gave it, an attempt without an answer, an answer that broke off;
    /// by no fault of the client.
    pub errors: u64,
    /// The time that one took on average; none where none ended.
    pub mean: Option<Duration>,
    /// The time that half of them did not exceed.
    pub p50: Option<Duration>,
    /// The time that 95 of 100 did not exceed.
    pub p95: Option<Duration>,
    /// The time that 99 of 100 did not exceed.
    pub p99: Option<Duration>,
    /// How many are under way now; 0 in a point of history.
    pub in_flight: u64,
    /// How long the window is: shorter while the tracker is young.
    pub window: Duration,
}

/// One point of history.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Point {
    /// The end of the time that it is about.
    pub at: Instant,
    /// What happened in that time.
    pub figures: Figures,
}

/// Counts on their way to figures.
#[derive(Clone, Debug)]
pub(crate) struct Totals {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) micros: u64,
    counts: [u64; Bucket::COUNT],
}

impl Default for Totals {
    fn default() -> Self {
        Self { requests: 0, errors: 0, micros: 0, counts: [0; Bucket::COUNT] }
    }
}

impl Totals {
    pub(crate) fn add(&mut self, bucket: Bucket, count: u64) {
        if let Some(held) = self.counts.get_mut(bucket.number()) {
            *held += count;
        }
    }

    pub(crate) fn mean_micros(&self) -> Option<u64> {
        self.micros.checked_div(self.requests)
    }

    /// The buckets of some percentiles, in ascending order; none where there is nothing.
    pub(crate) fn percentiles<const N: usize>(&self, percents: [u64; N]) -> [Option<Bucket>; N] {
        let total: u64 = self.counts.iter().sum();
        let mut buckets = self.counts.iter().enumerate();
        let (mut seen, mut last) = (0, None);
        percents.map(|percent| {
            let rank = (total * percent).div_ceil(100).max(1);
            while seen < rank {
                let (number, count) = buckets.next()?;
                seen += count;
                last = Bucket::at(number);
            }
            last
        })
    }

    pub(crate) fn figures(&self, window: Duration, in_flight: u64) -> Figures {
        let [p50, p95, p99] = self.percentiles([50, 95, 99]).map(|bucket| bucket.map(Bucket::middle));
        let seconds = window.as_secs_f64();
        Figures {
            requests_per_second: if seconds > 0.0 { self.requests as f64 / seconds } else { 0.0 },
            requests: self.requests,
            errors: self.errors,
            mean: self.mean_micros().map(Duration::from_micros),
            p50,
            p95,
            p99,
            in_flight,
            window,
        }
    }
}
