//! What an operator says of a backend, whatever was learnt of it.

use std::{fmt, str::FromStr};

#[cfg(test)]
mod tests;

/// What an operator wants of a backend.
///
/// As text: `ready`, `drain`, `drain-keep-sticky`, `dead`.
///
/// # Defaults
///
/// Ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Manual {
    /// It gets requests if it is healthy.
    #[default]
    Ready,
    /// It gets no new requests, and ends those that it has.
    Drain {
        /// Whether it still gets the requests of clients that are bound to it.
        keeps_sticky: bool,
    },
    /// It counts as dead, whatever checks say.
    Dead,
}

impl Manual {
    /// Whether a request may go to the backend; `sticky` if its client is bound to it.
    #[must_use]
    pub const fn is_open(self, sticky: bool) -> bool {
        match self {
            Self::Ready => true,
            Self::Drain { keeps_sticky } => keeps_sticky && sticky,
            Self::Dead => false,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Drain { keeps_sticky: false } => "drain",
            Self::Drain { keeps_sticky: true } => "drain-keep-sticky",
            Self::Dead => "dead",
        }
    }
}

impl fmt::Display for Manual {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The text is no [`Manual`] state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of ready, drain, drain-keep-sticky, dead")]
pub struct UnknownManual;

impl FromStr for Manual {
    type Err = UnknownManual;

    /// Reads what `Display` writes, in lower case.
    fn from_str(text: &str) -> Result<Self, UnknownManual> {
        match text {
            "ready" => Ok(Self::Ready),
            "drain" => Ok(Self::Drain { keeps_sticky: false }),
            "drain-keep-sticky" => Ok(Self::Drain { keeps_sticky: true }),
            "dead" => Ok(Self::Dead),
            _ => Err(UnknownManual),
        }
    }
}
