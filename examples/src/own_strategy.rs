//! A strategy of one's own: the better of two random backends. It needs `lb-strategies` alone, which has no
//! dependencies; the test beside it shows how the conformance kit checks it.

use lb_strategies::{BackendView, PickContext, Picker, Strategy};
use proxy_core::spec::{BackendSpec, RouteSpec, UpstreamSpec};
use proxy_core::{BuildError, Proxy};

/// Of two random backends, drawn by weight, the one with fewer requests in flight in relation to its weight.
///
/// Looking at two costs little and avoids what looking at all does: that every worker sends its next request to the
/// one backend that seems idle. (M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001.)
#[derive(Clone, Copy, Debug, Default)]
pub struct TwoChoices;

impl Strategy for TwoChoices {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        Box::new(TwoChoicesPicker { weights: backends.iter().map(|backend| backend.weight.get()).collect() })
    }
}

struct TwoChoicesPicker {
    weights: Box<[u32]>,
}

impl Picker for TwoChoicesPicker {
    /// A pure function of the context: randomness comes in, and load is read, never kept.
    fn pick(&self, context: &PickContext<'_>) -> Option<usize> {
        let (first, entropy) = self.draw(context, context.entropy, None)?;
        // The only one that is left has no rival.
        let Some((second, _)) = self.draw(context, entropy, Some(first)) else { return Some(first) };
        // in_flight / weight, compared without dividing. Even ones stay with the first, which was drawn by weight.
        let load = |index: usize, other: usize| {
            let weight = self.weights.get(other).copied().unwrap_or(1);
            u64::from(context.loads.in_flight(index)) * u64::from(weight)
        };
        Some(if load(second, first) < load(first, second) { second } else { first })
    }
}

impl TwoChoicesPicker {
    /// Draws by weight among the backends that were not tried and are not `rival`. Returns what is left of the
    /// random bits, too.
    fn draw(&self, context: &PickContext<'_>, entropy: u64, rival: Option<usize>) -> Option<(usize, u64)> {
        let left = || {
            let all = self.weights.iter().map(|&weight| u64::from(weight)).enumerate();
            all.filter(|(index, _)| !context.tried.contains(*index) && Some(*index) != rival)
        };
        let total: u64 = left().map(|(_, weight)| weight).sum();
        // The upper half is uniform below `total`, the lower half uniform again.
        let wide = u128::from(entropy) * u128::from(total);
        let mut place = (wide >> 64) as u64;
        left()
            .find(|(_, weight)| {
                let is_here = place < *weight;
                place = place.saturating_sub(*weight);
                is_here
            })
            .map(|(index, _)| (index, wide as u64))
    }
}

/// A proxy that spreads its requests with [`TwoChoices`].
///
/// # Errors
/// Two backends share an id.
pub fn proxy(backends: impl IntoIterator<Item = BackendSpec>) -> Result<Proxy, BuildError> {
    let upstream = UpstreamSpec::new("app").strategy(TwoChoices);
    let upstream = backends.into_iter().fold(upstream, UpstreamSpec::backend);
    Proxy::builder().upstream(upstream).route(RouteSpec::to("everything", "app")).build()
}
