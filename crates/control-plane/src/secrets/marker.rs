//! What stands in the place of a secret.

use std::fmt;

use crate::store::{hex, unhex};

const PREFIX: &str = "secret:";
const LENGTH: usize = 16;

/// Names a secret without saying anything of it but whether it is the same as another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Marker([u8; LENGTH]);

impl Marker {
    /// The first bytes of a longer code; those that are missing are zero.
    pub(super) fn cut(code: &[u8]) -> Self {
        Self(code.first_chunk().copied().unwrap_or_default())
    }

    /// Reads its text; `None` for any other text.
    pub(crate) fn read(text: &str) -> Option<Self> {
        unhex(text.strip_prefix(PREFIX)?.as_bytes()).map(Self)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", hex(&self.0))
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
