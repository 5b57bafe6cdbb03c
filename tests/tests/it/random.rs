//! Numbers that are the same in every run of a test.

/// A generator (xorshift64).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// From a seed that is not 0.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The low bits alone would be bad ones.
        (self.0 >> 16) % end
    }

    /// One of some.
    pub(crate) fn one_of<'s, T>(&mut self, choices: &'s [T]) -> &'s T {
        &choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }
}
