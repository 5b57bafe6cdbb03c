//! What a strategy sees of a backend.

use std::num::NonZeroU16;

#[cfg(test)]
mod tests;

/// How much of the traffic a backend gets, relative to the others of its set: 1 to 65,535.
///
/// A backend that shall get nothing is left out of the set by the caller, so there is no weight 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(NonZeroU16);

impl Weight {
    /// The weight of a backend about which nothing is said.
    pub const ONE: Self = Self(NonZeroU16::MIN);
    /// The largest weight, 65,535.
    pub const MAX: Self = Self(NonZeroU16::MAX);

    /// The weight of this value, or `None` if it is outside 1 to 65,535.
    #[must_use]
    pub const fn new(value: u32) -> Option<Self> {
        if value > u16::MAX as u32 {
            return None;
        }
        match NonZeroU16::new(value as u16) {
            Some(weight) => Some(Self(weight)),
            None => None,
        }
    }

    /// The value, 1 to 65,535.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get() as u32
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self::ONE
    }
}

impl From<NonZeroU16> for Weight {
    fn from(value: NonZeroU16) -> Self {
        Self(value)
    }
}

/// One eligible backend, as a strategy sees it while it builds a picker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendView<'a> {
    /// Stable over every change of the set; what a hashing strategy hashes.
    pub id: &'a str,
    /// Relative to the other backends of the set.
    pub weight: Weight,
}

impl<'a> BackendView<'a> {
    /// A backend of this id and weight.
    #[must_use]
    pub const fn new(id: &'a str, weight: Weight) -> Self {
        Self { id, weight }
    }
}
