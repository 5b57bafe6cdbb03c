//! Which events somebody wants.

use std::fmt;

use super::Kind;

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interest(u64);

impl Interest {
    /// Every kind, also those that come later.
    pub const ALL: Self = Self(u64::MAX);
    /// No kind.
    pub const NONE: Self = Self(0);

    /// The kind of that name, or all kinds about one thing: `circuit.opened`, `circuit`. `None` where there are none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let is_meant = |kind: &Kind| {
            kind.name() == name || kind.name().split_once('.').is_some_and(|(about, _)| about == name)
        };
        let meant: Self = Kind::ALL.iter().copied().filter(is_meant).collect();
        (!meant.is_none()).then_some(meant)
    }

    /// These kinds and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// True where the kind is among them.
    #[must_use]
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// True where no kind is.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn of(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }
}

impl From<Kind> for Interest {
    fn from(kind: Kind) -> Self {
        Self(kind.bit())
    }
}

impl FromIterator<Kind> for Interest {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, |all, kind| all.and(kind.into()))
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Kind::ALL.iter().filter(|kind| self.has(**kind))).finish()
    }
}
