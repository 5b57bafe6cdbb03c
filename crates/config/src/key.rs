//! What an object of a document is known by.

use std::fmt;

/// What kind of thing an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A top-level key of the document that is no list of objects, such as `proxy`.
    Section,
    /// An item of `certificates`.
    Certificate,
    /// An item of `upstreams`.
    Upstream,
    /// An item of `routes`.
    Route,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Section, Self::Certificate, Self::Upstream, Self::Route];

    /// The kind in one word: `route`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Section => "section",
            Self::Certificate => "certificate",
            Self::Upstream => "upstream",
            Self::Route => "route",
        }
    }

    /// The key of the document that lists objects of this kind; `None` for sections, which are keys themselves.
    pub const fn list(self) -> Option<&'static str> {
        match self {
            Self::Section => None,
            Self::Certificate => Some("certificates"),
            Self::Upstream => Some("upstreams"),
            Self::Route => Some("routes"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an object of a document is known by: unique in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What kind of thing it is.
    pub kind: Kind,
    /// A section's key, an upstream's name, a route's or a certificate's id.
    pub id: String,
}

impl Key {
    /// That of an object.
    pub fn new(kind: Kind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }
}

/// `routes/api`; sections stand for themselves: `proxy`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind.list() {
            Some(list) => write!(f, "{list}/{}", self.id),
            None => f.write_str(&self.id),
        }
    }
}
