//! Which backend owns which slot of the schedule.

use crate::BackendView;

/// The longest schedule that is played beforehand and stored, in picks.
const LONGEST_STORED: u64 = 4_096;
/// The largest set for which that is done: playing takes time proportional to picks times backends.
const MOST_PLAYED: usize = 256;
/// How far from the golden ratio a stride is looked for, in both directions.
const CANDIDATES: u64 = 200;

/// An endless schedule of backends.
pub(super) enum Plan {
    /// Nobody.
    Empty,
    /// Each in turn.
    Rotation { count: u64 },
    /// One period, stored.
    Stored { period: Box<[u16]> },
    /// One period, computed: backend `i` owns the places from `ends[i - 1]` (or 0) up to `ends[i]`.
    Walked { ends: Box<[u64]>, period: u64, stride: u64 },
}

impl Plan {
    pub(super) fn new(backends: &[BackendView<'_>]) -> Self {
        let divisor =
            backends.iter().fold(0, |divisor, backend| greatest_common_divisor(divisor, weight(backend)));
        if divisor == 0 {
            return Self::Empty;
        }
        let weights: Vec<u64> = backends.iter().map(|backend| weight(backend) / divisor).collect();
        let period: u64 = weights.iter().sum();
        let count = weights.len() as u64;
        if period == count {
            return Self::Rotation { count };
        }
        if period <= LONGEST_STORED && weights.len() <= MOST_PLAYED {
            return Self::Stored { period: play(&weights, period) };
        }
        let ends = weights.iter().scan(0, |end, weight| Some(add(end, *weight))).collect();
        Self::Walked { ends, period, stride: golden_stride(period) }
    }

    /// The backend of the slot of this number; `None` only if the set is empty.
    #[inline]
    pub(super) fn slot(&self, sequence: u64) -> Option<usize> {
        match self {
            Self::Empty => None,
            Self::Rotation { count } => Some((sequence % count) as usize),
            Self::Stored { period } => {
                period.get((sequence % period.len() as u64) as usize).map(|&index| usize::from(index))
            }
            Self::Walked { ends, period, stride } => {
                let place = u128::from(sequence % period) * u128::from(*stride) % u128::from(*period);
                Some(ends.partition_point(|&end| u128::from(end) <= place))
            }
        }
    }
}

fn weight(backend: &BackendView<'_>) -> u64 {
    u64::from(backend.weight.get())
}

fn add(sum: &mut u64, value: u64) -> u64 {
    *sum += value;
    *sum
}

/// nginx's smooth weighted round robin, one period of it.
fn play(weights: &[u64], period: u64) -> Box<[u16]> {
    let mut credit = vec![0_i64; weights.len()];
    (0..period)
        .map(|_| {
            let mut richest = 0;
            let mut most = i64::MIN;
            for (index, (credit, weight)) in credit.iter_mut().zip(weights).enumerate() {
                *credit += *weight as i64;
                if *credit > most {
                    (richest, most) = (index, *credit);
                }
            }
            if let Some(credit) = credit.get_mut(richest) {
                *credit -= period as i64;
            }
            richest as u16
        })
        .collect()
}

/// A number near `period / 1.618...` that has no divisor in common with it, so that steps of this size visit
/// every place once per period.
///
/// How evenly they do so at any time depends on the continued fraction of `stride / period`: the smaller its
/// quotients, the more even (Niederreiter, "Random Number Generation and Quasi-Monte Carlo Methods", chapter
/// 3). Those of the golden ratio are all 1; of the whole numbers around it the one with the smallest largest
/// quotient is taken.
fn golden_stride(period: u64) -> u64 {
    // 0x9E37_79B9_7F4A_7C15 is 2^64 divided by the golden ratio.
    let ideal = ((u128::from(period) * 0x9E37_79B9_7F4A_7C15) >> 64) as u64;
    let candidates = (ideal.saturating_sub(CANDIDATES)..=ideal + CANDIDATES)
        .filter(|&stride| (1..period).contains(&stride) && greatest_common_divisor(stride, period) == 1);
    candidates.min_by_key(|&stride| largest_quotient(period, stride)).unwrap_or(1)
}

/// The largest quotient of the continued fraction of `a / b`, for `b` above 0.
fn largest_quotient(mut a: u64, mut b: u64) -> u64 {
    let mut largest = 0;
    while b != 0 {
        largest = largest.max(a / b);
        (a, b) = (b, a % b);
    }
    largest
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
