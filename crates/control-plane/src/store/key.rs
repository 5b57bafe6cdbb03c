//! What an object of a document is known by.

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A key of the document itself that is no list of objects.
    Section,
    /// A certificate.
    Certificate,
    /// An upstream.
    Upstream,
    /// A route.
    Route,
}

/// Kind and id of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// What it is.
    pub(crate) kind: Kind,
    /// The name of a section or an upstream, the id of a route or a certificate.
    pub(crate) id: String,
}
