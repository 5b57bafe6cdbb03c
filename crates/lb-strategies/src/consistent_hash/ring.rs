//! A circle with 160 points for each unit of weight.
//!
//! A backend of weight 1 has 160 random points. One of weight 2 has twice as many, and if the second half of
//! them repeats the first, half a circle further, the backend's circle is the same half circle twice: it is
//! enough to store one half, and to look at it with twice the key. So it goes on for each doubling, and a
//! weight between two powers of two has the points of the lower one and some of those that the higher one
//! adds. Every weight's points include those of each smaller weight, which is what makes a change of a weight
//! move nothing that it need not; and no point depends on any other backend.
//!
//! Backends of weights between the same two powers of two are stored together, and a key belongs to the
//! nearest of the points that follow it in each of these.

use crate::{BackendView, hash::hash_of, hash::word};

/// Points for each unit of weight, as in ketama.
pub(super) const POINTS: u64 = 160;
const HALF: u64 = 1 << 63;

pub(super) struct Ring {
    /// In ascending order of the octave.
    octaves: Box<[Octave]>,
}

/// The points of the backends of weights from `2^octave` up to twice that, on one of `2^octave` equal parts
/// of the circle that is stretched to the range of `u64`.
struct Octave {
    octave: u32,
    positions: Box<[u64]>,
    owners: Box<[u32]>,
}

impl Ring {
    pub(super) fn new(backends: &[BackendView<'_>]) -> Self {
        // Points at the same place are taken in the order of the ids, never in that of the set.
        let mut order: Vec<(usize, &BackendView<'_>)> = backends.iter().enumerate().collect();
        order.sort_by_key(|(_, backend)| backend.id);
        Self { octaves: (0..u16::BITS).filter_map(|octave| Octave::new(octave, &order)).collect() }
    }

    /// The allowed backend of the next point; `None` only if no backend is allowed.
    #[inline]
    pub(super) fn find(&self, key: u64, allowed: impl Fn(usize) -> bool) -> Option<usize> {
        let nearest = self.octaves.iter().filter_map(|octave| octave.next(key, &allowed));
        nearest.min_by_key(|&(distance, _)| distance).map(|(_, index)| index)
    }
}

impl Octave {
    fn new(octave: u32, backends: &[(usize, &BackendView<'_>)]) -> Option<Self> {
        let mut points: Vec<(u64, u32)> = Vec::new();
        for (index, backend) in backends {
            if backend.weight.get().ilog2() == octave {
                points.extend(positions(backend, octave).map(|position| (position, *index as u32)));
            }
        }
        points.sort_by_key(|&(position, _)| position);
        let (positions, owners): (Vec<u64>, Vec<u32>) = points.into_iter().unzip();
        (!owners.is_empty()).then(|| Self { octave, positions: positions.into(), owners: owners.into() })
    }

    /// How far the next point of an allowed backend is along the whole circle, and whose it is.
    #[inline]
    fn next(&self, key: u64, allowed: impl Fn(usize) -> bool) -> Option<(u64, usize)> {
        let key = key << self.octave;
        let start = self.positions.partition_point(|&position| position < key);
        let points = || self.positions.iter().zip(&self.owners);
        let (position, owner) =
            points().skip(start).chain(points().take(start)).find(|(_, owner)| allowed(**owner as usize))?;
        Some((position.wrapping_sub(key) >> self.octave, *owner as usize))
    }
}

/// The points of one backend: those of the power of two, then those that the next one adds.
fn positions(backend: &BackendView<'_>, octave: u32) -> impl Iterator<Item = u64> {
    let seed = hash_of(backend.id.as_bytes());
    let count = (POINTS * u64::from(backend.weight.get())) >> octave;
    (0..count).map(move |number| {
        let position = word(seed, number % POINTS) << octave;
        if number < POINTS { position } else { position.wrapping_add(HALF) }
    })
}
