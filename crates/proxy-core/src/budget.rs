//! How much load retries may be: a share of the requests, over time and at any moment.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use crate::registry::UpstreamState;
use crate::spec::RetrySpec;

/// What one retry costs.
const COST: u32 = 100;
/// So many retries can be saved up.
const MOST: u32 = 100;

/// The retry budget of one upstream on one worker: what its requests have paid in, and a few a second beside that for
/// upstreams with few requests.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    held: AtomicU32,
    /// The present second in the upper half, and the retries that it has given away in the lower.
    second: AtomicU64,
}

impl Budget {
    /// A request pays in so many percent of a retry.
    #[inline]
    pub(crate) fn deposit(&self, percent: u32) {
        let held = self.held.load(Relaxed);
        if held < MOST * COST {
            // Two that write at once may lose a deposit, which errs on the side of fewer retries.
            self.held.store(held + percent, Relaxed);
        }
    }

    /// True where a retry may be made; it is paid for then. `least` are free each second.
    pub(crate) fn withdraw(&self, least: u32, now: Duration) -> bool {
        let second = now.as_secs() << 32;
        let free = self.second.fetch_update(Relaxed, Relaxed, |held| match held.checked_sub(second) {
            Some(given) if given < 1 << 32 => (given < u64::from(least)).then_some(held + 1),
            _ => (least > 0).then_some(second + 1),
        });
        free.is_ok() || self.held.fetch_update(Relaxed, Relaxed, |held| held.checked_sub(COST)).is_ok()
    }
}

/// One of the retries of an upstream that are under way.
#[derive(Debug)]
pub(crate) struct Retrying(Arc<UpstreamState>);

impl Retrying {
    /// One more; `None` where these are as many as the requests in flight allow.
    pub(crate) fn begin(state: &Arc<UpstreamState>, retry: &RetrySpec, in_flight: u32) -> Option<Self> {
        let share = u64::from(in_flight) * u64::from(retry.budget_percent) / 100;
        let most = u32::try_from(share).unwrap_or(u32::MAX).max(retry.budget_least);
        let one_more = |held| (held < most).then_some(held + 1);
        state.retrying.0.fetch_update(Relaxed, Relaxed, one_more).ok()?;
        Some(Self(Arc::clone(state)))
    }
}

impl Drop for Retrying {
    fn drop(&mut self) {
        self.0.retrying.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests;
