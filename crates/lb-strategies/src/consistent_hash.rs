//! The same backend for the same key.

mod ring;

#[cfg(test)]
mod tests;

use crate::{
    BackendView, Needs, PickContext, Picker, Strategy,
    draw::Draw,
    hash::{mix, word},
};
use ring::Ring;

/// The same backend for the same key ([`PickContext::affinity`]), whatever else comes and goes.
///
/// Each backend has points on a circle, more of them the larger its weight, and a key belongs to the backend
/// of the next point. The points depend on the backend's id and weight and on nothing else. Hence
///
/// * the order of the set does not matter, and every proxy with the same set picks alike;
/// * a backend that is removed moves its own keys and no others, spread over all that are left;
/// * one that is added takes its share from all others, and no key moves between those;
/// * a weight that grows takes keys, one that shrinks gives keys, and no other key moves.
///
/// That holds exactly, for every change of the set and of weights.
///
/// # Scale
///
/// 160 points for each unit of weight. A backend's share has a relative standard deviation of 8 per cent
/// (1 over the root of 160) at weight 1 and of 5.6 to 8 per cent at every other one. The points of a heavy
/// backend repeat along the circle, so only 160 to 319 of them are stored, whatever its weight and however
/// many other backends there are: about 2 to 4 kilobytes per backend.
///
/// # A pick
///
/// is a binary search for each power of two that the weights of the set lie between: one, if they are alike.
/// If the backend was tried, the walk goes on to the next one. A request without a key gets a random backend
/// by weight.
///
/// # Bounded loads
///
/// [`ConsistentHash::bounded`] also keeps a popular key from drowning its backend.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsistentHash {
    factor_percent: Option<u32>,
}

impl ConsistentHash {
    /// Keys go to their backend, however busy it is.
    #[must_use]
    pub const fn new() -> Self {
        Self { factor_percent: None }
    }

    /// Keys go to their backend as long as that has at most this percentage of its fair part of the requests
    /// in flight, and to another one otherwise; 125 is a good choice, and less than 100 counts as 100.
    ///
    /// No backend of weight w, of a set of weight W, is given a request above
    /// `ceil(factor * (total + 1) * w / W)` in flight (Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads", arXiv
    /// 1608.01350). The other backend is the one of the key hashed again, a few times, then the next one along
    /// the circle: hashing again gives the overflow of full backends to all others, where walking would give
    /// it to those that happen to follow, until they are full too (Chen, Coleman, Shrivastava, "Revisiting
    /// Consistent Hashing with Bounded Loads", arXiv 1908.08762). While the loads are what they are, a key
    /// has the same other backend each time.
    ///
    /// Reads [`Loads::total_in_flight`](crate::Loads::total_in_flight), and is not bounded where that is
    /// `None`, or where all untried backends are full.
    #[must_use]
    pub const fn bounded(factor_percent: u32) -> Self {
        Self { factor_percent: Some(if factor_percent < 100 { 100 } else { factor_percent }) }
    }
}

impl Strategy for ConsistentHash {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        Box::new(HashPicker {
            ring: Ring::new(backends),
            draw: Draw::new(backends),
            weight: backends.iter().map(|backend| u64::from(backend.weight.get())).sum(),
            factor_percent: self.factor_percent,
        })
    }

    fn needs(&self) -> Needs {
        Needs::NONE.with_total(self.factor_percent.is_some())
    }
}

/// How often the key of a full backend is hashed again before the circle is walked.
const JUMPS: u64 = 8;

struct HashPicker {
    ring: Ring,
    draw: Draw,
    /// Of the whole set.
    weight: u64,
    factor_percent: Option<u32>,
}

impl Picker for HashPicker {
    #[inline]
    fn pick(&self, context: &PickContext<'_>) -> Option<usize> {
        let Some(affinity) = context.affinity else {
            return self.draw.untried(context.entropy, context.tried);
        };
        let untried = |index: usize| !context.tried.contains(index);
        // Affinities should be hashes already; those that are not are no worse for it.
        let key = mix(affinity);
        let owner = self.ring.find(key, untried)?;
        let Some(bound) = self.bound(context) else { return Some(owner) };
        if bound.has_room(owner) {
            return Some(owner);
        }
        (1..=JUMPS)
            .filter_map(|jump| self.ring.find(word(key, jump), untried))
            .find(|&index| bound.has_room(index))
            .or_else(|| self.ring.find(key, |index| untried(index) && bound.has_room(index)))
            .or(Some(owner))
    }
}

impl HashPicker {
    #[inline]
    fn bound<'a>(&'a self, context: &'a PickContext<'_>) -> Option<Bound<'a>> {
        let factor_percent = u64::from(self.factor_percent?);
        let total = u64::from(context.loads.total_in_flight()?);
        let room = u128::from(factor_percent) * u128::from(total + 1);
        Some(Bound { picker: self, context, room })
    }
}

/// The largest load of each backend, at the time of one pick.
struct Bound<'a> {
    picker: &'a HashPicker,
    context: &'a PickContext<'a>,
    /// The factor in per cent times the requests in flight, with this one.
    room: u128,
}

impl Bound<'_> {
    /// Whether one request more is within the bound: `in_flight + 1 <= ceil(x)` exactly if `in_flight < x`,
    /// so nothing needs to be divided or rounded.
    fn has_room(&self, index: usize) -> bool {
        let in_flight = u128::from(self.context.loads.in_flight(index));
        in_flight * u128::from(self.picker.weight) * 100
            < self.room * u128::from(self.picker.draw.weight(index))
    }
}
