//! A backend drawn by weight.

mod alias;

use crate::{BackendView, Tried, hash::word};
use alias::AliasTable;

/// How often a draw is repeated that fell on an excluded backend.
const REDRAWS: u64 = 8;

/// The weights of a set, and the table that draws by them.
pub(crate) struct Draw {
    table: AliasTable,
    weights: Box<[u32]>,
}

impl Draw {
    pub(crate) fn new(backends: &[BackendView<'_>]) -> Self {
        let weights: Box<[u32]> = backends.iter().map(|backend| backend.weight.get()).collect();
        Self { table: AliasTable::new(&weights), weights }
    }

    /// The weight of a backend, 0 if there is none of this index.
    #[inline]
    pub(crate) fn weight(&self, index: usize) -> u32 {
        self.weights.get(index).copied().unwrap_or_default()
    }

    /// An untried backend: in constant time if nothing was tried, otherwise linear in the size of the set.
    #[inline]
    pub(crate) fn untried(&self, entropy: u64, tried: Tried) -> Option<usize> {
        if tried.is_empty() {
            self.table.draw(entropy)
        } else {
            self.walk(entropy, |index| !tried.contains(index))
        }
    }

    /// Two different untried backends, each drawn by weight among those that the former draws left. The
    /// second is `None` if one is left, the result is `None` if none is.
    ///
    /// Takes constant time but where few backends outweigh all others and are excluded, or few are left: after
    /// eight draws in vain the set is walked. The odds are the same either way.
    #[inline]
    pub(crate) fn pair(&self, entropy: u64, tried: Tried) -> Option<(usize, Option<usize>)> {
        let first = if tried.is_empty() {
            self.table.draw(entropy)?
        } else {
            self.among(word(entropy, 1), |index| !tried.contains(index))?
        };
        let second = self.among(word(entropy, 2), |index| index != first && !tried.contains(index));
        Some((first, second))
    }

    /// A backend among the allowed ones.
    #[inline]
    fn among(&self, entropy: u64, allowed: impl Fn(usize) -> bool) -> Option<usize> {
        let draws = if self.weights.len() > 1 { REDRAWS } else { 0 };
        (0..draws)
            .filter_map(|number| self.table.draw(word(entropy, number)))
            .find(|&index| allowed(index))
            .or_else(|| self.walk(word(entropy, REDRAWS), allowed))
    }

    #[cold]
    fn walk(&self, entropy: u64, allowed: impl Fn(usize) -> bool) -> Option<usize> {
        let allowed = || {
            let all = self.weights.iter().map(|&weight| u64::from(weight)).enumerate();
            all.filter(|(index, _)| allowed(*index))
        };
        let total: u64 = allowed().map(|(_, weight)| weight).sum();
        let mut place = scale(entropy, total).0;
        allowed()
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
