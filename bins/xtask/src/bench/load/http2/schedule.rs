//! When requests are due.

use std::time::{Duration, Instant};

/// When a run's requests are due.
#[derive(Clone, Copy, Debug)]
pub(super) enum Schedule {
    /// As fast as answers come, until then.
    Until(Instant),
    /// So many, as fast as answers come.
    Requests(u64),
    /// At even distances, whatever comes back.
    Paced { interval: Duration, start: Instant, end: Instant },
}

impl Schedule {
    /// `rate` requests per second from `start` until `end`.
    pub(super) fn paced(rate: u32, start: Instant, end: Instant) -> Self {
        Self::Paced { interval: Duration::from_secs(1) / rate.max(1), start, end }
    }

    /// When the request that follows `sent` others is due, if now is `now`; `None` when there is none.
    pub(super) fn due(self, sent: u64, now: Instant) -> Option<Instant> {
        match self {
            Self::Until(end) => (now < end).then_some(now),
            Self::Requests(requests) => (sent < requests).then_some(now),
            Self::Paced { interval, start, end } => {
                let after = interval.checked_mul(u32::try_from(sent).ok()?)?;
                start.checked_add(after).filter(|due| *due < end)
            }
        }
    }

    /// Whether requests may be due later than they could be sent.
    pub(super) fn is_paced(self) -> bool {
        matches!(self, Self::Paced { .. })
    }
}

#[cfg(test)]
mod tests;
