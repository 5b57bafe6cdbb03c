//! The one of two random backends that will be done sooner.

#[cfg(test)]
mod tests;

use crate::{BackendView, Needs, PickContext, Picker, Strategy, draw::Draw};
use std::time::Duration;

/// The one of two random backends that is expected to be done sooner: the smaller
/// `latency * (in_flight + 1) / weight`, the first one of two alike.
///
/// Two different untried backends are drawn by weight. With [`PeakEwma`](crate::PeakEwma) as the source of
/// [`Loads::latency_nanos`](crate::Loads::latency_nanos) this is Linkerd's and Finagle's balancer: it turns
/// away from a slow backend at once, comes back slowly, and with penalties for failures it is not drawn to a
/// backend that fails fast. Weights scale the expected wait as in Traefik's and nginx's `least_time`: of two
/// idle backends alike in latency the heavier wins. A backend that gets nothing is forgotten over time, its
/// estimate falls, and it is asked again.
///
/// The costs are compared as whole numbers of 128 bits, cross-multiplied: exact, and never an overflow. A
/// pick takes the same time whatever the number of backends, as that of
/// [`LeastRequests`](crate::LeastRequests).
///
/// # Defaults
///
/// A backend of which nothing is known counts as one of 30 milliseconds ([`LeastLatency::UNKNOWN`]).
#[derive(Debug, Clone, Copy, Default)]
pub struct LeastLatency;

impl LeastLatency {
    /// The latency that a backend counts with while nothing is known: 30 milliseconds, as in Linkerd.
    pub const UNKNOWN: Duration = Duration::from_millis(30);
}

const UNKNOWN_NANOS: u64 = LeastLatency::UNKNOWN.as_nanos() as u64;

impl Strategy for LeastLatency {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        let draw = Draw::new(backends);
        Box::new(move |context: &PickContext<'_>| {
            let (first, second) = draw.pair(context.entropy, context.tried)?;
            Some(second.filter(|&second| is_sooner(&draw, context, second, first)).unwrap_or(first))
        })
    }

    fn needs(&self) -> Needs {
        Needs::NONE.with_latency(true)
    }
}

#[inline]
fn is_sooner(draw: &Draw, context: &PickContext<'_>, second: usize, first: usize) -> bool {
    // At most 64, 33 and 16 bits: their product has at most 113.
    let cost = |index: usize, other: usize| {
        let latency = context.loads.latency_nanos(index).unwrap_or(UNKNOWN_NANOS);
        let requests = u64::from(context.loads.in_flight(index)) + 1;
        u128::from(latency) * u128::from(requests * u64::from(draw.weight(other)))
    };
    cost(second, first) < cost(first, second)
}
