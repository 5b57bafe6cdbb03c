//! A random backend, by weight.

mod alias;

#[cfg(test)]
mod tests;

use crate::{BackendView, PickContext, Picker, Strategy};
use alias::AliasTable;

/// A random backend, each as probable as its weight is large.
///
/// The random bits are the caller's ([`PickContext::entropy`]). Takes the same time whatever the number of
/// backends and their weights (Walker's alias method); a retry chooses among the backends that were not
/// tried, by weight too, and takes time linear in their number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Random;

impl Strategy for Random {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        let weights: Box<[u32]> = backends.iter().map(|backend| backend.weight.get()).collect();
        Box::new(RandomPicker { table: AliasTable::new(&weights), weights })
    }
}

struct RandomPicker {
    table: AliasTable,
    weights: Box<[u32]>,
}

impl Picker for RandomPicker {
    #[inline]
    fn pick(&self, context: &PickContext<'_>) -> Option<usize> {
        if context.tried.is_empty() { self.table.draw(context.entropy) } else { self.draw_untried(context) }
    }
}

impl RandomPicker {
    #[cold]
    fn draw_untried(&self, context: &PickContext<'_>) -> Option<usize> {
        let untried = || {
            let all = self.weights.iter().map(|&weight| u64::from(weight)).enumerate();
            all.filter(|(index, _)| !context.tried.contains(*index))
        };
        let total: u64 = untried().map(|(_, weight)| weight).sum();
        let mut place = scale(context.entropy, total).0;
        untried()
            .find(|(_, weight)| {
                let found = place < *weight;
                place = place.saturating_sub(*weight);
                found
            })
            .map(|(index, _)| index)
    }
}

/// Maps 64 uniform bits to a uniform number below `range`, and what is left of them to 64 bits that are
/// uniform again.
#[inline]
fn scale(entropy: u64, range: u64) -> (u64, u64) {
    let wide = u128::from(entropy) * u128::from(range);
    ((wide >> 64) as u64, wide as u64)
}
