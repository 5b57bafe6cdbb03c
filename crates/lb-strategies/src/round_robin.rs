//! Smooth weighted round robin, as a pure function of the sequence number.

mod plan;

#[cfg(test)]
mod tests;

use crate::{BackendView, Needs, PickContext, Picker, Strategy};
use plan::Plan;

/// Each backend in turn, as often as its weight says and as evenly spread as can be.
///
/// The n-th pick depends on n alone ([`PickContext::sequence`]): no state, so nothing is contended for and
/// nothing is lost when the set changes. One period is the sum of the weights after their greatest common
/// divisor is taken out, and over any whole period each backend is picked exactly as often as its weight
/// says, whatever the weights.
///
/// * Equal weights: plain rotation in the order of the set.
/// * A period of at most 4,096 picks over at most 256 backends: nginx's smooth weighted round robin (each
///   backend gains its weight, the richest one is picked and pays the sum), played once while the picker is
///   built and stored. Weights 5, 1, 1 give `a a b a c a a`.
/// * Anything larger: the period is walked in golden-ratio steps, and a binary search finds the backend that
///   owns the place. Just as exact, nearly as even, and its memory does not grow with the weights.
///
/// A tried backend is passed over for the next one in the schedule.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoundRobin;

impl Strategy for RoundRobin {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        Box::new(RoundRobinPicker { plan: Plan::new(backends), count: backends.len() })
    }

    fn needs(&self) -> Needs {
        Needs::NONE
    }
}

/// How many slots of the schedule are looked at for a backend that was not tried, before the set itself is
/// walked. Keeps a retry cheap when one backend owns nearly every slot.
const LOOK_AHEAD: u64 = 64;

struct RoundRobinPicker {
    plan: Plan,
    count: usize,
}

impl Picker for RoundRobinPicker {
    #[inline]
    fn pick(&self, context: &PickContext<'_>) -> Option<usize> {
        let first = self.plan.slot(context.sequence)?;
        if context.tried.is_empty() {
            return Some(first);
        }
        self.next_untried(first, context)
    }
}

impl RoundRobinPicker {
    #[cold]
    fn next_untried(&self, first: usize, context: &PickContext<'_>) -> Option<usize> {
        let untried = |index: &usize| !context.tried.contains(*index);
        (0..LOOK_AHEAD)
            .filter_map(|step| self.plan.slot(context.sequence.wrapping_add(step)))
            .find(untried)
            .or_else(|| (first..self.count).chain(0..first).find(untried))
    }
}
