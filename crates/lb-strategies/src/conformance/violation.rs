//! What a strategy did that it must not.

use std::{error::Error, fmt};

/// A promise that a strategy does not keep.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// It picked an index that the set does not have.
    OutOfRange {
        /// The index picked.
        index: usize,
        /// Backends in the set.
        count: usize,
    },
    /// It picked a backend that was tried already.
    AlreadyTried {
        /// The set.
        set: String,
        /// The index picked.
        index: usize,
    },
    /// It picked none although one is left.
    GaveUp {
        /// The set.
        set: String,
        /// Backends that were tried.
        tried: usize,
    },
    /// Two picks with the same context differ.
    Impure {
        /// The set.
        set: String,
        /// One answer.
        first: Option<usize>,
        /// The other answer.
        second: Option<usize>,
    },
    /// A backend's share is not what its weight says.
    Unfair {
        /// The set.
        set: String,
        /// The backend.
        id: String,
        /// The share that its weight says, 0 to 1.
        expected: f64,
        /// The share that it got.
        actual: f64,
    },
    /// The same affinity went to two backends, though nothing but the order of the set or the rest of the
    /// context was another.
    Unstable {
        /// The set.
        set: String,
        /// The affinity.
        affinity: u64,
        /// The id of one backend.
        first: String,
        /// The id of the other backend.
        second: String,
    },
    /// An affinity went to another backend because a third one was removed or tried.
    Disrupted {
        /// The set.
        set: String,
        /// The affinity.
        affinity: u64,
        /// The id of the backend that was removed or tried.
        without: String,
        /// The id of the backend that the affinity went to before.
        from: String,
        /// The id of the backend that it went to then.
        to: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { index, count } => write!(f, "picked index {index} of {count} backends"),
            Self::AlreadyTried { set, index } => write!(f, "picked index {index} again, of {set}"),
            Self::GaveUp { set, tried } => write!(f, "picked none after {tried} tried backends, of {set}"),
            Self::Impure { set, first, second } => {
                write!(f, "picked {first:?} and then {second:?} in the same context, of {set}")
            }
            Self::Unfair { set, id, expected, actual } => {
                write!(f, "gave {id} a share of {actual:.4} instead of {expected:.4}, of {set}")
            }
            Self::Unstable { set, affinity, first, second } => {
                write!(f, "picked {first} and then {second} for affinity {affinity}, of {set}")
            }
            Self::Disrupted { set, affinity, without, from, to } => {
                write!(f, "moved affinity {affinity} from {from} to {to} for want of {without}, of {set}")
            }
        }
    }
}

impl Error for Violation {}
