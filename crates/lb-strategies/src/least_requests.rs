//! The less busy one of two random backends.

#[cfg(test)]
mod tests;

use crate::{BackendView, Needs, PickContext, Picker, Strategy, draw::Draw};

/// The one of two random backends that has fewer requests in flight for its weight.
///
/// Two different untried backends are drawn by weight, and the first one gets the request, unless the second
/// would be no busier with it than the first one is without it:
/// `(in_flight + 1) / weight` of the second is at most `in_flight / weight` of the first. For equal weights
/// that is the well known rule, the fewer requests win and a tie goes to the first; for uneven weights it
/// makes idle backends share by weight, where comparing `(in_flight + 1) / weight` of both would starve the
/// light ones, and comparing `in_flight / weight` would flood them.
///
/// Two choices bring the largest load from `log n / log log n` down to `log log n` (Mitzenmacher, "The Power
/// of Two Choices in Randomized Load Balancing", 2001), and do not herd as choosing the least busy of all
/// does when several proxies, or several workers of one, look at loads that are a little old.
///
/// A pick reads the loads of two backends and takes the same time whatever the number of backends; only where
/// few of them outweigh all others and are excluded, or few are left, is the set walked.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeastRequests;

impl Strategy for LeastRequests {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        let draw = Draw::new(backends);
        Box::new(move |context: &PickContext<'_>| {
            let (first, second) = draw.pair(context.entropy, context.tried)?;
            Some(second.filter(|&second| is_less_busy(&draw, context, second, first)).unwrap_or(first))
        })
    }

    fn needs(&self) -> Needs {
        Needs::NONE
    }
}

/// Whether the second backend would be no busier with this request than the first one is without it. At most
/// 32 bits times 16: no overflow.
#[inline]
fn is_less_busy(draw: &Draw, context: &PickContext<'_>, second: usize, first: usize) -> bool {
    let in_flight = |index| u64::from(context.loads.in_flight(index));
    let weight = |index| u64::from(draw.weight(index));
    (in_flight(second) + 1) * weight(first) <= in_flight(first) * weight(second)
}
