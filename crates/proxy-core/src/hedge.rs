//! Hedging: a second attempt beside one that takes longer than most, whose answer counts if it comes first.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::quantile::LiveQuantile;
use crate::registry::{Padded, RouteState, nanos};
use crate::spec::HedgeSpec;

/// What a second attempt costs; each request pays in its percentage.
const COST: u32 = 100;
/// So many can be saved up.
const MOST: u32 = 10;

/// When a route's requests are tried a second time.
#[derive(Debug)]
pub(crate) struct Hedge {
    quantile: f64,
    least: Duration,
    percent: u32,
    /// How long the route's requests take, as each worker sees it; learnt, and kept over changes.
    state: Arc<RouteState>,
    budgets: Box<[Padded<AtomicU32>]>,
}

impl Hedge {
    pub(crate) fn compile(spec: &HedgeSpec, state: &Arc<RouteState>, shards: usize) -> Self {
        state.latencies.get_or_init(|| (0..shards.max(1)).map(|_| Padded::default()).collect());
        Self {
            quantile: f64::from(spec.percentile.min(99)) / 100.0,
            least: spec.least_delay,
            percent: u32::from(spec.most_percent),
            state: Arc::clone(state),
            budgets: (0..shards.max(1)).map(|_| Padded::default()).collect(),
        }
    }

    fn latencies(&self, shard: usize) -> Option<&LiveQuantile> {
        let latencies = self.state.latencies.get()?;
        latencies.get(shard % latencies.len().max(1)).map(|padded| &padded.0)
    }

    fn budget(&self, shard: usize) -> Option<&AtomicU32> {
        self.budgets.get(shard % self.budgets.len().max(1)).map(|padded| &padded.0)
    }

    /// An attempt took so long to be answered.
    pub(crate) fn took(&self, shard: usize, took: Duration) {
        if let Some(latencies) = self.latencies(shard) {
            latencies.record(nanos(took));
        }
    }

    /// A request begins: after how long it is tried a second time. `None` while too little is known.
    pub(crate) fn delay(&self, shard: usize) -> Option<Duration> {
        let budget = self.budget(shard)?;
        let held = budget.load(Relaxed);
        if held < MOST * COST {
            budget.store(held + self.percent, Relaxed);
        }
        let slow = self.latencies(shard)?.quantile(self.quantile)?;
        Some(slow.max(self.least))
    }

    /// True where a second attempt may be made; it is paid for then.
    pub(crate) fn withdraw(&self, shard: usize) -> bool {
        let Some(budget) = self.budget(shard) else { return false };
        budget.fetch_update(Relaxed, Relaxed, |held| held.checked_sub(COST)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    fn hedge() -> Hedge {
        Hedge::compile(&HedgeSpec::default(), &Registry::new(1).route("r"), 1)
    }

    #[test]
    fn nothing_is_tried_twice_before_something_is_known() {
        let hedge = hedge();
        assert_eq!(hedge.delay(0), None);
        (0..100).for_each(|_| hedge.took(0, Duration::from_millis(20)));
        let delay = hedge.delay(0).unwrap();
        assert!((18..=23).contains(&delay.as_millis()), "{delay:?}");
    }

    #[test]
    fn nothing_is_tried_twice_too_soon() {
        let hedge = hedge();
        (0..100).for_each(|_| hedge.took(0, Duration::from_micros(200)));
        assert_eq!(hedge.delay(0), Some(Duration::from_millis(10)));
    }

    #[test]
    fn second_attempts_are_a_share_of_the_requests() {
        let hedge = hedge();
        let hedged = (0..1000).filter(|_| {
            hedge.delay(0);
            hedge.withdraw(0)
        });
        assert_eq!(hedged.count(), 50);
        for _ in 0..10_000 {
            hedge.delay(0);
        }
        assert_eq!((0..100).filter(|_| hedge.withdraw(0)).count(), MOST as usize);
    }
}
