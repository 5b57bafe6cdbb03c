//! Which certificates a proxy may show while they are replaced, and how soon it shows new ones.

use std::time::{Duration, Instant};

use crate::bench::load::orders::Swap;
use crate::bench::load::tally::{nanos, percentile};

/// Certificates that take turns. A turn is how often they were replaced so far: 0 is the first.
#[derive(Debug)]
pub(super) struct Rotation {
    /// How many certificates there are.
    certificates: u64,
    /// The latest turn, and when it began.
    begun: u64,
    since: Instant,
    /// The latest turn whose certificate was shown.
    shown: u64,
    /// How long it took until that was so, in nanoseconds, for each turn but the first.
    waits: Vec<u32>,
}

impl Rotation {
    /// The first of `certificates` is served.
    pub(super) fn new(certificates: usize, now: Instant) -> Self {
        Self { certificates: certificates as u64, begun: 0, since: now, shown: 0, waits: Vec::new() }
    }

    /// How often a certificate was replaced and its successor shown.
    pub(super) fn swaps(&self) -> u32 {
        u32::try_from(self.shown).unwrap_or(u32::MAX)
    }

    /// How long a new certificate has not been shown; `None` when the latest was.
    pub(super) fn waiting(&self, now: Instant) -> Option<Duration> {
        (self.shown < self.begun).then(|| now.saturating_duration_since(self.since))
    }

    /// Which certificate comes next.
    pub(super) fn next(&self) -> usize {
        usize::try_from((self.begun + 1) % self.certificates).unwrap_or_default()
    }

    /// The next certificate has been in its place since `now`.
    pub(super) fn replaced(&mut self, now: Instant) {
        self.begun += 1;
        self.since = now;
    }

    /// The turn before which a handshake that begins now may not go back.
    pub(super) fn turn(&self) -> u64 {
        self.shown
    }

    /// A handshake that began in the turn `from` has shown `certificate` at `now`.
    pub(super) fn show(&mut self, certificate: usize, from: u64, now: Instant) -> Result<(), String> {
        let is_it = |turn: &u64| turn % self.certificates == certificate as u64;
        let Some(turn) = (from..=self.begun).rev().find(is_it) else {
            return Err(format!("the certificate {certificate} was shown after the turn {from}"));
        };
        if turn == self.begun && self.shown < turn {
            self.shown = turn;
            self.waits.push(nanos(now.saturating_duration_since(self.since)));
        }
        Ok(())
    }

    /// The sum of it all, with what `failed`.
    pub(super) fn close(mut self, failed: u64, first_failure: Option<String>) -> Swap {
        self.waits.sort_unstable();
        Swap {
            swaps: self.swaps(),
            p50_us: percentile(&self.waits, 50),
            p99_us: percentile(&self.waits, 99),
            max_us: percentile(&self.waits, 100),
            failed,
            first_failure,
        }
    }
}

#[cfg(test)]
mod tests;
