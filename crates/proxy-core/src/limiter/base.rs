//! How long an upstream takes without load, as believed. Pure: the time is an argument.

use std::time::Duration;

/// How much of a lower latency is believed at once.
const DOWN: f64 = 0.2;
/// How much of a higher one, where the limit has no part in it.
const UP: f64 = 0.1;
/// How much of a higher one that is within the tolerance, while the limit is used: noise, as a rule. Without it the
/// base would sink to the least that noise ever made of it.
const NOISE: f64 = 0.05;
/// Latencies up to so many times the base confirm it.
const CONFIRMING: f64 = 1.1;
/// A base is stale that was not confirmed for so long,
const STALE: Duration = Duration::from_secs(10);
/// and for so many latencies.
const STALE_LATENCIES: f64 = 20.0;

/// What a latency was measured under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// Fewer requests than the limit lets in, or the least limit there is: whatever the latency, the limit is not
    /// the cause.
    Free,
    /// As many requests as the limit lets in.
    Limited,
}

/// The latency without load, in nanoseconds.
#[derive(Debug)]
pub(super) struct Base {
    latency: Option<f64>,
    confirmed: Duration,
}

impl Base {
    pub(super) const fn new() -> Self {
        Self { latency: None, confirmed: Duration::ZERO }
    }

    /// The base after it learnt of a window's latency. `tolerance` is how many times the base counts as it.
    pub(super) fn learn(&mut self, latency: f64, load: Load, tolerance: f64, now: Duration) -> f64 {
        let Some(base) = self.latency else {
            self.confirmed = now;
            return *self.latency.insert(latency);
        };
        if latency <= base * CONFIRMING {
            self.confirmed = now;
        }
        let share = match load {
            _ if latency < base => DOWN,
            Load::Free => UP,
            Load::Limited if latency < base * tolerance => NOISE,
            Load::Limited => 0.0,
        };
        *self.latency.insert(base + (latency - base) * share)
    }

    /// True where no latency has confirmed it for long, as these are.
    pub(super) fn is_stale(&self, latency: f64, now: Duration) -> bool {
        let latencies = Duration::from_nanos((latency * STALE_LATENCIES) as u64);
        now.saturating_sub(self.confirmed) >= STALE.max(latencies)
    }

    /// What a trial has shown is believed half way where it is slower, since noise may have part in it.
    pub(super) fn try_out(&mut self, latency: f64, now: Duration) {
        self.confirmed = now;
        self.latency = Some(self.latency.map_or(latency, |base| base.midpoint(latency).min(latency)));
    }

    /// Requests in flight are not what makes the upstream take that long: it does without load.
    pub(super) fn rise(&mut self, latency: f64) {
        self.latency = self.latency.map(|base| base.max(latency));
    }
}

#[cfg(test)]
mod tests;
